/* The dashboard inside another HTTP server, in as few lines as it takes; here libmicrohttpd, with a thread for each
 * connection. examples/desk is a server with all that belongs around it.
 *
 *   HELMDESK_PASSWORD=... mount PORT   (0: any free port; the user's name is not asked) */
#include <helmdesk/dashboard.h>

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hd_dashboard *dashboard;
static const char *password;
static volatile sig_atomic_t stops;

/* One request while its body arrives. */
struct arriving {
    char *target, body[262144]; /* the dashboard takes no more */
    size_t length;
};

/* Your server knows who is signed in. This one has browsers ask for a password. */
static int role_of(struct MHD_Connection *connection) {
    char *given = NULL, *user = MHD_basic_auth_get_username_password(connection, &given);
    int role = given != NULL && strcmp(given, password) == 0 ? HD_ROLE_ADMIN : HD_ROLE_NONE;
    MHD_free(user);
    MHD_free(given);
    return role;
}

static enum MHD_Result add_header(void *request, enum MHD_ValueKind kind, const char *name, const char *value) {
    (void)kind;
    return hd_dashboard_request_add_header(request, name, value ? value : "") == HD_OK ? MHD_YES : MHD_NO;
}

/* The waits are short, so that the server can stop. What is not sent now comes with the next call. */
static ssize_t next_piece(void *response, uint64_t position, char *buffer, size_t size) {
    const char *piece;
    size_t length;
    (void)position;
    if (stops || hd_dashboard_response_next(response, 1000, &piece, &length) != HD_OK || length > size)
        return MHD_CONTENT_READER_END_OF_STREAM; /* the page comes back, and reads what it missed */
    memcpy(buffer, piece, length);
    return (ssize_t)length;
}
