/* Sessions of users who are signed in. The one-time token of a link becomes a session; only hashes of both are kept. */
#ifndef DESK_SESSION_H
#define DESK_SESSION_H

#include <helmdesk.h>

#define SESSION_HOURS 12

/* 64 hexadecimal digits and a NUL. */
#define SESSION_TOKEN_SIZE HD_SIGNATURE_SIZE

struct sessions;

struct sessions *sessions_new(void);

void sessions_free(struct sessions *sessions);

/* Makes the one-time token of a role (HD_ROLE_...), in the place of the one before. Returns 0 if the system gives no
 * randomness. */
int sessions_make_link(struct sessions *sessions, int role, char token[SESSION_TOKEN_SIZE]);

/* Spends a one-time token. Returns the role, and the session's token; HD_ROLE_NONE if the token is none. */
int sessions_sign_in(struct sessions *sessions, const char *link_token, char token[SESSION_TOKEN_SIZE]);

/* The role of a session; HD_ROLE_NONE if there is none, or it is over. */
int sessions_role(struct sessions *sessions, const char *token);

void sessions_end(struct sessions *sessions, const char *token);

/* Writes a text made from 32 random bytes. Returns 0 if the system has no randomness. */
int session_random(char token[SESSION_TOKEN_SIZE]);

#endif
