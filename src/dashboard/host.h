/* What the page shows of the host that it is part of: its name, and addresses of its own pages. */
#ifndef HD_DASHBOARD_HOST_H
#define HD_DASHBOARD_HOST_H

#include "dashboard/json.h"

struct hd__host {
    char *name;                    /* each NULL for none */
    char *home, *sign_in, *ticket; /* the last with "{id}" or "{number}" in it */
};

void hd__host_free(struct hd__host *host);

/* Writes it as a JSON object for the value of an attribute: with '&', '<' and '"' as references. */
void hd__host_write(const struct hd__host *host, struct hd__json_text *text);

#endif
