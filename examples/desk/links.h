/* Sign-in links: on the terminal, or in a file for scripts. Each is good for one sign-in, and then there is another. */
#ifndef DESK_LINKS_H
#define DESK_LINKS_H

#include "session.h"

#include <pthread.h>

struct links {
    pthread_mutex_t lock;
    struct sessions *sessions;
    const char *base; /* such as "http://127.0.0.1:8080" */
    const char *file; /* NULL for the terminal */
    char viewer[SESSION_TOKEN_SIZE], admin[SESSION_TOKEN_SIZE];
};

/* Makes the link of a role (HD_ROLE_...) anew, and shows it. Returns 0, and says why, if it cannot. */
int links_renew(struct links *links, int role);

/* "viewer" or "admin". */
const char *links_role_name(int role);

#endif
