/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/receiver.h
 * Receiving: who sent a request, is it fresh, what does it say?
 */
#ifndef HELMDESK_RECEIVER_H
#define HELMDESK_RECEIVER_H

#include <helmdesk/event.h>
#include <helmdesk/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a receiver knows: secrets, prepared once, and what it accepts. Set it up, then share it between threads. Its
 * replay memory is this process's: make it after fork(), and where several processes receive, have them remember ids in
 * a place of their own.
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
 * Makes a receiver without secrets. It accepts both schemes, requests of Standard Webhooks up to 300 s old, those of
 * Helmdesk of any age, and remembers none.
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
 * Adds a secret. To rotate: add the new one beside the old one, and when hd_receiver_accept() has not named the old one
 * for a while, hd_receiver_remove_secret(). Requests may be accepted meanwhile.
 * @param receiver    the receiver, which holds at most 8
 * @param secret      the secret as it was given to you, "whsec_" included; copied in another form. If the rest is
 *                    base64, with padding, it also serves for Standard Webhooks; if not, no request of those fits it
 * @param secret_len  its length in bytes, 1 to 1,024
 * Returns: HD_OK; HD_E_SECRET; HD_E_LIMIT if there are 8 already; HD_E_NO_MEMORY; HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_add_secret(hd_receiver *receiver, const void *secret, size_t secret_len);

/**
 * Removes a secret, and wipes it. The others keep their numbers; the next one that is added takes the lowest free one.
 * @param receiver      the receiver
 * @param secret_index  its number: secrets are numbered from 0 in the order in which they were added
 * Returns: HD_OK; HD_E_NO_SECRET; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_remove_secret(hd_receiver *receiver, size_t secret_index);

/**
 * Sets which schemes are accepted. A request must satisfy each accepted scheme that it has headers of, and one at
 * least. Whoever holds a request with the headers of both can take away those of one: if the sender has Standard
 * Webhooks' headers and their time limit is what you rely on, accept HD_SCHEME_STANDARD alone.
 * @param receiver  the receiver
 * @param schemes   HD_SCHEME_HELMDESK, HD_SCHEME_STANDARD, or both by |
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_schemes(hd_receiver *receiver, unsigned schemes);

/**
 * Sets how far from now a request may have been sent, before or after. For Standard Webhooks it is the time of the
 * attempt, and whole seconds count; for Helmdesk the event's own, which stays the same when a delivery is retried:
 * allow for as long as the sender retries.
 * @param receiver    the receiver
 * @param scheme      HD_SCHEME_HELMDESK or HD_SCHEME_STANDARD
 * @param max_age_ms  milliseconds, up to a year; 0 for any age
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_max_age_ms(hd_receiver *receiver, int scheme, int64_t max_age_ms);

/**
 * Sets how large a body may be. A larger one is refused before anything is computed.
 * @param receiver  the receiver
 * @param bytes     1 to 2,097,152, which is what it is without this call
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_max_body(hd_receiver *receiver, size_t bytes);

/**
 * Has the receiver remember at least the last requests that it accepted, and return HD_E_REPLAYED when one comes again:
 * requests are known by their webhook-id, and, if Helmdesk's scheme is accepted, by their body. Set a time limit too:
 * what came before these, or before the program was started, is not remembered.
 * @param receiver  the receiver; what it remembers is forgotten
 * @param requests  how many, up to 10,000,000, at 64 bytes each; 0 for none
 * Returns: HD_OK; HD_E_NO_MEMORY; HD_E_RANDOM; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_receiver_set_replay_memory(hd_receiver *receiver, size_t requests);

/**
 * Verifies a request, and reads its event if it is genuine. Nothing is parsed before.
 * @param receiver    the receiver, with at least one secret
 * @param request     the request: its headers, all of them or those that matter, and its raw body; not kept
 * @param acceptance  receives what was accepted; free it with hd_acceptance_free()
 * Returns: HD_OK; HD_E_HEADER_MISSING without a signature; HD_E_HEADER_DUPLICATE; HD_E_HEADER_FORMAT;
 * HD_E_SIGNATURE_FORMAT; HD_E_SIGNATURE_MISMATCH; HD_E_TOO_OLD; HD_E_TOO_NEW; HD_E_REPLAYED; HD_E_EVENT_MISMATCH if
 * X-Helmdesk-Event is not the body's; HD_E_TOO_LARGE over the limit of hd_receiver_set_max_body(); what
 * hd_event_parse() returns for a body that is no event; hd_request_status() if that is not HD_OK; HD_E_SECRET without
 * secrets; HD_E_CRYPTO; HD_E_NO_MEMORY; HD_E_INVALID. hd_receiver_http_status() gives the HTTP status for the sender.
 * Blocks: no. Threads: any, as long as nobody changes the request. Since: 0.1.0
 */
HD_API HD_NODISCARD int hd_receiver_accept(hd_receiver *receiver, const hd_request *request,
                                           hd_acceptance **acceptance);

/**
 * The HTTP status with which to answer a request, for a status of hd_receiver_accept() or of a function of hd_request:
 * - 200 for HD_OK, and for HD_E_REPLAYED: you have the event already, and an error would have the sender try again;
 * - 400 for a header or a body that cannot be read, and for an X-Helmdesk-Event that is not the body's;
 * - 401 for a signature that is missing, malformed or wrong, and for a request that is too old or too new;
 * - 413 for a body that is too large, 431 for too many headers;
 * - 503 for HD_E_NO_MEMORY: the same request may succeed when it comes again;
 * - 500 for anything else, such as HD_E_SECRET: not the sender's fault, and nothing that it could change.
 * @param status  the status; any number may come
 * Returns: the HTTP status. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_receiver_http_status(int status);

/**
 * Gives up an acceptance and its event. The receiver still remembers the request.
 * @param acceptance  the acceptance; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_acceptance_free(hd_acceptance *acceptance);

/**
 * Takes back that the request was accepted, so that it is accepted when it comes again: call it if you answer the
 * sender with an error after all, because the event could not be stored, say. It does nothing without a replay memory,
 * after that memory was replaced or the receiver freed, and the second time.
 * @param acceptance  the acceptance, which must still be freed; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_acceptance_forget(hd_acceptance *acceptance);

/** @name Acceptance getters
 * @param acceptance  the acceptance; NULL returns NULL or 0
 * Returns: a value as described below; pointers stay the acceptance's. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const hd_event *hd_acceptance_event(const hd_acceptance *acceptance);
/** The number of the secret that matched (see hd_receiver_remove_secret()). */
HD_API size_t hd_acceptance_secret(const hd_acceptance *acceptance);
/** The schemes that the request satisfied: HD_SCHEME_HELMDESK, HD_SCHEME_STANDARD, or both by |. */
HD_API unsigned hd_acceptance_schemes(const hd_acceptance *acceptance);
/** The id of the delivery, the same each time that it is tried, for a program that remembers in a place of its own what
 * it has done: webhook-id if HD_SCHEME_STANDARD was satisfied, where it is signed; else X-Helmdesk-Delivery, which is
 * not signed: whoever holds a request can send it again with another id. NULL if there is none, or it has not 1 to 256
 * visible ASCII characters without a dot. */
HD_API const char *hd_acceptance_delivery_id(const hd_acceptance *acceptance);
/** @} */

#ifdef __cplusplus
}
#endif

#endif
