#include "store/log.h"

#include "base/pool.h"
#include "store/filter.h"
#include "store/page.h"
#include "store/stats.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS 1024
#define BATCH 64 /* reports that a search takes out at once */

/* A consumer, which reads the log under a name. */
struct consumer {
    struct consumer *next;
    int64_t place; /* number of the last report that it is done with */
    char name[];
};

/* Report number n is at index n % capacity. */
struct hd__log_ring {
    pthread_mutex_t mutex;
    hd_report **reports;
    size_t capacity;
    size_t max_bytes;
    size_t count;
    size_t bytes;
    uint64_t last;          /* number of the newest */
    struct hd__pool blanks; /* forgotten reports, for new ones */
    struct consumer *consumers;
};

struct hd__log_ring *hd__log_ring_new(size_t max_reports, size_t max_bytes) {
    struct hd__log_ring *ring = calloc(1, sizeof *ring);
    if (!ring)
        return NULL;
    ring->reports = calloc(max_reports, sizeof(hd_report *));
    if (!ring->reports || hd__pool_init(&ring->blanks, BLANKS) != HD_OK ||
        pthread_mutex_init(&ring->mutex, NULL) != 0) {
        hd__pool_destroy(&ring->blanks, hd__report_free_blank);
        free(ring->reports);
        free(ring);
        return NULL;
    }
    ring->capacity = max_reports;
    ring->max_bytes = max_bytes;
    return ring;
}

static hd_report **slot(struct hd__log_ring *ring, uint64_t number) {
    return &ring->reports[number % ring->capacity];
}

/* Number of the oldest report that is still there, if any is. */
static uint64_t first(const struct hd__log_ring *ring) {
    return ring->last - ring->count + 1;
}

static void forget_oldest(struct hd__log_ring *ring) {
    hd_report *oldest = *slot(ring, first(ring));
    ring->bytes -= hd__report_size(oldest);
    ring->count--;
    if (hd__report_blank(oldest) && !hd__pool_give(&ring->blanks, oldest))
        hd__report_free_blank(oldest);
}

void hd__log_ring_free(struct hd__log_ring *ring) {
    if (!ring)
        return;
    while (ring->count > 0)
        forget_oldest(ring);
    for (struct consumer *consumer; (consumer = ring->consumers);) {
        ring->consumers = consumer->next;
        free(consumer);
    }
    pthread_mutex_destroy(&ring->mutex);
    hd__pool_destroy(&ring->blanks, hd__report_free_blank);
    free(ring->reports);
    free(ring);
}

hd_report *hd__log_ring_new_report(struct hd__log_ring *ring, hd_event *event, struct hd__label *label) {
    return hd__report_new(hd__pool_take(&ring->blanks), event, label);
}

void hd__log_ring_append(struct hd__log_ring *ring, hd_report *report) {
    size_t size = hd__report_size(report);
    pthread_mutex_lock(&ring->mutex);
    while (ring->count > 0 && (ring->count == ring->capacity || ring->bytes + size > ring->max_bytes))
        forget_oldest(ring);
    report->sequence = ++ring->last;
    *slot(ring, report->sequence) = report;
    ring->count++;
    ring->bytes += size;
    pthread_mutex_unlock(&ring->mutex);
}

hd_report *hd__log_ring_next(struct hd__log_ring *ring, uint64_t *cursor, uint64_t *missed) {
    hd_report *next = NULL;
    pthread_mutex_lock(&ring->mutex);
    if (*cursor < ring->last) {
        uint64_t number = *cursor + 1;
        if (number < first(ring)) {
            *missed += first(ring) - number;
            number = first(ring);
        }
        next = hd__report_ref(*slot(ring, number));
        *cursor = number;
    }
    pthread_mutex_unlock(&ring->mutex);
    return next;
}

/* References to up to BATCH of the newest reports before a number. */
static size_t take_before(struct hd__log_ring *ring, uint64_t before, hd_report *batch[BATCH]) {
    size_t taken = 0;
    pthread_mutex_lock(&ring->mutex);
    for (uint64_t number = before - 1; ring->count > 0 && taken < BATCH && number >= first(ring); number--)
        batch[taken++] = hd__report_ref(*slot(ring, number));
    pthread_mutex_unlock(&ring->mutex);
    return taken;
}

/* Looks at the reports without the lock, so that a long search keeps nobody from writing. found returns 0 to end.
 * Returns HD_OK, or why it ended early. */
static int search(struct hd__log_ring *ring, const hd_log_filter *filter, uint64_t before,
                  int (*found)(void *user, hd_report *report), void *user) {
    const struct hd__deadline deadline = hd__log_filter_deadline(filter);
    hd_report *batch[BATCH];
    size_t taken;
    int goes_on = 1, status = HD_OK;
    while (goes_on && (status = hd__deadline_status(&deadline)) == HD_OK &&
           (taken = take_before(ring, before, batch)) > 0) {
        before = batch[taken - 1]->sequence;
        for (size_t i = 0; i < taken; i++) {
            if (goes_on && hd__log_filter_matches(filter, batch[i]))
                goes_on = found(user, batch[i]);
            hd_report_free(batch[i]);
        }
    }
    return status;
}

uint64_t hd__log_ring_newest(struct hd__log_ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    uint64_t last = ring->last;
    pthread_mutex_unlock(&ring->mutex);
    return last;
}

int hd__log_ring_summarize(struct hd__log_ring *ring, const hd_log_filter *filter, hd_log_stats *stats) {
    return search(ring, filter, hd__log_ring_newest(ring) + 1, hd__log_stats_add_report, stats);
}

/* Hands over a page, or frees it. */
static int end_page(hd_log_page *found, int status, hd_log_page **page) {
    if (status == HD_OK)
        *page = found;
    else
        hd_log_page_free(found);
    return status;
}

int hd__log_ring_query(struct hd__log_ring *ring, const hd_log_filter *filter, const char *cursor, size_t limit,
                       hd_log_page **page) {
    uint64_t before;
    int status = hd__log_cursor_parse(cursor, hd__log_ring_newest(ring), &before);
    if (status != HD_OK)
        return status;
    hd_log_page *found = hd__log_page_new(limit, 0);
    if (!found)
        return HD_E_NO_MEMORY;
    status = search(ring, filter, before, hd__log_page_add, found);
    return end_page(found, status, page);
}

/* References to up to BATCH of the oldest reports after *place, which moves over those that are forgotten. */
static size_t take_after(struct hd__log_ring *ring, int64_t *place, uint64_t *missed, hd_report *batch[BATCH]) {
    size_t taken = 0;
    pthread_mutex_lock(&ring->mutex);
    int64_t forgotten = (int64_t)first(ring) - 1;
    if (*place < forgotten) {
        *missed += (uint64_t)(forgotten - *place);
        *place = forgotten;
    }
    for (uint64_t number = (uint64_t)*place + 1; taken < BATCH && number <= ring->last; number++)
        batch[taken++] = hd__report_ref(*slot(ring, number));
    pthread_mutex_unlock(&ring->mutex);
    return taken;
}

void hd__log_ring_walk(struct hd__log_ring *ring, uint64_t after, uint64_t up_to,
                       int (*found)(void *user, hd_report *report), void *user) {
    hd_report *batch[BATCH];
    int64_t place = (int64_t)after;
    uint64_t missed = 0;
    size_t taken;
    int goes_on = 1;
    while (goes_on && (taken = take_after(ring, &place, &missed, batch)) > 0) {
        place = (int64_t)batch[taken - 1]->sequence;
        for (size_t i = 0; i < taken; i++) {
            if (goes_on)
                goes_on = batch[i]->sequence <= up_to && found(user, batch[i]);
            hd_report_free(batch[i]);
        }
    }
}

/* What a batch adds to a page, as far as that has room. Returns the number of the last report that was looked at. */
static uint64_t add_batch(hd_log_page *page, const hd_log_filter *filter, hd_report *batch[BATCH], size_t count,
                          size_t limit) {
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (hd_log_page_count(page) < limit) {
            seen = batch[i]->sequence;
            if (hd__log_filter_matches(filter, batch[i]))
                (void)hd__log_page_add(page, batch[i]);
        }
        hd_report_free(batch[i]);
    }
    return seen;
}

static int follow_from(struct hd__log_ring *ring, const hd_log_filter *filter, int64_t place, size_t limit,
                       hd_log_page **page) {
    const struct hd__deadline deadline = hd__log_filter_deadline(filter);
    hd_report *batch[BATCH];
    uint64_t missed = 0;
    size_t taken;
    int status = HD_OK;
    hd_log_page *found = hd__log_page_new(limit, 0);
    if (!found)
        return HD_E_NO_MEMORY;
    while (hd_log_page_count(found) < limit && (status = hd__deadline_status(&deadline)) == HD_OK &&
           (taken = take_after(ring, &place, &missed, batch)) > 0)
        place = (int64_t)add_batch(found, filter, batch, taken, limit);
    hd__log_page_end_at(found, place, missed);
    return end_page(found, status, page);
}

int hd__log_ring_follow(struct hd__log_ring *ring, const hd_log_filter *filter, const char *after, size_t limit,
                        hd_log_page **page) {
    int64_t last = (int64_t)hd__log_ring_newest(ring), place = last;
    int status = after ? hd__log_number_parse(after, last, &place) : HD_OK;
    if (status == HD_OK && after)
        return follow_from(ring, filter, place, limit, page);
    *page = status == HD_OK ? hd__log_page_new(limit, 0) : NULL;
    if (*page)
        hd__log_page_end_at(*page, place, 0);
    return status == HD_OK && !*page ? HD_E_NO_MEMORY : status;
}

/* ---- By name ---- */

/* With the mutex held; the end of the list if there is none. */
static struct consumer **find_consumer(struct hd__log_ring *ring, const char *name) {
    struct consumer **at = &ring->consumers;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

/* Moves a consumer to a place, but never back, and tells where it is. One that is not known comes before the oldest
 * report. */
static int know_consumer(struct hd__log_ring *ring, const char *name, int64_t *place) {
    struct consumer *made = calloc(1, sizeof *made + strlen(name) + 1);
    if (!made)
        return HD_E_NO_MEMORY;
    strcpy(made->name, name);
    pthread_mutex_lock(&ring->mutex);
    struct consumer **at = find_consumer(ring, name);
    if (!*at) {
        made->place = (int64_t)first(ring) - 1;
        *at = made;
        made = NULL;
    }
    if ((*at)->place < *place)
        (*at)->place = *place;
    *place = (*at)->place;
    pthread_mutex_unlock(&ring->mutex);
    free(made);
    return HD_OK;
}

int hd__log_ring_read(struct hd__log_ring *ring, const char *name, const hd_log_filter *filter, size_t limit,
                      hd_log_page **page) {
    int64_t place = 0;
    int status = know_consumer(ring, name, &place);
    return status == HD_OK ? follow_from(ring, filter, place, limit, page) : status;
}

static void forget_consumer(struct hd__log_ring *ring, const char *name) {
    pthread_mutex_lock(&ring->mutex);
    struct consumer **at = find_consumer(ring, name), *consumer = *at;
    if (consumer)
        *at = consumer->next;
    pthread_mutex_unlock(&ring->mutex);
    free(consumer);
}

int hd__log_ring_commit(struct hd__log_ring *ring, const char *name, int64_t place) {
    if (place < 0) {
        forget_consumer(ring, name);
        return HD_OK;
    }
    return place > (int64_t)hd__log_ring_newest(ring) ? HD_E_CURSOR : know_consumer(ring, name, &place);
}

hd_report *hd__log_ring_find(struct hd__log_ring *ring, const char *delivery_id) {
    hd_report *found = NULL;
    pthread_mutex_lock(&ring->mutex);
    for (uint64_t number = ring->last; !found && ring->count > 0 && number >= first(ring); number--)
        if (strcmp((*slot(ring, number))->delivery_id, delivery_id) == 0)
            found = hd__report_ref(*slot(ring, number));
    pthread_mutex_unlock(&ring->mutex);
    return found;
}
