/* SPDX-License-Identifier: MIT */
/* A store around another one whose calls can be cut, as a network or a disk cuts them: not made, made with the reply
 * lost, or refused. A test may also wait in before() or after(), so that others run in between. */
#ifndef TESTS_SUPPORT_STORE_CUT_H
#define TESTS_SUPPORT_STORE_CUT_H

#include "store/store.h"

/* The calls that can be cut. */
enum {
    STORE_CUT_JOIN,
    STORE_CUT_STEP,
    STORE_CUT_LOOK,
    STORE_CUT_TEND,
    STORE_CUT_PUT,
    STORE_CUT_REMOVE,
    STORE_CUT_STEP_JOB
};

enum {
    STORE_CUT_NOT,    /* the call is made */
    STORE_CUT_BEFORE, /* it is not made, and answers HD_E_STORE_LOST */
    STORE_CUT_AFTER,  /* it is made, and answers HD_E_STORE_LOST: nothing that it wrote is told */
    STORE_CUT_UNDONE, /* it is not made, and answers HD_E_STORE_BUSY; a step sets undone */
};

struct store_cut {
    int (*before)(void *user, int call); /* how to cut the call; NULL for not at all */
    void (*after)(void *user, int call); /* it was made; NULL for nothing */
    void *user;
};

/* Takes the inner store, and frees it with itself. Aborts without memory. */
struct hd_store *store_cut_new(struct hd_store *inner, struct store_cut cut);

#endif
