/* SPDX-License-Identifier: MIT */
/* A program that uses the installed library; tests/install_test.sh builds it by pkg-config alone. */
#include <helmdesk.h>
#include <stdio.h>

int main(void) {
    char signature[HD_SIGNATURE_SIZE];
    int status = hd_sign("{}", 2, "secret", 6, signature, sizeof signature);
    if (status != HD_OK) {
        fprintf(stderr, "%s\n", hd_strerror(status));
        return 1;
    }
    printf("libhelmdesk %s %s\n", hd_version(), signature);
    return 0;
}
