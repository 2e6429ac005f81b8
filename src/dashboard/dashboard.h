/* What the parts of the dashboard share: the dashboard, and one call of it. */
#ifndef HD_DASHBOARD_DASHBOARD_H
#define HD_DASHBOARD_DASHBOARD_H

#include "dashboard/host.h"
#include "dashboard/json.h"
#include "dashboard/message.h"

#include <pthread.h>
#include <stdatomic.h>

#define HD__HOSTS_MAX 16
#define HD__PROJECTS_MAX 64
#define HD__STREAMS_MAX 64
#define HD__PARAMS_MAX 3
#define HD__QUERY_MAX 24
#define HD__USER_SIZE 129

struct hd_dashboard {
    atomic_uint references; /* the program's, and one of each open stream */
    atomic_uint streams;    /* that are open */
    long pid;               /* of the process that made it */
    hd_client *client;      /* a reference */
    char *mount;
    char language[8]; /* "" for the browser's */
    struct hd__host host;
    char *hosts[HD__HOSTS_MAX];
    size_t host_count;
    char *projects[HD__PROJECTS_MAX];
    size_t project_count;
    uint64_t born; /* tells it from the one that was there before a restart */

    pthread_mutex_t lock; /* guards these */
    uint64_t changes;     /* of webhooks, by whomever, that streams have seen */
    uint64_t sum;         /* over the webhooks, when a stream looked last */
    int64_t looked_ms;    /* when that was, on the monotonic clock */
};

struct hd__query {
    char *name, *value;
};

/* One call. */
struct hd__call {
    hd_dashboard *dashboard;
    hd_client *client; /* the user's handle of it */
    const hd_request *request;
    const char *method;
    const char *user; /* "" for nobody */
    int role;
    hd_dashboard_response *response;
    char *path; /* decoded, without the mount and a leading slash; of the API, it is cut into params */
    struct hd__query queries[HD__QUERY_MAX];
    size_t query_count;
    const char
        *params[HD__PARAMS_MAX]; /* the parts of the path that match the route's stars; the first is the project */
    json_t *body;                /* an object; NULL for GET */
};

/* The value of a query parameter; NULL for none. */
const char *hd__call_query(const struct hd__call *call, const char *name);

/* A member of the body; NULL if it is not there. */
const json_t *hd__call_member(const struct hd__call *call, const char *name);

int hd__call_is_admin(const struct hd__call *call);

/* Answers with JSON, which is freed; NULL is lost memory. */
void hd__call_answer(struct hd__call *call, int status, json_t *value);

/* Answers with JSON, which is freed. */
void hd__call_answer_text(struct hd__call *call, int status, struct hd__json_text *text);

/* Answers with an error (RFC 9457). errors may be NULL, and is freed. */
void hd__call_refuse(struct hd__call *call, int status, const char *title, const char *detail, json_t *errors);

/* The same for a status of the library; pointer names the member of the body that it is about, or is NULL. */
void hd__call_fail(struct hd__call *call, int status, const char *pointer);

/* Answers that somebody else has changed a webhook; with the last change of it, which may be NULL. */
void hd__call_conflict(struct hd__call *call, const char *detail, const struct hd__json_text *change);

/* HD_OK; HD_E_FORKED in a child of the process that made it, where its lock may be held for ever. */
int hd__dash_check(const hd_dashboard *dashboard);

hd_dashboard *hd__dash_ref(hd_dashboard *dashboard);

int64_t hd__dash_now_ms(void);

#endif
