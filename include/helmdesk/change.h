/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/change.h
 * Who changed what: the record of all changes of webhooks.
 *
 * Each change of a webhook is one entry. It is written together with the change itself: in a store, in the same
 * transaction, so that there is never one without the other, and all clients of the store see it. A change that fails
 * leaves no entry, and neither does a put that changes nothing. Without a store, the entries are in the client's
 * memory. Entries outlive their webhook.
 *
 * Kept are the last 500 entries of a webhook, 10,000 of a project, and about 100,000 in all.
 *
 * Secrets, keys, the masked part of a URL and the values of headers are never in an entry.
 */
#ifndef HELMDESK_CHANGE_H
#define HELMDESK_CHANGE_H

#include <helmdesk/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One entry. */
typedef struct hd_change hd_change;

/** Some entries. */
typedef struct hd_change_list hd_change_list;

/** The longest name of who makes a change, in bytes. */
#define HD_BY_MAX 128

/** What was done. */
enum hd_change_action {
    HD_CHANGE_CREATED = 330,
    HD_CHANGE_UPDATED = 331,          /**< settings, the mode too: see hd_change_field_count() */
    HD_CHANGE_SECRET_STAGED = 332,    /**< as the others that begin so: perhaps with settings at the same time */
    HD_CHANGE_SECRET_UNSTAGED = 333,  /**< the next secret was removed again */
    HD_CHANGE_SECRET_ACTIVATED = 334, /**< the next secret became the present one */
    HD_CHANGE_SECRET_UNDONE = 335,    /**< the previous secret became the present one again */
    HD_CHANGE_SECRET_FORGOTTEN = 336, /**< the previous secret was removed */
    HD_CHANGE_SECRET_REPLACED = 337,  /**< at once, by a new one */
    HD_CHANGE_SECRET_REVEALED = 338,  /**< hd_client_note_reveal() */
    HD_CHANGE_DISCARDED = 339,        /**< hd_client_discard(); hd_change_count() says how many deliveries */
    HD_CHANGE_TESTED = 340,           /**< hd_client_test() was called */
    HD_CHANGE_REDELIVERED = 341,      /**< hd_client_redeliver() was called; hd_change_object() is the delivery's id */
    HD_CHANGE_JOB_STARTED = 342,      /**< hd_change_object() is the job's id, as for the next two */
    HD_CHANGE_JOB_STOPPED = 343,
    HD_CHANGE_JOB_RESUMED = 344,
    HD_CHANGE_DELETED = 345
};

/** @name Names of these constants
 * The names are "created", "updated", "secret_staged" and so on.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    NULL and unknown names give 0
 * Returns: static text, never NULL; a number; how many there are: their numbers follow HD_CHANGE_CREATED without a gap.
 * Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_change_action_name(int number);
HD_API int hd_change_action_from_name(const char *name);
HD_API int hd_change_action_count(void);
/** @} */

/**
 * Makes a second handle of a client, through which somebody acts: the changes that are made through it are recorded as
 * theirs. Apart from that, it is the same client. Changes through the handle of hd_client_new() are recorded as the
 * program's own, with an empty name.
 * @param client  the client, or another such handle of it
 * @param by      the name: at most HD_BY_MAX bytes, such as "ann@example.com"; copied; NULL for "". Bytes that are not
 * UTF-8, and control characters, become "?"
 * @param as      receives the handle; it is a reference to the client: release it with hd_client_unref(), which may be
 *                done before or after the client is freed. hd_client_free() releases it too, and closes nothing
 * Returns: HD_OK; HD_E_FORKED; HD_E_INVALID, also for a name that is too long; HD_E_NO_MEMORY. Blocks: no. Threads:
 * any. Since: 0.1.0
 */
HD_API int hd_client_as(hd_client *client, const char *by, hd_client **as);

/**
 * Records that the secret of a webhook is shown to somebody. Call it before you show the secret; if it fails, do not.
 * @param client      the client, or a handle of hd_client_as()
 * @param webhook_id  the webhook's id
 * Returns: HD_OK; HD_E_NOT_FOUND; what hd_client_discard() returns when the store fails; HD_E_STORE_READ_ONLY;
 * HD_E_CLOSED; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_note_reveal(hd_client *client, const char *webhook_id);

/**
 * Reads entries, the newest first.
 * @param client      the client
 * @param project     only entries of this project; NULL for all. A webhook that was moved has its later entries in the
 *                    new project
 * @param webhook_id  only entries of the webhooks that had this id; NULL for all. It need not exist any more
 * @param before_id   only entries older than the one with this id (hd_change_id()), to read on; 0 for the newest
 * @param max         how many at most, from 1 to 1,000
 * @param list        receives the entries; free it with hd_change_list_free()
 * Returns: HD_OK, also if there are none; HD_E_STORE and the like if the store cannot be read; HD_E_FORKED;
 * HD_E_INVALID; HD_E_NO_MEMORY. Blocks: disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_changes(hd_client *client, const char *project, const char *webhook_id, int64_t before_id,
                             size_t max, hd_change_list **list);

/**
 * The entries of a list.
 * @param list   the list; NULL is an empty one; hd_change_list_free() does nothing for NULL
 * @param index  from 0, the newest
 * Returns: how many; the entry, which is the list's, or NULL if there is none. Blocks: no. Threads: any.
 * Since: 0.1.0
 * @{ */
HD_API size_t hd_change_list_count(const hd_change_list *list);
HD_API const hd_change *hd_change_list_at(const hd_change_list *list, size_t index);
HD_API void hd_change_list_free(hd_change_list *list);
/** @} */

/**
 * What an entry says.
 * @param change  the entry; NULL gives 0 or ""
 * Returns: its number, larger than those before; when it was made, in milliseconds since 1970-01-01T00:00:00Z; one of
 * HD_CHANGE_...; who made it, "" for the program itself; id, name and project of the webhook as it was then, "" where
 * a job is for several; the id of a job or a delivery, else ""; how many deliveries were discarded. Texts live as long
 * as the list. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API int64_t hd_change_id(const hd_change *change);
HD_API int64_t hd_change_at_ms(const hd_change *change);
HD_API int hd_change_action(const hd_change *change);
HD_API const char *hd_change_by(const hd_change *change);
HD_API const char *hd_change_webhook_id(const hd_change *change);
HD_API const char *hd_change_webhook_name(const hd_change *change);
HD_API const char *hd_change_project(const hd_change *change);
HD_API const char *hd_change_object(const hd_change *change);
HD_API uint64_t hd_change_count(const hd_change *change);
/** @} */

/**
 * The settings that were changed.
 * @param change  the entry; NULL has none
 * @param index   from 0
 * Returns: how many; the name of a setting, as the key of hd_webhook_json(); its value before, "" for none and for a
 * new webhook; its value after. Where both values are the same, a part that is never shown was changed: a part of the
 * URL, the value of a header, a certificate. NULL beyond the last one. Texts live as long as the list. Blocks: no.
 * Threads: any. Since: 0.1.0
 * @{ */
HD_API size_t hd_change_field_count(const hd_change *change);
HD_API const char *hd_change_field_name(const hd_change *change, size_t index);
HD_API const char *hd_change_field_before(const hd_change *change, size_t index);
HD_API const char *hd_change_field_after(const hd_change *change, size_t index);
/** @} */

/**
 * Writes an entry as JSON (see helmdesk/json.h): tests/data/change.schema.json describes it.
 * @param change  the entry
 * @param buf     receives the text and a NUL; may be NULL if size is 0
 * @param size    size of buf in bytes
 * @param length  receives the length of the text in bytes without the NUL, also with HD_E_BUFFER; may be NULL
 * Returns: HD_OK; HD_E_BUFFER if size is not greater than that length: buf then holds an empty text; HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_change_json(const hd_change *change, char *buf, size_t size, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
