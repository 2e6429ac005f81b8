/* SPDX-License-Identifier: MIT */
/** @file receive.c Runs README's receiver: a genuine request, the same once more, one with a wrong signature, none. */
#include "block.c"

#include <stdio.h>

static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** What the receiver answers to a body with this signature. */
static int answer(hd_receiver *receiver, const char *body, size_t body_len, const char *signature) {
    hd_request *request;
    if (hd_request_new(&request) != HD_OK)
        return -1;
    (void)hd_request_add_header(request, "X-Helmdesk-Signature", HD_TEXT_NUL, signature, HD_TEXT_NUL);
    (void)hd_request_add_body(request, body, body_len);
    int status = on_request(receiver, request);
    hd_request_free(request);
    return status;
}

int main(void) {
    char body[4096], signature[HD_SIGNATURE_SIZE];
    size_t body_len;
    hd_event *event;
    hd_receiver *receiver;
    if (hd_event_new_sample(HD_TICKET_CREATED, &event) != HD_OK ||
        hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, &body_len) != HD_OK ||
        hd_sign(body, body_len, secret, sizeof secret - 1, signature, sizeof signature) != HD_OK ||
        make_receiver(secret, sizeof secret - 1, &receiver) != HD_OK)
        return 1;
    hd_event_free(event);
    int first = answer(receiver, body, body_len, signature), again = answer(receiver, body, body_len, signature);
    int changed = answer(receiver, body, body_len - 1, signature), none = answer(receiver, body, body_len, "none");
    hd_receiver_free(receiver);
    printf("receiver: %d %d %d %d\n", first, again, changed, none);
    return 0;
}
