/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/probe.h
 * Requests that are no deliveries: would those to a URL arrive? And a request that was captured, sent again.
 */
#ifndef HELMDESK_PROBE_H
#define HELMDESK_PROBE_H

#include <helmdesk/options.h>
#include <helmdesk/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Asks a receiver whether deliveries would arrive, without delivering anything: connects to a URL as a client with
 * these options does, with its rules, its name lookup, its check of certificates and its time limit, and asks for the
 * head of the page there (HEAD). Most receivers respond with some status that is not 2xx: that they respond is what
 * counts.
 * @param options  as for hd_client_new(); NULL for defaults
 * @param url      the URL, as for hd_webhook_set_url()
 * @param report   receives what came of it, as for a delivery, but without an event, a webhook and ids; free it with
 *                 hd_report_free()
 * Returns: HD_OK if there is a report, whatever it says; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT,
 * HD_E_URL_HOST or HD_E_URL_ADDRESS if a client would not take the URL; HD_E_TRANSPORT; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: up to the options' time limit; not for the log function, in which the worker would wait. Threads: any.
 * Since: 0.1.0
 */
HD_API int hd_probe(const hd_options *options, const char *url, hd_report **report);

/** The most headers that hd_post() takes. */
#define HD_POST_HEADERS_MAX 23

/**
 * Posts bytes to a URL as they are, such as a request that was captured, with a client's rules for addresses, its name
 * lookup, its check of certificates and its time limit. It signs nothing, and needs no client.
 * @param options   as for hd_client_new(); NULL for defaults
 * @param url       the URL, as for hd_webhook_set_url()
 * @param headers   lines of "name: value", each with CR LF or LF at its end; NULL for none. A User-Agent takes the
 * place of that in the options. Host, Content-Length, Transfer-Encoding and others that belong to a connection (RFC
 * 9110 section 7.6.1) are not allowed: the library sets them
 * @param body      any bytes; NULL if body_len is 0
 * @param body_len  their number
 * @param report    receives what came of it, as for a delivery, but without an event, a webhook, ids and the request;
 *                  free it with hd_report_free()
 * Returns: HD_OK if there is a report, whatever it says; HD_E_HEADER if a line is malformed or not allowed, or for more
 * than HD_POST_HEADERS_MAX; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or
 * HD_E_URL_ADDRESS if a client would not take the URL; HD_E_TRANSPORT; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: up to the options' time limit; not for the log function, in which the worker would wait. Threads: any.
 * Since: 0.1.0
 */
HD_API int hd_post(const hd_options *options, const char *url, const char *headers, const void *body, size_t body_len,
                   hd_report **report);

/**
 * Tells which libraries connections are made with: libcurl, its TLS library and others, with their versions.
 * Returns: static text, "" if libcurl cannot be used. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_transport_libraries(void);

/**
 * Tells where the certificate authorities are that receivers are checked with, unless hd_options_set_ca_file() names
 * others: a file or a directory.
 * Returns: static text, "" if libcurl does not say. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_transport_authorities(void);

#ifdef __cplusplus
}
#endif

#endif
