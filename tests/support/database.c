/* SPDX-License-Identifier: MIT */
#include "database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

static sqlite3 *open_database(const char *directory) {
    char path[512];
    sqlite3 *database = NULL;
    (void)snprintf(path, sizeof path, "%s/helmdesk.db", directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    return database;
}

int64_t ask_database(const char *directory, const char *question) {
    sqlite3 *database = open_database(directory);
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(database, question, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return answer;
}

void change_database(const char *directory, const char *statements) {
    char *error = NULL;
    sqlite3 *database = open_database(directory);
    if (sqlite3_exec(database, statements, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s", error);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}
