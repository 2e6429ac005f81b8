/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/probe.h
 * Requests that are not deliveries: checking whether deliveries to a URL would arrive, and sending a captured request
 * again.
 */
#ifndef HELMDESK_PROBE_H
#define HELMDESK_PROBE_H

#include <helmdesk/options.h>
#include <helmdesk/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Checks whether deliveries to a URL would arrive, without delivering anything: it connects to the URL as a client with
 * these options does, with the same address rules, name lookup, certificate checks and time limit, and sends a HEAD
 * request. Most receivers respond with a status that is not 2xx; what counts is that they respond.
 * @param options  as for hd_client_new(); NULL for defaults
 * @param url      the URL, as for hd_webhook_set_url()
 * @param report   receives the result, as for a delivery, but without an event, a webhook and ids; free it with
 *                 hd_report_free()
 * Returns: HD_OK if there is a report, whatever it says; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT,
 * HD_E_URL_HOST or HD_E_URL_ADDRESS if a client would not accept the URL; HD_E_TRANSPORT; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: up to the options' time limit; do not call it in the log function, where it would block the worker.
 * Threads: any. Since: 0.1.0
 */
HD_API int hd_probe(const hd_options *options, const char *url, hd_report **report);

/** The most headers that hd_post() takes. */
#define HD_POST_HEADERS_MAX 23

/**
 * Posts bytes to a URL as they are, such as a captured request, with the same address rules, name lookup, certificate
 * checks and time limit as a client with these options. It signs nothing, and needs no client.
 * @param options   as for hd_client_new(); NULL for defaults
 * @param url       the URL, as for hd_webhook_set_url()
 * @param headers   lines of "name: value", each with CR LF or LF at its end; NULL for none. A User-Agent replaces the
 *                  one in the options. Host, Content-Length, Transfer-Encoding and others that belong to a connection
 *                  (RFC 9110 section 7.6.1) are not allowed: the library sets them
 * @param body      any bytes; NULL if body_len is 0
 * @param body_len  their number
 * @param report    receives the result, as for a delivery, but without an event, a webhook, ids and the request; free
 *                  it with hd_report_free()
 * Returns: HD_OK if there is a report, whatever it says; HD_E_HEADER if a line is malformed or not allowed, or for more
 * than HD_POST_HEADERS_MAX; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or
 * HD_E_URL_ADDRESS if a client would not accept the URL; HD_E_TRANSPORT; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: up to the options' time limit; do not call it in the log function, where it would block the worker.
 * Threads: any. Since: 0.1.0
 */
HD_API int hd_post(const hd_options *options, const char *url, const char *headers, const void *body, size_t body_len,
                   hd_report **report);

/**
 * The libraries that connections are made with: libcurl, its TLS library and others, with their versions.
 * Returns: static text, "" if libcurl cannot be used. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_transport_libraries(void);

/**
 * The file or directory of the certificate authorities that receivers are checked against, unless
 * hd_options_set_ca_file() sets a different one.
 * Returns: static text, "" if libcurl does not say. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_transport_authorities(void);

#ifdef __cplusplus
}
#endif

#endif
