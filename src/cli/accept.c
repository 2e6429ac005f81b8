#include "cli/accept.h"

#include <stdlib.h>

int cli_receiver_new(const struct secrets *secrets, int64_t max_age_ms, hd_receiver **receiver) {
    int status = hd_receiver_new(receiver);
    for (size_t i = 0; i < secrets->count && status == HD_OK; i++)
        status = hd_receiver_add_secret(*receiver, secrets->items[i].data, secrets->items[i].len);
    if (status == HD_OK && max_age_ms)
        status = hd_receiver_set_max_age_ms(*receiver, HD_SCHEME_HELMDESK, max_age_ms);
    if (status == HD_OK && max_age_ms)
        status = hd_receiver_set_max_age_ms(*receiver, HD_SCHEME_STANDARD, max_age_ms);
    return status;
}

int cli_accept(hd_receiver *receiver, const struct request *request, size_t *secret_index, hd_event **event) {
    const char **names = calloc(2 * request->header_count + 1, sizeof *names);
    *event = NULL;
    if (!names)
        return HD_E_NO_MEMORY;
    const char **values = names + request->header_count;
    for (size_t i = 0; i < request->header_count; i++) {
        names[i] = request->headers[i].name;
        values[i] = request->headers[i].value;
    }
    int status = hd_receiver_accept(receiver, request->body.data, request->body.len, names, NULL, values, NULL,
                                    request->header_count, secret_index, event);
    free(names);
    return status;
}

/* Bodies are read only behind their signature. */
int cli_is_signed(int status) {
    switch (status) {
    case HD_OK:
    case HD_E_UTF8:
    case HD_E_JSON:
    case HD_E_JSON_DEPTH:
    case HD_E_JSON_DUPLICATE:
    case HD_E_JSON_KEY:
    case HD_E_JSON_TYPE:
    case HD_E_TIMESTAMP:
    case HD_E_EVENT_MISMATCH:
        return 1;
    default:
        return 0;
    }
}
