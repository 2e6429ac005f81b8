#include "acceptance.h"

#include <stdlib.h>

void hd_acceptance_free(hd_acceptance *acceptance) {
    if (!acceptance)
        return;
    hd_event_free(acceptance->event);
    hd__replay_unref(acceptance->replay);
    free(acceptance);
}

/* Once: by the next call, the marks may be those of the request that was accepted since. */
void hd_acceptance_forget(hd_acceptance *acceptance) {
    if (!acceptance || !acceptance->replay)
        return;
    hd__replay_forget(acceptance->replay, acceptance->marks, acceptance->mark_count);
    acceptance->mark_count = 0;
}

const hd_event *hd_acceptance_event(const hd_acceptance *acceptance) {
    return acceptance ? acceptance->event : NULL;
}

size_t hd_acceptance_secret(const hd_acceptance *acceptance) {
    return acceptance ? acceptance->secret : 0;
}

unsigned hd_acceptance_schemes(const hd_acceptance *acceptance) {
    return acceptance ? acceptance->schemes : 0;
}

const char *hd_acceptance_delivery_id(const hd_acceptance *acceptance) {
    return acceptance && *acceptance->delivery_id ? acceptance->delivery_id : NULL;
}
