#include "desk.h"

#include "assets.h"
#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HTML "text/html; charset=utf-8"
#define PLAIN "text/plain; charset=utf-8"
#define FORM_MAX ((size_t)16 * 1024) /* bounds what tickets take of memory */

/* ---- Answers ---- */

static void answer_words(struct http_answer *answer, int status, const char *words) {
    answer->status = status;
    answer->type = PLAIN;
    text_add(&answer->body, words);
}

static void answer_sentence(struct http_answer *answer, int status, const char *title, const char *sentence) {
    answer->status = status;
    answer->type = HTML;
    pages_sentence(&answer->body, title, sentence);
}

static void go_to(struct http_answer *answer, int status, const char *location) {
    answer->status = status;
    snprintf(answer->location, sizeof answer->location, "%s", location);
}

/* ---- The current user ---- */

/* The session's token that a Cookie header has at this place, or further on; what follows it is the next place. */
static int next_token(const struct desk *desk, const char **place, char token[SESSION_TOKEN_SIZE]) {
    size_t name_length = strlen(desk->cookie);
    while (**place != '\0') {
        const char *pair = *place + strspn(*place, " ;");
        size_t length = strcspn(pair, ";");
        *place = pair + length;
        if (length != name_length + SESSION_TOKEN_SIZE || memcmp(pair, desk->cookie, name_length) != 0 ||
            pair[name_length] != '=')
            continue;
        memcpy(token, pair + name_length + 1, SESSION_TOKEN_SIZE - 1);
        token[SESSION_TOKEN_SIZE - 1] = '\0';
        return 1;
    }
    return 0;
}

/* Of several cookies of that name, one may be another server's on this machine: the first good one counts. */
static int find_session(const struct desk *desk, const struct http_request *request, char token[SESSION_TOKEN_SIZE]) {
    for (size_t i = 0; i < request->header_count; i++) {
        const char *place = request->headers[i].value;
        if (strcasecmp(request->headers[i].name, "Cookie") != 0)
            continue;
        while (next_token(desk, &place, token)) {
            int role = sessions_role(desk->sessions, token);
            if (role != HD_ROLE_NONE)
                return role;
        }
    }
    return HD_ROLE_NONE;
}

static int role_of(const struct desk *desk, const struct http_request *request) {
    char token[SESSION_TOKEN_SIZE];
    return find_session(desk, request, token);
}

int desk_may_go_on(void *user, const struct http_request *request) {
    return role_of(user, request) != HD_ROLE_NONE;
}

/* ---- Signing in and out ---- */

static void set_cookie(const struct desk *desk, struct http_answer *answer, const char *token, int seconds) {
    snprintf(answer->cookie, sizeof answer->cookie, "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
             desk->cookie, token, seconds, desk->is_secure ? "; Secure" : "");
}

/* The body is the token, as the link had it. */
static void sign_in(struct desk *desk, const struct http_request *request, struct http_answer *answer) {
    char token[SESSION_TOKEN_SIZE];
    int role = request->body.length == SESSION_TOKEN_SIZE - 1
                   ? sessions_sign_in(desk->sessions, request->body.data, token)
                   : HD_ROLE_NONE;
    if (role == HD_ROLE_NONE) {
        answer_words(answer, 403, "This link was used already. The terminal of helmdesk-desk shows another one.\n");
        return;
    }
    (void)links_renew(&desk->links, role);
    set_cookie(desk, answer, token, SESSION_HOURS * 3600);
    answer_words(answer, 200, "Signed in.\n");
}

static void sign_out(const struct desk *desk, const struct http_request *request, struct http_answer *answer) {
    char token[SESSION_TOKEN_SIZE];
    while (find_session(desk, request, token) != HD_ROLE_NONE)
        sessions_end(desk->sessions, token);
    set_cookie(desk, answer, "", 0);
    go_to(answer, 303, "/login");
}

/* ---- Tickets ---- */

static void answer_change(struct http_answer *answer, int status, long long number) {
    if (status == HD_OK) {
        answer->status = 303;
        snprintf(answer->location, sizeof answer->location, "/#ticket-%lld", number);
    } else if (status == HD_E_NOT_FOUND) {
        answer_sentence(answer, 404, "There is no such ticket", "It was forgotten, or has never been there.");
    } else if (status == HD_E_CONFLICT) {
        answer_sentence(answer, 409, "This ticket is closed", "It is resolved, or has no room for a message.");
    } else {
        answer_sentence(answer, status == HD_E_NO_MEMORY ? 503 : 422, "This cannot be taken", hd_strerror(status));
    }
}

static int is_complete(struct http_answer *answer, const char *const *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fields[i] == NULL) {
            answer_sentence(answer, 400, "The form is not complete", "A field is missing, or is malformed.");
            return 0;
        }
    }
    return 1;
}

static void create_ticket(struct desk *desk, const struct http_request *request, struct http_answer *answer) {
    char *fields[] = {http_form_value(request, "subject"), http_form_value(request, "email"),
                      http_form_value(request, "name"), http_form_value(request, "priority")};
    long long number = 0;
    if (is_complete(answer, (const char *const *)fields, 4)) {
        int status = tickets_create(desk->tickets, fields[0], fields[1], fields[2], fields[3], &number);
        answer_change(answer, status, number);
    }
    for (size_t i = 0; i < 4; i++)
        free(fields[i]);
}

static void reply_to_ticket(struct desk *desk, const struct http_request *request, struct http_answer *answer,
                            long long number) {
    char *fields[] = {http_form_value(request, "sender"), http_form_value(request, "body")};
    if (is_complete(answer, (const char *const *)fields, 2))
        answer_change(answer, tickets_reply(desk->tickets, number, fields[0], fields[1]), number);
    free(fields[0]);
    free(fields[1]);
}

/* "/tickets", "/tickets/42/reply" or "/tickets/42/resolve" */
static void change_tickets(struct desk *desk, const struct http_request *request, struct http_answer *answer) {
    const char *rest = request->target + strlen("/tickets");
    char *action = NULL;
    long long number = *rest == '/' ? strtoll(rest + 1, &action, 10) : 0;
    if (*rest == '\0')
        create_ticket(desk, request, answer);
    else if (action != NULL && strcmp(action, "/reply") == 0)
        reply_to_ticket(desk, request, answer, number);
    else if (action != NULL && strcmp(action, "/resolve") == 0)
        answer_change(answer, tickets_resolve(desk->tickets, number), number);
    else
        answer_sentence(answer, 404, "Not found", "This address does not exist.");
}

/* ---- The dashboard ---- */

static int make_request(const struct http_request *request, hd_request **made) {
    int status = hd_request_new(made);
    if (status != HD_OK)
        return status;
    hd_request_set_method(*made, request->method, HD_TEXT_NUL);
    hd_request_set_target(*made, request->target, HD_TEXT_NUL);
    for (size_t i = 0; i < request->header_count; i++)
        hd_request_add_header(*made, request->headers[i].name, HD_TEXT_NUL, request->headers[i].value, HD_TEXT_NUL);
    return hd_request_add_body(*made, request->body.data, request->body.length);
}

static void ask_dashboard(const struct desk *desk, const struct http_request *request, struct http_answer *answer) {
    hd_request *made = NULL;
    int role = role_of(desk, request), status = make_request(request, &made);
    const char *user = role == HD_ROLE_NONE ? NULL : links_role_name(role);
    if (status != HD_E_NO_MEMORY) /* the dashboard refuses what is malformed */
        status = hd_dashboard_handle(desk->dashboard, made, user, role, &answer->dashboard);
    hd_request_free(made);
    if (status != HD_OK)
        answer_words(answer, 503, "There is not enough memory.\n");
}

/* ---- Which is which ---- */

static void answer_health(const struct desk *desk, struct http_answer *answer) {
    int status = hd_client_store_status(desk->client);
    answer_words(answer, status == HD_OK ? 200 : 503, status == HD_OK ? "ok\n" : "the store cannot be written\n");
}

static void answer_page(struct desk *desk, const struct http_request *request, struct http_answer *answer) {
    int role = role_of(desk, request);
    if (!http_is_path(request, "/")) {
        answer_sentence(answer, 404, "Not found", "This address does not exist.");
    } else if (role == HD_ROLE_NONE) {
        go_to(answer, 303, "/login");
    } else {
        answer->status = 200;
        answer->type = HTML;
        pages_tickets(&answer->body, desk->tickets, links_role_name(role), role == HD_ROLE_ADMIN);
    }
}

static void answer_change_request(struct desk *desk, const struct http_request *request, struct http_answer *answer) {
    int role = role_of(desk, request);
    if (request->body.length > FORM_MAX)
        answer_sentence(answer, 413, "This is too long", "16,384 bytes are the most.");
    else if (http_is_path(request, "/login"))
        sign_in(desk, request, answer);
    else if (http_is_path(request, "/logout"))
        sign_out(desk, request, answer);
    else if (strncmp(request->target, "/tickets", strlen("/tickets")) != 0)
        answer_sentence(answer, 404, "Not found", "This address does not exist.");
    else if (role == HD_ROLE_NONE)
        answer_sentence(answer, 401, "You are not signed in", "Open the link that the terminal shows.");
    else if (role != HD_ROLE_ADMIN)
        answer_sentence(answer, 403, "Not allowed", "Your role can only view. Ask an administrator.");
    else
        change_tickets(desk, request, answer);
}

void desk_answer(void *user, const struct http_request *request, struct http_answer *answer) {
    struct desk *desk = user;
    if (http_is_path(request, "/healthz") && http_is_read(request))
        answer_health(desk, answer); /* monitoring may call it in any way */
    else if (strncmp(request->target, PAGES_MOUNT, strlen(PAGES_MOUNT)) == 0)
        ask_dashboard(desk, request, answer); /* which has the same guards */
    else if (!guard_knows_host(&desk->guard, request))
        answer_words(answer, 421, "This server does not go by that name: see --public-host.\n");
    else if (guard_is_cross_site(request))
        answer_sentence(answer, 403, "Cross-site request refused", "Make changes on the page itself.");
    else if (strcmp(request->method, "POST") == 0)
        answer_change_request(desk, request, answer);
    else if (!http_is_read(request))
        answer_words(answer, 405, "Method not allowed.\n");
    else if (strcmp(request->target, "/admin") == 0)
        go_to(answer, 308, PAGES_MOUNT);
    else if (!assets_answer(request, answer))
        answer_page(desk, request, answer);
}
