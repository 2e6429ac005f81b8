#include "links.h"

#include "file.h"

#include <helmdesk/dashboard.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *links_role_name(int role) {
    return role == HD_ROLE_ADMIN ? "admin" : "viewer";
}

/* The base and a token. A fragment is not sent: it is in no log of a server or proxy, and a program that loads the page
 * in advance does not use it up. */
#define LINK "%s/login#%s\n"

static size_t print_line(char *line, size_t size, const struct links *links, int role) {
    const char *token = role == HD_ROLE_ADMIN ? links->admin : links->viewer;
    return *token ? (size_t)snprintf(line, size, "%s " LINK, links_role_name(role), links->base, token) : 0;
}

/* One line for each role: its name, a blank, and the link. */
static int write_file(const struct links *links) {
    char text[1024] = "";
    size_t length = print_line(text, sizeof text, links, HD_ROLE_ADMIN);
    print_line(text + length, sizeof text - length, links, HD_ROLE_VIEWER);
    int ok = file_write_private(links->file, text);
    if (!ok)
        fprintf(stderr, "helmdesk-desk: cannot write %s: %s\n", links->file, strerror(errno));
    return ok;
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
        printf("Sign in as %s, once: " LINK, links_role_name(role), links->base, token);
    pthread_mutex_unlock(&links->lock);
    return ok;
}
