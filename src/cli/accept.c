#include "cli/accept.h"

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

int cli_request_make(const struct request *request, hd_request **made) {
    int status = hd_request_new(made);
    if (status != HD_OK)
        return status;
    for (size_t i = 0; i < request->header_count; i++) /* who uses it is told what it did not take */
        (void)hd_request_add_header(*made, request->headers[i].name, HD_TEXT_NUL, request->headers[i].value,
                                    HD_TEXT_NUL);
    (void)hd_request_add_body(*made, request->body.data, request->body.len);
    return HD_OK;
}

int cli_accept(hd_receiver *receiver, const struct request *request, hd_acceptance **acceptance) {
    hd_request *made;
    *acceptance = NULL;
    int status = cli_request_make(request, &made);
    if (status != HD_OK)
        return status;
    status = hd_receiver_accept(receiver, made, acceptance);
    hd_request_free(made);
    return status;
}

/* Bodies are read only after their signature was accepted. */
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
