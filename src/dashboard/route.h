/* Which function handles which path. */
#ifndef HD_DASHBOARD_ROUTE_H
#define HD_DASHBOARD_ROUTE_H

#include "dashboard/dashboard.h"

struct hd__route {
    const char *method, *pattern; /* a star matches one part of the path */
    int role;                     /* that is needed at least */
    void (*answer)(struct hd__call *call);
};

/* The table of the API, below api/v1/. */
extern const struct hd__route hd__routes[];
extern const size_t hd__route_count;

/* Answers a call that has passed the guard. */
void hd__route(struct hd__call *call);

#endif
