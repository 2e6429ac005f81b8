#include "cli/saving.h"

#include "cli/output.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NUMBER_MAX 999999999u

/* "000012.http" is 12; 0 for any other name. */
static size_t number_of(const char *name) {
    char *end;
    unsigned long number = *name >= '0' && *name <= '9' ? strtoul(name, &end, 10) : 0;
    return number > 0 && number <= NUMBER_MAX && strcmp(end, ".http") == 0 ? (size_t)number : 0;
}

static int find_last(struct saving *saving) {
    DIR *directory = opendir(saving->directory);
    const struct dirent *entry;
    if (!directory)
        return cli_fail_file(saving->directory, "read");
    while ((entry = readdir(directory)))
        if (number_of(entry->d_name) > saving->last)
            saving->last = number_of(entry->d_name);
    closedir(directory);
    return CLI_OK;
}

int cli_saving_begin(struct saving *saving, const char *directory) {
    *saving = (struct saving){directory, 0};
    if (!directory)
        return CLI_OK;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return cli_fail_file(directory, "make");
    return find_last(saving);
}

int cli_saving_add(struct saving *saving, const struct request *request, int64_t at_ms, char *path, size_t path_size) {
    int reason;
    *path = '\0';
    if (!saving->directory)
        return CLI_OK;
    do { /* another listen may save there too */
        if (snprintf(path, path_size, "%s/%06zu.http", saving->directory, ++saving->last) >= (int)path_size)
            reason = ENAMETOOLONG;
        else
            reason = cli_request_save(request, cli_rfc3339(at_ms), path);
    } while (reason == EEXIST && saving->last < NUMBER_MAX);
    if (reason == 0)
        return CLI_OK;
    errno = reason;
    int code = cli_fail_file(path, "write");
    *path = '\0';
    return code;
}
