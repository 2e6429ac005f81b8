/* Whether anybody has committed something. SQLite's index of the WAL begins with a header that each commit changes
 * (sqlite.org/walformat.html, "WAL-Index Header"), in memory that all connections share. PRAGMA data_version says the
 * same, but takes a transaction for it: an idle client looks here and nowhere else. */
#include "store/sqlite/sqlite.h"

#include <string.h>

#define INDEX_VERSION 3007000 /* "always"; of any other one nothing is known here */
#define REGION_BYTES 32768    /* that are mapped at once */

/* The beginning of the index; NULL if it cannot be had. */
static const volatile uint32_t *find_index(sqlite3 *connection) {
    sqlite3_file *file = NULL;
    volatile void *index = NULL;
    if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file ||
        !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap)
        return NULL;
    return file->pMethods->xShmMap(file, 0, REGION_BYTES, 0, &index) == SQLITE_OK ? index : NULL;
}

void hd__sqlite_see_commits(const struct hd__sqlite *store, struct hd__sqlite_commits *commits) {
    const volatile uint32_t *index = find_index(store->main);
    *commits = (struct hd__sqlite_commits){.is_known = index && index[0] == INDEX_VERSION};
    for (size_t i = 0; commits->is_known && i < HD__SQLITE_HEADER_WORDS; i++)
        commits->header[i] = index[i];
}

int hd__sqlite_has_commits(const struct hd__sqlite_commits *since, const struct hd__sqlite_commits *now) {
    return !since->is_known || !now->is_known || memcmp(since->header, now->header, sizeof since->header) != 0;
}
