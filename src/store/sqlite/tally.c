/* Sums over the log. They are added up here: SQLite sorts all rows to group them, which takes more than twice as long.
 */
#include "store/sqlite/facts.h"
#include "store/sqlite/walk.h"

#include <stdlib.h>

#define PLACES 65536 /* of sums at once, a power of two; more are told in parts */
#define COLUMNS "SELECT l.finished_ms, " HD__FACTS_COLUMNS " "

struct sums {
    struct hd__log_tally *places; /* those with a count are in use */
    size_t used;
    int64_t bucket_ms;
    void (*tell)(void *user, const struct hd__log_tally *tally);
    void *user;
};

static void tell_all(struct sums *sums) {
    for (size_t i = 0; i < PLACES; i++) {
        if (sums->places[i].count)
            sums->tell(sums->user, &sums->places[i]);
        sums->places[i].count = 0;
    }
    sums->used = 0;
}

static size_t place_of(const struct hd__log_tally *tally) {
    uint64_t hash = (uint64_t)tally->bucket * 0x9E3779B97F4A7C15U;
    hash ^= (uint64_t)tally->total_ms << 16 | (uint64_t)tally->reason << 8 | (uint64_t)tally->outcome << 1 |
            (uint64_t)tally->has_attempts;
    hash *= 0x94D049BB133111EBU;
    return (size_t)(hash >> 48) & (PLACES - 1);
}

static int is_same(const struct hd__log_tally *x, const struct hd__log_tally *y) {
    return x->bucket == y->bucket && x->total_ms == y->total_ms && x->outcome == y->outcome && x->reason == y->reason &&
           x->has_attempts == y->has_attempts;
}

static void add(struct sums *sums, const struct hd__log_tally *one) {
    if (sums->used == PLACES / 2)
        tell_all(sums);
    size_t at = place_of(one);
    while (sums->places[at].count && !is_same(&sums->places[at], one))
        at = (at + 1) & (PLACES - 1);
    uint64_t count = sums->places[at].count;
    sums->used += count == 0;
    sums->places[at] = *one;
    sums->places[at].count = count + 1;
}

static void add_report(void *user, int64_t finished_ms, const struct hd__facts *facts) {
    struct sums *sums = user;
    const struct hd__log_tally one = {
        .bucket = sums->bucket_ms > 0 ? finished_ms / sums->bucket_ms : 0,
        .outcome = HD__SQL_OUTCOME + facts->outcome,
        .reason = HD__SQL_REASON + facts->reason,
        .has_attempts = facts->has_attempts,
        .total_ms = facts->total_ms,
    };
    add(sums, &one);
}

static int add_row(void *user, sqlite3_stmt *row) {
    struct hd__facts facts;
    hd__facts_of_row(row, 1, &facts);
    add_report(user, hd__sql_get_int(row, 0), &facts);
    return 1;
}

static int add_all(sqlite3 *counter, const struct hd__log_search *search, struct sums *sums) {
    sqlite3_stmt *statement = NULL;
    int code = hd__question_prepare(counter, COLUMNS, search, HD__QUESTION_ALL, 0, &statement);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        code = SQLITE_OK, (void)add_row(sums, statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int ask(sqlite3 *counter, const struct hd__log_search *search, struct sums *sums) {
    const struct hd__walk walk = {search, COLUMNS, 0, 0, add_row, sums};
    int is_done = 0;
    int code = hd__question_begin(counter, search);
    if (code == SQLITE_OK && hd__facts_fit(search))
        code = hd__facts_find(counter, search, add_report, sums, &is_done);
    else if (code == SQLITE_OK && hd__walk_fits(search))
        code = hd__walk(counter, &walk, &is_done);
    if (code == SQLITE_OK && !is_done)
        code = add_all(counter, search, sums);
    if (code == SQLITE_OK)
        tell_all(sums);
    return code;
}

int hd__sqlite_tally(struct hd_store *base, const struct hd__log_search *search, int64_t bucket_ms,
                     void (*tell)(void *user, const struct hd__log_tally *tally), void *user) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct sums sums = {.bucket_ms = bucket_ms, .tell = tell, .user = user};
    int status;
    sqlite3 *counter = hd__sqlite_take_reader(store, &store->counter, &status);
    if (!counter)
        return status;
    sums.places = calloc(PLACES, sizeof *sums.places);
    status = hd__question_end(store, counter, search, sums.places ? ask(counter, search, &sums) : SQLITE_NOMEM);
    free(sums.places);
    hd__sqlite_drop_reader(&store->counter);
    return status;
}
