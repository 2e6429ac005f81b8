/* SPDX-License-Identifier: MIT */
/* What tests share that need a receiver and options, and no client. */
#ifndef TESTS_SUPPORT_NO_CLIENT_H
#define TESTS_SUPPORT_NO_CLIENT_H

#include "support/stored.h"

/* Those of options_for_tests(). */
extern hd_options *options;

/* For cmocka: the options, and the receiver of support/stored.h. */
int begin_without_client(void **state);
int end_without_client(void **state);

#endif
