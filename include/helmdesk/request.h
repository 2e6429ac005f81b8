/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/request.h
 * An incoming HTTP request, which your server passes to a receiver (hd_receiver_accept()) or to the dashboard
 * (hd_dashboard_handle()).
 */
#ifndef HELMDESK_REQUEST_H
#define HELMDESK_REQUEST_H

#include <helmdesk/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One HTTP request. It remembers the first call that failed: after that nothing is added, and every call returns the
 * same status, as does the function that the request is passed to. A server can therefore fill it without checking each
 * status, and a missing header or part of the body never goes unnoticed.
 */
typedef struct hd_request hd_request;

/**
 * Makes an empty request.
 * @param request  receives the request; free it with hd_request_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API HD_NODISCARD int hd_request_new(hd_request **request);

/**
 * Frees a request. Objects that were made from it are not affected.
 * @param request  the request; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_request_free(hd_request *request);

/**
 * Empties a request, so that it can take the next one. It keeps up to 64 KiB of its body's memory and 1 KiB of each
 * header's: requests of a usual size that come one after the other on a connection need no further allocation.
 * @param request  the request; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_request_reset(hd_request *request);

/**
 * Sets the method. The dashboard needs it; a receiver ignores it, so reject any method but POST yourself.
 * @param request     the request
 * @param method      such as "POST": 1 to 16 visible ASCII characters; copied
 * @param method_len  its length in bytes, or HD_TEXT_NUL
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY; the status of an earlier call that failed. Blocks: no.
 * Threads: one per object. Since: 0.1.0
 */
HD_API int hd_request_set_method(hd_request *request, const char *method, size_t method_len);

/**
 * Sets the target. The dashboard needs it; a receiver ignores it.
 * @param request     the request
 * @param target      path and query as they are in the request line, percent signs included: 1 to 8,192 bytes, none of
 *                    them a NUL, CR or LF; copied
 * @param target_len  its length in bytes, or HD_TEXT_NUL
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY; the status of an earlier call that failed. Blocks: no.
 * Threads: one per object. Since: 0.1.0
 */
HD_API int hd_request_set_target(hd_request *request, const char *target, size_t target_len);

/**
 * Adds a header. Add every header of the request, as many times as it occurs: a second signature, length or host is
 * rejected, because two servers in a row could read such a request differently.
 * @param request    the request, which holds at most 200 headers, and 65,536 bytes in all
 * @param name       in any case; visible ASCII characters; copied
 * @param name_len   its length in bytes, or HD_TEXT_NUL
 * @param value      any bytes but NUL, CR and LF (RFC 9110 section 5.5); NULL if value_len is 0; copied without leading
 *                   and trailing spaces and tabs
 * @param value_len  its length in bytes, or HD_TEXT_NUL
 * Returns: HD_OK; HD_E_HEADER if it is malformed; HD_E_LIMIT if there are too many; HD_E_INVALID; HD_E_NO_MEMORY; the
 * status of an earlier call that failed. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_request_add_header(hd_request *request, const char *name, size_t name_len, const char *value,
                                 size_t value_len);

/**
 * Adds bytes at the end of the body: all of it at once, or each part as it arrives.
 * @param request    the request, whose body has at most 2,097,152 bytes
 * @param bytes      the raw bytes, before anything decodes them; NULL if bytes_len is 0; copied
 * @param bytes_len  their number
 * Returns: HD_OK; HD_E_TOO_LARGE; HD_E_INVALID; HD_E_NO_MEMORY; the status of an earlier call that failed. Blocks: no.
 * Threads: one per object. Since: 0.1.0
 */
HD_API int hd_request_add_body(hd_request *request, const void *bytes, size_t bytes_len);

/**
 * The status of the first call that failed since the request was made or reset.
 * @param request  the request; NULL returns HD_E_INVALID
 * Returns: HD_OK if none has; else that status. Blocks: no. Threads: any, as long as nobody changes the request.
 * Since: 0.1.0
 */
HD_API int hd_request_status(const hd_request *request);

/** @name Request getters
 * @param request  the request; NULL returns NULL
 * Returns: what was set, followed by a NUL; NULL if it was not set. It belongs to the request and is valid until it is
 * set again, or the request is reset or freed; the body, only until more is added to it.
 * Blocks: no. Threads: any, as long as nobody changes the request. Since: 0.1.0
 * @{ */
HD_API const char *hd_request_method(const hd_request *request);
HD_API const char *hd_request_target(const hd_request *request);
/** The value of the first header of this name, in any case, for index 0; of the second for 1, and so on. */
HD_API const char *hd_request_header(const hd_request *request, const char *name, size_t index);
/** The body; "" if there is none. length receives its number of bytes; may be NULL. */
HD_API const char *hd_request_body(const hd_request *request, size_t *length);
/** @} */

#ifdef __cplusplus
}
#endif

#endif
