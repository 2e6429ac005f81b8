/* SPDX-License-Identifier: MIT */
/* What SQLite alone takes for the least that a store has to keep: the floor of the store's own figures. */
#include "figures.h"
#include "store_parts.h"

#include "crash/crash.h"
#include "support/support.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* An event, its delivery with the index of what is due, and a report with the indexes by time and by webhook. */
static const char tables[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "CREATE TABLE event(id INTEGER PRIMARY KEY, body BLOB);"
                             "CREATE TABLE outbox(id INTEGER PRIMARY KEY, webhook INTEGER, due INTEGER, event INTEGER);"
                             "CREATE INDEX due ON outbox(webhook, due, id);"
                             "CREATE TABLE log(id INTEGER PRIMARY KEY, webhook INTEGER, at INTEGER, report BLOB);"
                             "CREATE INDEX log_time ON log(at);"
                             "CREATE INDEX log_webhook ON log(webhook, at);";

enum statement {
    ADD_EVENT,
    ADD_ROW,
    END_ROW,
    ADD_REPORT,
    BEGIN,
    COMMIT,
    STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [ADD_EVENT] = "INSERT INTO event(body) VALUES(zeroblob(600))",
    [ADD_ROW] = "INSERT INTO outbox(webhook, due, event) VALUES(abs(random() % 4), 0, last_insert_rowid())",
    [END_ROW] = "DELETE FROM outbox WHERE id = ?1",
    [ADD_REPORT] = "INSERT INTO log(webhook, at, report) VALUES(abs(random() % 4), ?1, zeroblob(500))",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

struct bare {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    char directory[64];
};

static void run(struct bare *bare, enum statement which, int64_t value) {
    sqlite3_stmt *statement = bare->statements[which];
    if (sqlite3_bind_parameter_count(statement) > 0)
        must(sqlite3_bind_int64(statement, 1, value) == SQLITE_OK);
    must(sqlite3_step(statement) == SQLITE_DONE);
    must(sqlite3_reset(statement) == SQLITE_OK);
}

static void open_bare(struct bare *bare) {
    char path[96];
    make_directory(bare->directory);
    (void)snprintf(path, sizeof path, "%s/bare.db", bare->directory);
    must(sqlite3_open(path, &bare->database) == SQLITE_OK);
    must(sqlite3_exec(bare->database, tables, NULL, NULL, NULL) == SQLITE_OK);
    for (int i = 0; i < STATEMENTS; i++)
        must(sqlite3_prepare_v2(bare->database, texts[i], -1, &bare->statements[i], NULL) == SQLITE_OK);
}

static void close_bare(struct bare *bare) {
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(bare->statements[i]);
    must(sqlite3_close(bare->database) == SQLITE_OK);
    remove_directory(bare->directory);
}

/* Four events in a commit, as of 8 senders about half come together. */
static void measure_commits(void) {
    static int64_t took_ns[2000];
    struct bare bare;
    open_bare(&bare);
    for (size_t i = 0; i < sizeof took_ns / sizeof took_ns[0]; i++) {
        int64_t begun_ns = now_ns();
        run(&bare, BEGIN, 0);
        for (int j = 0; j < 4; j++) {
            run(&bare, ADD_EVENT, 0);
            run(&bare, ADD_ROW, 0);
        }
        run(&bare, COMMIT, 0);
        took_ns[i] = now_ns() - begun_ns;
    }
    say("bare_commit_p50", (double)percentile(took_ns, sizeof took_ns / sizeof took_ns[0], 0.5) / 1000, "us");
    close_bare(&bare);
}

/* The life of deliveries, four of an event and a thousand in a commit, not synced: as in the fast mode. */
static void measure_lives(void) {
    enum {
        BATCH = 1000,
        COMMITS = 80
    };
    struct bare bare;
    open_bare(&bare);
    must(sqlite3_exec(bare.database, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) == SQLITE_OK);
    int64_t begun_ns = now_ns();
    for (int64_t i = 0; i <= COMMITS; i++) {
        run(&bare, BEGIN, 0);
        for (int64_t row = (i - 1) * BATCH + 1; i > 0 && row <= i * BATCH; row++) {
            run(&bare, END_ROW, row);
            run(&bare, ADD_REPORT, row);
        }
        for (int j = 0; i < COMMITS && j < BATCH; j++) {
            if (j % 4 == 0)
                run(&bare, ADD_EVENT, 0);
            run(&bare, ADD_ROW, 0);
        }
        run(&bare, COMMIT, 0);
    }
    say("bare_lives", (double)BATCH * (double)COMMITS * 1e9 / (double)(now_ns() - begun_ns), "deliveries/s");
    close_bare(&bare);
}

void measure_bare(const struct urls *urls) {
    (void)urls;
    measure_commits();
    measure_lives();
}
