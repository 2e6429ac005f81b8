/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_HEAD_H
#define TESTS_SUPPORT_HEAD_H

#include "helmdesk.h"

/* Fails the running test unless the request head of a report is, byte for byte, the one that its receiver got, but for
 * the target and for the values of the headers that were added to its webhook. */
void assert_head_is(const hd_report *report, const hd_webhook *webhook, const char *received);

#endif
