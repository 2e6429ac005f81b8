/* SPDX-License-Identifier: MIT */
/* Two receivers that differ in nothing but TLS. Prints the port of the plain one, that of the one with TLS, and the
 * file with its authority; ends when its input does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostile/outside.h"

#include <stdio.h>
#include <unistd.h>

int main(void) {
    char byte;
    struct outside *plain = outside_start(1);
    struct outside *tls = outside_start_tls();
    printf("%u %u %s\n", outside_port(plain, 0), outside_port(tls, 0), outside_ca_file(tls));
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    outside_stop(tls);
    outside_stop(plain);
    return 0;
}
