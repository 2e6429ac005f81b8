#include "session.h"

#include <helmdesk/dashboard.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SESSIONS_MAX 64 /* one more, and the oldest ends */

/* The role is HD_ROLE_NONE where there is none. */
struct entry {
    int role;
    time_t ends;
    char hash[HD_SIGNATURE_SIZE];
};

struct sessions {
    pthread_mutex_t lock;
    char key[HD_SECRET_SIZE]; /* of the hashes: this process's */
    struct entry links[HD_ROLE_ADMIN + 1];
    struct entry entries[SESSIONS_MAX];
    size_t next;
};

int session_random(char token[SESSION_TOKEN_SIZE]) {
    char random[HD_SECRET_SIZE];
    return hd_generate_secret(random, sizeof random) == HD_OK &&
           hd_sign("", 0, random, strlen(random), token, SESSION_TOKEN_SIZE) == HD_OK;
}

struct sessions *sessions_new(void) {
    struct sessions *sessions = calloc(1, sizeof *sessions);
    if (sessions == NULL || hd_generate_secret(sessions->key, sizeof sessions->key) != HD_OK ||
        pthread_mutex_init(&sessions->lock, NULL) != 0) {
        free(sessions);
        return NULL;
    }
    return sessions;
}

void sessions_free(struct sessions *sessions) {
    if (sessions == NULL)
        return;
    pthread_mutex_destroy(&sessions->lock);
    free(sessions);
}

/* ---- Hashes ---- */

static int set_entry(const struct sessions *sessions, struct entry *entry, int role, const char *token) {
    entry->role = HD_ROLE_NONE;
    if (hd_sign(token, strlen(token), sessions->key, strlen(sessions->key), entry->hash, sizeof entry->hash) != HD_OK)
        return 0;
    entry->role = role;
    entry->ends = time(NULL) + SESSION_HOURS * 3600;
    return 1;
}

/* In constant time, as hd_verify() compares. */
static int is_token_of(const struct sessions *sessions, const struct entry *entry, const char *token) {
    return entry->role != HD_ROLE_NONE && hd_verify(token, strlen(token), entry->hash, strlen(entry->hash),
                                                    sessions->key, strlen(sessions->key)) == HD_OK;
}

/* ---- Links ---- */

int sessions_make_link(struct sessions *sessions, int role, char token[SESSION_TOKEN_SIZE]) {
    pthread_mutex_lock(&sessions->lock);
    int ok = session_random(token) && set_entry(sessions, &sessions->links[role], role, token);
    pthread_mutex_unlock(&sessions->lock);
    return ok;
}

static int spend_link(struct sessions *sessions, const char *token) {
    for (int role = HD_ROLE_VIEWER; role <= HD_ROLE_ADMIN; role++) {
        if (is_token_of(sessions, &sessions->links[role], token)) {
            sessions->links[role].role = HD_ROLE_NONE;
            return role;
        }
    }
    return HD_ROLE_NONE;
}

static int add_session(struct sessions *sessions, int role, char token[SESSION_TOKEN_SIZE]) {
    struct entry *entry = &sessions->entries[sessions->next++ % SESSIONS_MAX];
    return session_random(token) && set_entry(sessions, entry, role, token);
}

int sessions_sign_in(struct sessions *sessions, const char *link_token, char token[SESSION_TOKEN_SIZE]) {
    pthread_mutex_lock(&sessions->lock);
    int role = spend_link(sessions, link_token);
    if (role != HD_ROLE_NONE && !add_session(sessions, role, token))
        role = HD_ROLE_NONE;
    pthread_mutex_unlock(&sessions->lock);
    return role;
}

/* ---- Sessions ---- */

static struct entry *find(struct sessions *sessions, const char *token) {
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (is_token_of(sessions, &sessions->entries[i], token))
            return &sessions->entries[i];
    return NULL;
}

int sessions_role(struct sessions *sessions, const char *token) {
    pthread_mutex_lock(&sessions->lock);
    struct entry *entry = find(sessions, token);
    if (entry != NULL && entry->ends <= time(NULL))
        entry->role = HD_ROLE_NONE;
    int role = entry ? entry->role : HD_ROLE_NONE;
    pthread_mutex_unlock(&sessions->lock);
    return role;
}

void sessions_end(struct sessions *sessions, const char *token) {
    pthread_mutex_lock(&sessions->lock);
    struct entry *entry = find(sessions, token);
    if (entry != NULL)
        entry->role = HD_ROLE_NONE;
    pthread_mutex_unlock(&sessions->lock);
}
