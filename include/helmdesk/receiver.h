/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/receiver.h
 * Receiving: verifying requests and reading their events.
 */
#ifndef HELMDESK_RECEIVER_H
#define HELMDESK_RECEIVER_H

#include <helmdesk/event.h>
#include <helmdesk/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Verifies requests: it has the secrets, and the rules for what is accepted. Set it up, then share it between threads.
 * Its replay memory is not shared between processes: make it after fork(). If several processes receive, record the ids
 * of deliveries in a place that they share (see hd_acceptance_delivery_id()).
 */
typedef struct hd_receiver hd_receiver;

/** A request that a receiver has accepted. It may outlive the receiver and the request. */
typedef struct hd_acceptance hd_acceptance;

/** How requests are signed. */
enum hd_scheme {
    HD_SCHEME_HELMDESK = 256, /**< X-Helmdesk-Signature: over the body */
    HD_SCHEME_STANDARD = 512  /**< Standard Webhooks, v1: webhook-id, webhook-timestamp and webhook-signature */
};

/**
 * Makes a receiver without secrets. It accepts both schemes, with Standard Webhooks requests up to 300 s old and
 * Helmdesk requests of any age, and has no replay memory.
 * @param receiver  receives the receiver; free it with hd_receiver_free()
 * Returns: HD_OK; HD_E_NO_MEMORY; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_new(hd_receiver **receiver);

/**
 * Frees a receiver, and wipes what is left of its secrets.
 * @param receiver  the receiver; NULL does nothing
 * Blocks: no. Threads: one, when no other uses it. Since: 0.1.0
 */
HD_API void hd_receiver_free(hd_receiver *receiver);

/**
 * Adds a secret. To rotate a secret, add the new one, and remove the old one with hd_receiver_remove_secret() when
 * hd_acceptance_secret() has not returned its number for a while. Requests may be accepted meanwhile.
 * @param receiver    the receiver, which holds at most 8
 * @param secret      the secret as it was given to you, "whsec_" included; copied in a different form. If the part
 *                    after "whsec_" is base64 with padding, the secret is also used for Standard Webhooks; if not, it
 *                    matches none of their requests
 * @param secret_len  its length in bytes, 1 to 1,024
 * Returns: HD_OK; HD_E_SECRET; HD_E_LIMIT if there are 8 already; HD_E_NO_MEMORY; HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_add_secret(hd_receiver *receiver, const void *secret, size_t secret_len);

/**
 * Removes a secret, and wipes it. The others keep their numbers; the next secret that is added gets the lowest free
 * number.
 * @param receiver      the receiver
 * @param secret_index  its number: secrets are numbered from 0 in the order in which they were added
 * Returns: HD_OK; HD_E_NO_SECRET; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_remove_secret(hd_receiver *receiver, size_t secret_index);

/**
 * Sets which schemes are accepted. A request must satisfy each accepted scheme whose headers it has, and at least one.
 * Anyone who has captured a request with the headers of both schemes can remove those of one. If you rely on the time
 * limit of Standard Webhooks, accept only HD_SCHEME_STANDARD.
 * @param receiver  the receiver
 * @param schemes   HD_SCHEME_HELMDESK, HD_SCHEME_STANDARD, or both combined with |
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_schemes(hd_receiver *receiver, unsigned schemes);

/**
 * Sets how far a request's time may be from now, in the past or in the future. For Standard Webhooks this is the time
 * of the attempt, in whole seconds. For Helmdesk it is the time of the event, which stays the same when a delivery is
 * retried: allow for as long as the sender retries.
 * @param receiver    the receiver
 * @param scheme      HD_SCHEME_HELMDESK or HD_SCHEME_STANDARD
 * @param max_age_ms  milliseconds, up to a year; 0 for any age
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_max_age_ms(hd_receiver *receiver, int scheme, int64_t max_age_ms);

/**
 * Sets how large a body may be. A larger one is rejected before its signature is computed.
 * @param receiver  the receiver
 * @param bytes     1 to 2,097,152; default 2,097,152
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_max_body(hd_receiver *receiver, size_t bytes);

/**
 * Makes the receiver remember at least this many of the last requests that it accepted, and return HD_E_REPLAYED when
 * one comes again. It recognizes requests by their webhook-id and, if Helmdesk's scheme is accepted, by their body. Set
 * a time limit too: older requests, and those from before the program was started, are not remembered.
 * @param receiver  the receiver; this call clears what it remembers
 * @param requests  how many, up to 10,000,000, at 64 bytes each; 0 for none
 * Returns: HD_OK; HD_E_NO_MEMORY; HD_E_RANDOM; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_replay_memory(hd_receiver *receiver, size_t requests);

/**
 * Verifies a request, and reads its event if it is genuine. The body is parsed only after its signature was verified.
 * @param receiver    the receiver, with at least one secret
 * @param request     the request: its headers, all of them or those that matter, and its raw body; not kept
 * @param acceptance  receives what was accepted; free it with hd_acceptance_free()
 * Returns: HD_OK; HD_E_HEADER_MISSING if there is no signature; HD_E_HEADER_DUPLICATE; HD_E_HEADER_FORMAT;
 * HD_E_SIGNATURE_FORMAT; HD_E_SIGNATURE_MISMATCH; HD_E_TOO_OLD; HD_E_TOO_NEW; HD_E_REPLAYED; HD_E_EVENT_MISMATCH if
 * X-Helmdesk-Event does not match the body; HD_E_TOO_LARGE over the limit of hd_receiver_set_max_body(); what
 * hd_event_parse() returns for a body that is not an event; hd_request_status() if that is not HD_OK; HD_E_SECRET if
 * the receiver has no secret; HD_E_CRYPTO; HD_E_NO_MEMORY; HD_E_INVALID. hd_receiver_http_status() gives the HTTP
 * status for the sender.
 * Blocks: no. Threads: any, as long as nobody changes the request. Since: 0.1.0
 */
HD_API HD_NODISCARD int hd_receiver_accept(hd_receiver *receiver, const hd_request *request,
                                           hd_acceptance **acceptance);

/**
 * The HTTP status to respond with, for a status of hd_receiver_accept() or of a function of hd_request:
 * - 200 for HD_OK, and for HD_E_REPLAYED: you have the event already, and an error would have the sender try again;
 * - 400 for a header or a body that cannot be read, and for an X-Helmdesk-Event that does not match the body;
 * - 401 for a signature that is missing, malformed or wrong, and for a request that is too old or too new;
 * - 413 for a body that is too large, 431 for too many headers;
 * - 503 for HD_E_NO_MEMORY: the same request may succeed when it comes again;
 * - 500 for anything else, such as HD_E_SECRET: the sender did not cause it and cannot fix it.
 * @param status  the status; any number is allowed
 * Returns: the HTTP status. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_http_status(int status);

/**
 * Frees an acceptance, and releases its event. The receiver still remembers the request.
 * @param acceptance  the acceptance; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_acceptance_free(hd_acceptance *acceptance);

/**
 * Removes a request from the replay memory, so that it is accepted when it comes again. Call it if you have to respond
 * with an error after all, for example because the event could not be stored. It does nothing if there is no replay
 * memory, if that memory was replaced or the receiver freed, or if it is called a second time.
 * @param acceptance  the acceptance, which you must still free; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_acceptance_forget(hd_acceptance *acceptance);

/** @name Acceptance getters
 * @param acceptance  the acceptance; NULL returns NULL or 0
 * Returns: a value as described below; pointers belong to the acceptance. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const hd_event *hd_acceptance_event(const hd_acceptance *acceptance);
/** The number of the secret that matched (see hd_receiver_remove_secret()). */
HD_API size_t hd_acceptance_secret(const hd_acceptance *acceptance);
/** The schemes that the request satisfied: HD_SCHEME_HELMDESK, HD_SCHEME_STANDARD, or both combined with |. */
HD_API unsigned hd_acceptance_schemes(const hd_acceptance *acceptance);
/** The id of the delivery, the same for each attempt, for a program that records which deliveries it has handled. If
 * HD_SCHEME_STANDARD was satisfied, it is webhook-id, which is signed; else X-Helmdesk-Delivery, which is not: anyone
 * who has captured a request can send it again with a different id. NULL if there is none, or if it is not 1 to 256
 * visible ASCII characters without a dot. */
HD_API const char *hd_acceptance_delivery_id(const hd_acceptance *acceptance);
/** @} */

#ifdef __cplusplus
}
#endif

#endif
