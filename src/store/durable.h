/* What the core's objects are in a durable store, and back. */
#ifndef HD_STORE_DURABLE_H
#define HD_STORE_DURABLE_H

#include "endpoint/webhook.h"
#include "store/report.h"
#include "store/store.h"

/* Stores a snapshot if it has the expected version there (see put_webhook in store.h), and notes its version, and its
 * keys in its label. Returns a status. */
int hd__durable_put_webhook(struct hd_store *store, hd_webhook *snapshot, uint64_t expected,
                            struct hd__change_note *note);

/* A webhook as it was stored, for the program to read: without label. Returns a status. */
int hd__durable_read_webhook(const struct hd_store *store, const struct hd__stored_webhook *stored,
                             hd_webhook **webhook);

/* Has the client that owns a webhook make a test of it. Returns a status, with the delivery's id; *is_passed is 0 if
 * nobody else owns it. */
int hd__durable_pass_test(struct hd_store *store, hd_event *event, const hd_webhook *webhook,
                          unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed);

/* The event of a row. Returns a status; HD_E_STORE if it cannot be read: then *event stands for it, with its type and
 * project. */
int hd__durable_read_event(const struct hd__stored_event *stored, hd_event **event);

/* A report as the store wants it; what it points to is the report's. */
void hd__durable_write_report(const hd_report *report, struct hd__stored_report *stored);

/* The report of a row. Returns a status. */
int hd__durable_read_report(const struct hd__log_row *row, hd_report **report);

#endif
