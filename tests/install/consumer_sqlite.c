/* SPDX-License-Identifier: MIT */
/* A program that uses the installed store; tests/install_test.sh builds it by pkg-config alone. */
#include <helmdesk/sqlite.h>
#include <stdio.h>

int main(int argc, char **argv) {
    hd_store *store = NULL;
    int status = argc == 2 ? hd_store_sqlite_open(argv[1], NULL, 0, &store) : HD_E_INVALID;
    hd_store_free(store);
    printf("%s\n", hd_status_name(status));
    return status != HD_OK;
}
