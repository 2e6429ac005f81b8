/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/dashboard.h
 * A web page for managing webhooks, for any HTTP server: it turns requests into responses, opens no socket and starts
 * no thread. Link with libhelmdesk-dashboard (pkg-config helmdesk-dashboard).
 *
 * Your server passes each request below the page's path to hd_dashboard_handle(), together with who the user is, and
 * sends the response. The conventions in helmdesk/base.h apply.
 */
#ifndef HELMDESK_DASHBOARD_H
#define HELMDESK_DASHBOARD_H

#include <helmdesk.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A page about the webhooks and deliveries of one client. */
typedef struct hd_dashboard hd_dashboard;

/** The response to one request. */
typedef struct hd_dashboard_response hd_dashboard_response;

/** What a user may do. */
enum hd_dashboard_role {
    HD_ROLE_NONE = 56,   /**< nothing: nobody is signed in */
    HD_ROLE_VIEWER = 57, /**< look; addresses are masked, secrets are not shown, nothing can be sent or changed */
    HD_ROLE_ADMIN = 58   /**< everything */
};

/**
 * Makes a dashboard. It shows the projects of the client's webhooks, and those of hd_dashboard_add_project(). Requests
 * are accepted only for the hosts localhost, 127.0.0.1 and [::1], and those of hd_dashboard_add_host(), which prevents
 * DNS rebinding.
 * @param client     the client; the dashboard holds a reference to it, and still shows it after it is freed
 * @param mount      the path of the page: "/" or one that begins and ends with "/", such as "/admin/hooks/", of at most
 *                   200 letters, digits, '-', '_', '.', '~' and '/'; copied
 * @param dashboard  receives the dashboard; free it with hd_dashboard_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_dashboard_new(hd_client *client, const char *mount, hd_dashboard **dashboard);

/**
 * Frees a dashboard. Responses that are streams hold references to it, and work until they are freed.
 * @param dashboard  the dashboard; no call of hd_dashboard_handle() may be using it; NULL does nothing
 * Blocks: no; up to the shutdown timeout if it has the last reference to an open client. Threads: any. Since: 0.1.0
 */
HD_API void hd_dashboard_free(hd_dashboard *dashboard);

/**
 * Adds a host name at which the page can be reached. May be called up to 16 times, before the first request.
 * @param dashboard  the dashboard
 * @param host       the name as in the address bar, without scheme and port, such as "desk.example.com"; copied
 * Returns: HD_OK; HD_E_URL_HOST; HD_E_LIMIT for the 17th; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_dashboard_add_host(hd_dashboard *dashboard, const char *host);

/**
 * Adds a project that the page shows even while it has no webhooks. May be called up to 64 times, before the first
 * request.
 * @param dashboard  the dashboard
 * @param project    1 to 128 visible ASCII characters (no space); copied
 * Returns: HD_OK; HD_E_PROJECT; HD_E_LIMIT for the 65th; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_dashboard_add_project(hd_dashboard *dashboard, const char *project);

/**
 * Sets the language of the page. Without this call, each user sees the first language of the browser's settings that
 * the page has, or else English. To be called before the first request.
 * @param dashboard  the dashboard
 * @param language   "en" or "de"; NULL goes back to the browser's; copied
 * Returns: HD_OK; HD_E_INVALID, also for a language that the page does not have. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_dashboard_set_language(hd_dashboard *dashboard, const char *language);

/**
 * Sets the name that the page has in its head and in the window's title, in place of "Helmdesk". To be called before
 * the first request, as the next three functions.
 * @param dashboard  the dashboard
 * @param name       1 to 256 bytes of UTF-8 without control characters; NULL goes back to "Helmdesk"; copied
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_dashboard_set_name(hd_dashboard *dashboard, const char *name);

/** @name Pages of the host
 * Where the name in the page's head leads to; where users sign in, which the page offers to those who are signed out;
 * and where tickets are, so that each ticket in the log is a link to it.
 * @param dashboard  the dashboard
 * @param url        a path such as "/tickets", or an http or https URL, of at most 1,000 visible ASCII characters; that
 *                   of tickets contains "{id}" or "{number}"; NULL for no link; copied
 * Returns: HD_OK; HD_E_URL; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
HD_API int hd_dashboard_set_home_url(hd_dashboard *dashboard, const char *url);
HD_API int hd_dashboard_set_sign_in_url(hd_dashboard *dashboard, const char *url);
HD_API int hd_dashboard_set_ticket_url(hd_dashboard *dashboard, const char *url);
/** @} */

/**
 * Makes the response to a request; errors become responses too. A cookie that identifies a user must have HttpOnly and
 * SameSite=Strict or Lax. Requests from other sites are rejected in any case.
 * @param dashboard  the dashboard
 * @param request    the request: method, target, all its headers and its body; not kept. The response to a body of more
 *                   than 262,144 bytes is 413, so a server may stop reading there
 * @param user       the user's name, as which changes are recorded (hd_client_as()): at most HD_BY_MAX bytes; copied;
 * NULL if nobody is signed in
 * @param role       what that user may do, one of HD_ROLE_...; with HD_ROLE_NONE, the response is 401 for everything
 *                   but the page's own files
 * @param response   receives the response; free it with hd_dashboard_response_free()
 * Returns: HD_OK; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: disk with a store; up to 6 s for a test delivery. Threads: any. Since: 0.1.0
 */
HD_API int hd_dashboard_handle(hd_dashboard *dashboard, const hd_request *request, const char *user, int role,
                               hd_dashboard_response **response);

/**
 * Frees a response.
 * @param response  the response; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_dashboard_response_free(hd_dashboard_response *response);

/** @name Response getters
 * @param response  the response; NULL gives NULL or 0
 * Returns: a value as described below, which belongs to the response. Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
/** The HTTP status. */
HD_API int hd_dashboard_response_status(const hd_dashboard_response *response);
HD_API size_t hd_dashboard_response_header_count(const hd_dashboard_response *response);
/** NULL if there is none at that index. */
HD_API const char *hd_dashboard_response_header_name(const hd_dashboard_response *response, size_t index);
HD_API const char *hd_dashboard_response_header_value(const hd_dashboard_response *response, size_t index);
/** The body, followed by a NUL; empty for a stream. */
HD_API const char *hd_dashboard_response_body(const hd_dashboard_response *response, size_t *length);
/** 1 if hd_dashboard_response_next() gives the body in pieces: send each as soon as you have it, chunked, or with the
 * end of the connection as the end of the body. */
HD_API int hd_dashboard_response_is_stream(const hd_dashboard_response *response);
/** @} */

/**
 * Waits for the next piece of a stream: news for the page or, after timeout_ms, a comment. Sending the comment shows
 * whether the browser is still connected.
 * @param response    the response, a stream
 * @param timeout_ms  how long to wait, in milliseconds, before a comment is returned
 * @param data        receives the bytes, which belong to the response and are valid until the next call
 * @param length      receives their number
 * Returns: HD_OK; HD_E_FORKED; HD_E_INVALID, also if it is not a stream; HD_E_NO_MEMORY: close the connection, and the
 * browser reconnects. Blocks: up to timeout_ms: keep it short, and check between calls whether your server is to stop.
 * Threads: one per object. Since: 0.1.0
 */
HD_API int hd_dashboard_response_next(hd_dashboard_response *response, uint32_t timeout_ms, const char **data,
                                      size_t *length);

#ifdef __cplusplus
}
#endif

#endif
