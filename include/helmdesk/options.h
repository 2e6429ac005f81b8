/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/options.h
 * Options: how a client works.
 */
#ifndef HELMDESK_OPTIONS_H
#define HELMDESK_OPTIONS_H

#include <helmdesk/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The size of the longest of the library's messages, in bytes, with the NUL. */
#define HD_MESSAGE_SIZE 1024

/** The options of a client. hd_client_new() takes a copy. */
typedef struct hd_options hd_options;

/** Levels of the log function. */
enum hd_level {
    HD_LEVEL_ERROR = 60,
    HD_LEVEL_WARNING = 61,
    HD_LEVEL_INFO = 62
};

/** @name Names of levels
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_LEVEL_ERROR without a
 * gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "warning"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_level_name(int number);
HD_API int hd_level_from_name(const char *name);
HD_API int hd_level_count(void);
/** @} */

/**
 * Receives one line of the library's own log, valid UTF-8 without control characters. A line names a webhook by its id
 * and, in double quotes, its name, so that a name that a customer chose cannot be mistaken for another line or another
 * part of the line. A line never contains a secret, a body or a full URL. The function runs on the client's worker
 * thread or on a thread that calls the library, with no lock held. It may call hd_webhook_send(); hd_client_close() and
 * hd_client_free() do nothing there but report an error. Use it from C and C++ only; other languages take the lines
 * from hd_client_next_message() instead.
 */
typedef void (*hd_logger)(void *user, int level, const char *line);

/**
 * Makes options with the defaults that the setters name.
 * @param options  receives the options; free them with hd_options_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_options_new(hd_options **options);

/**
 * Frees options. Clients made from them are not affected.
 * @param options  the options; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_options_free(hd_options *options);

/**
 * Limits the events that are accepted and not yet finished. Beyond either limit hd_webhook_send() returns
 * HD_E_QUEUE_FULL. An event that is larger than max_bytes by itself is accepted only when nothing is pending. A webhook
 * that has delivered nothing for 5 s may fill at most half of what the others leave free; its deliveries beyond that
 * end at once, with HD_REASON_DROPPED.
 * @param options     the options
 * @param max_events  1 to 10,000,000 events; default 100,000
 * @param max_bytes   65,536 or more: memory for those events, their bodies and deliveries, in bytes; default
 *                    268,435,456
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_queue_limits(hd_options *options, size_t max_events, size_t max_bytes);

/**
 * Limits how many deliveries are under way at once, over all webhooks. Deliveries that take longer than 500 ms no
 * longer count, up to twice the limit, so that receivers that hang do not keep the others waiting.
 * @param options  the options
 * @param limit    1 to 65,536; default 256
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_max_in_flight(hd_options *options, uint32_t limit);

/**
 * Limits how many idle connections are kept open for later deliveries: each for 3 s at first, and for up to a minute if
 * its server keeps it open that long. Connections of deliveries under way do not count. Set the limit to at least the
 * number of receivers if you can: a delivery over an open connection is cheaper.
 * @param options  the options
 * @param limit    1 to 65,536; default half of the descriptors that the process may have open when the client is made
 *                 (RLIMIT_NOFILE), at most 16,384
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_max_connections(hd_options *options, uint32_t limit);

/**
 * Sets the time that one attempt may take, name lookup included.
 * @param options     the options
 * @param timeout_ms  1 to 5,000 milliseconds; default 5,000, which is what the product documents
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_timeout_ms(hd_options *options, uint32_t timeout_ms);

/**
 * Sets how long hd_client_free() waits for deliveries that have not ended.
 * @param options     the options
 * @param timeout_ms  0 to 3,600,000 milliseconds; default 5,000
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_shutdown_timeout_ms(hd_options *options, uint32_t timeout_ms);

/**
 * Limits the delivery log that is kept in memory. Beyond either limit the oldest reports are deleted.
 * @param options      the options
 * @param max_reports  1 to 10,000,000; default 10,000
 * @param max_bytes    65,536 or more: memory for those reports and their events, in bytes; default 67,108,864
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_log_limits(hd_options *options, size_t max_reports, size_t max_bytes);

/**
 * Allows webhooks with http URLs. The default is https only.
 * @param options  the options
 * @param on       0 or 1
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_allow_http(hd_options *options, int on);

/**
 * Allows deliveries to a network that is not public. By default only public addresses are allowed. Link-local and
 * cloud-metadata addresses are always forbidden. May be called up to 64 times. If an IPv6 address contains an IPv4
 * address, for a translator or a tunnel (NAT64, SIIT, 6to4, Teredo, ISATAP), both are checked: to reach a private
 * network through a translator, allow the translator's prefix and the private network. In 64:ff9b:1::/48 (RFC 8215) the
 * prefix has to be the translator's own, of 48, 56, 64 or 96 bits.
 * @param options  the options
 * @param cidr     an IPv4 or IPv6 network such as "127.0.0.0/8" or "fd12:3456::/32"; copied
 * Returns: HD_OK; HD_E_NETWORK if it is not a network in this form; HD_E_LIMIT for the 65th; HD_E_INVALID.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_allow_network(hd_options *options, const char *cidr);

/**
 * Allows URLs with these ports too. By default only 443 may be used, and 80, 8080 and 8443 once http is allowed, so
 * that nobody can direct deliveries at other services. May be called up to 32 times.
 * @param options  the options
 * @param first    the first port, 1 or more
 * @param last     the last port, at least first
 * Returns: HD_OK; HD_E_LIMIT for the 33rd; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_allow_ports(hd_options *options, uint16_t first, uint16_t last);

/**
 * Allows http and https webhooks on this machine: the networks 127.0.0.0/8 and ::1/128, and the ports from 1024 on.
 * For trials and tests only: in production, anybody who may enter a URL could then reach every service of this machine
 * that listens on such a port. http and those ports are allowed for public addresses too.
 * @param options  the options
 * Returns: HD_OK; HD_E_LIMIT if too many networks or ports are allowed already, and then nothing is changed;
 * HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_allow_loopback(hd_options *options);

/**
 * Checks whether a client with these options would accept a webhook with this URL.
 * @param options  the options; NULL for defaults
 * @param url      the URL, as for hd_webhook_set_url()
 * Returns: HD_OK; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or HD_E_URL_ADDRESS if it
 * would not; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any, as long as nobody changes the options.
 * Since: 0.1.0
 */
HD_API int hd_options_check_url(const hd_options *options, const char *url);

/**
 * Sets the address of a host, to use instead of a name lookup, for tests or before the name exists. Certificates are
 * still checked against the host's name, and the address against the rules. May be called up to 32 times; the first one
 * that matches applies.
 * @param options  the options
 * @param host     a host name as in URLs, in any case; copied
 * @param port     the port in the URL; 0 for every port
 * @param address  an IPv4 or IPv6 address, without brackets; copied
 * Returns: HD_OK; HD_E_URL_HOST; HD_E_ADDRESS if it is not an address; HD_E_LIMIT for the 33rd; HD_E_INVALID.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_resolve(hd_options *options, const char *host, uint16_t port, const char *address);

/**
 * Sets when a webhook that has no rule of its own (hd_webhook_set_pause_rule()) is paused: after this many failed
 * attempts in a row, or one 410 response. While it is paused, no request is made: deliveries wait, and no attempt is
 * used up. After the pause, one delivery at a time is tried: a success ends the pause for good, a failure begins
 * another one. With a store, a pause outlives the client and applies to all clients. hd_client_test() does not wait for
 * it: a test that is delivered ends the pause, and one that fails does not count. By default nothing is paused.
 * @param options   the options
 * @param failures  1 to 1,000,000; 0 for never
 * @param pause_ms  1,000 to 86,400,000 milliseconds; ignored with 0 failures
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_pause_rule(hd_options *options, uint32_t failures, uint32_t pause_ms);

/**
 * Sets when a webhook is failing (HD_WEBHOOK_FAILING), and how often alerts about it are sent. An alert is an event
 * about a webhook: HD_ALERT_FAILING when so many attempts in a row have failed, HD_ALERT_PAUSED when the pause rule has
 * paused it, HD_ALERT_RECOVERED when a delivery succeeds after one of these. The other webhooks of its project that
 * subscribe to them get them. Of one run of failures each is sent once. Tests do not count, nor do the deliveries of
 * alerts, so that no alert causes another one.
 * @param options    the options
 * @param failures   1 to 1,000,000; 0 for no state of that name, and no alerts; default 5
 * @param window_ms  0 to 86,400,000 milliseconds: after an alert about a webhook, a new run of failures of it is not
 *                   told before they have passed; default 600,000
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_alert_rule(hd_options *options, uint32_t failures, uint32_t window_ms);

/**
 * Sets the file of certificate authorities that receivers' certificates are checked against, in place of the system's.
 * @param options  the options
 * @param path     a PEM file, read when a delivery needs it; NULL for the system's; copied
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_ca_file(hd_options *options, const char *path);

/**
 * Sets the client certificate for receivers that ask for one (mutual TLS), for webhooks that have none of their own. It
 * replaces that of hd_options_set_client_certificate_file().
 * @param options  the options
 * @param pem      as for hd_webhook_set_client_certificate(); NULL for none
 * @param pem_len  its length in bytes, at most 32,768
 * Returns: HD_OK; HD_E_CLIENT_CERTIFICATE; HD_E_CLIENT_KEY if the key is encrypted; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_client_certificate(hd_options *options, const char *pem, size_t pem_len);

/**
 * Sets the client certificate from files, which are read for each connection, so that they may be renewed while the
 * client runs. It replaces that of hd_options_set_client_certificate(). If a file cannot be used, deliveries fail with
 * HD_REASON_INTERNAL.
 * @param options      the options
 * @param certificate  a PEM file with the certificate and any intermediate certificates; NULL for none; copied
 * @param key          a PEM file with the unencrypted private key; NULL if it is in the same file; copied
 * Returns: HD_OK; HD_E_INVALID, also for a key without a certificate; HD_E_NO_MEMORY. Blocks: no. Threads: one per
 * object. Since: 0.1.0
 */
HD_API int hd_options_set_client_certificate_file(hd_options *options, const char *certificate, const char *key);

/**
 * Sets the `User-Agent` header of deliveries. The default is "libhelmdesk/" and the version.
 * @param options     the options
 * @param user_agent  1 to 256 visible ASCII characters and spaces; copied
 * Returns: HD_OK; HD_E_HEADER; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_user_agent(hd_options *options, const char *user_agent);

/**
 * Sets the proxy that all deliveries go through, also those to http:// receivers, by CONNECT (RFC 9110 9.3.6). By
 * default there is none; http_proxy, https_proxy and other variables of the environment are ignored.
 *
 * Webhooks' URLs are checked as without a proxy: scheme, port, addresses in URLs, localhost. The proxy looks up the
 * receivers' names itself, so the proxy has to restrict the addresses that they may have, and hd_options_resolve()
 * applies only to the proxy's own name. The proxy's address needs no hd_options_allow_network(), and the library
 * connects to no other address. HD_REASON_PROXY_FAILED, HD_REASON_PROXY_REFUSED and HD_REASON_PROXY_GATEWAY distinguish
 * failures of the proxy from those of a receiver.
 * @param options  the options
 * @param url      "http://proxy.example:3128", or https:// to speak TLS with the proxy, whose certificate is then
 *                 checked as receivers' are; the port is 80 or 443 if it is left out. "user:password@" before the host
 *                 (percent-encoded) is sent to the proxy with Basic authentication (RFC 7617) and never shown; libcurl
 *                 keeps it in memory that it does not wipe, in the request for a tunnel. NULL for no proxy; copied
 * Returns: HD_OK; HD_E_PROXY; HD_E_INVALID; HD_E_NO_MEMORY. hd_client_new() returns HD_E_TRANSPORT for an https://
 * proxy if libcurl was built without support for them. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_proxy(hd_options *options, const char *url);

/**
 * Sets the function that gets the library's own log lines. By default nothing is logged.
 * @param options   the options
 * @param function  see hd_logger; NULL for none
 * @param user      passed to the function as it is; must be valid until hd_client_free() has returned
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_logger(hd_options *options, hd_logger function, void *user);

/**
 * Keeps the library's own log lines until the program takes them with hd_client_next_message(): for languages that must
 * not be called from a foreign thread, and for programs with an event loop. It may be used together with
 * hd_options_set_logger(). When there is no room, the oldest line is dropped; the next line that is taken says how many
 * were dropped.
 * @param options  the options
 * @param count    how many lines to keep, 0 to 10,000, of 1 KiB of memory each; 0, the default, keeps none
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_keep_messages(hd_options *options, size_t count);

#ifdef __cplusplus
}
#endif

#endif
