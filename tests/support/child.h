/* SPDX-License-Identifier: MIT */
/* The end of a child that was forked. */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

/* Ends the child with a status. What its parent's threads hold is nobody's there: Valgrind, which looks for leaks at an
 * exit, would find them. */
void end_child(int status) __attribute__((noreturn));

#endif
