/* A job as the program has it, and its query as text. */
#ifndef HD_STORE_JOB_H
#define HD_STORE_JOB_H

#include "base/uuid.h"
#include "store/store.h"

struct hd_job {
    struct hd__stored_job it; /* its texts are the next ones */
    char *project, *webhook_id, *query;
    char id[HD__UUID_SIZE]; /* "" before it was started */
};

/* A copy of what a store tells; NULL without memory. */
hd_job *hd__job_copy(const struct hd__stored_job *stored);

/* Appends a copy to a list. HD_OK or HD_E_NO_MEMORY. */
int hd__job_list_add(hd_job_list *list, const struct hd__stored_job *stored);
hd_job_list *hd__job_list_new(void);

/* It is about to be started: gets a time, and an id, which is told when it was. Returns a status. */
int hd__job_name(hd_job *job, const struct hd__clock *clock);

/* It was started: what it has sent and left out begins at 0. */
void hd__job_begin(hd_job *job);

/* A filter as text, to be freed; NULL without memory. */
char *hd__job_query_write(const hd_log_filter *filter);

/* And back. Returns a status: HD_E_STORE for a text that a newer version has written. */
int hd__job_query_read(const char *text, hd_log_filter **filter);

#endif
