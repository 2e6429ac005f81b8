/* What is refused at the door, before anything is looked at. */
#ifndef HD_DASHBOARD_GUARD_H
#define HD_DASHBOARD_GUARD_H

#include "dashboard/dashboard.h"

/* Returns 1 if the call may go on; else it has been answered. */
int hd__guard_pass(struct hd__call *call);

/* Sets the headers that every response has. */
void hd__guard_set_headers(hd_dashboard_response *response);

#endif
