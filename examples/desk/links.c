#include "links.h"

#include "file.h"
#include "text.h"

#include <helmdesk/dashboard.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *links_role_name(int role) {
    return role == HD_ROLE_ADMIN ? "admin" : "viewer";
}

/* A fragment is not sent: it is in no log of a server or proxy, and a program that loads the page in advance does not
 * use it up. */
static void add_link(struct text *text, const struct links *links, const char *token) {
    text_add(text, links->base);
    text_add(text, "/login#");
    text_add(text, token);
    text_add(text, "\n");
}

static void add_line(struct text *text, const struct links *links, int role) {
    const char *token = role == HD_ROLE_ADMIN ? links->admin : links->viewer;
    if (*token == '\0')
        return;
    text_add(text, links_role_name(role));
    text_add(text, " ");
    add_link(text, links, token);
}

/* One line for each role: its name, a blank, and the link. */
static int write_file(const struct links *links) {
    struct text text = {NULL, 0, 0};
    add_line(&text, links, HD_ROLE_ADMIN);
    add_line(&text, links, HD_ROLE_VIEWER);
    errno = ENOMEM;
    int ok = !text.failed && text.data != NULL && file_write_private(links->file, text.data);
    if (!ok)
        fprintf(stderr, "helmdesk-desk: cannot write %s: %s\n", links->file, strerror(errno));
    text_free(&text);
    return ok;
}

static int print(const struct links *links, int role, const char *token) {
    struct text text = {NULL, 0, 0};
    add_link(&text, links, token);
    if (!text.failed)
        printf("Sign in as %s, once: %s", links_role_name(role), text.data);
    text_free(&text);
    return !text.failed;
}

int links_renew(struct links *links, int role) {
    pthread_mutex_lock(&links->lock);
    char *token = role == HD_ROLE_ADMIN ? links->admin : links->viewer;
    int ok = sessions_make_link(links->sessions, role, token);
    if (!ok)
        fputs("helmdesk-desk: the system gives no randomness for a sign-in link\n", stderr);
    else if (links->file != NULL)
        ok = write_file(links);
    else
        ok = print(links, role, token);
    pthread_mutex_unlock(&links->lock);
    return ok;
}
