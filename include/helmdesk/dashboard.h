/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/dashboard.h
 * The page about webhooks, for any HTTP server: a request in, a response out. It opens no socket and starts no thread.
 * Link with libhelmdesk-dashboard (pkg-config helmdesk-dashboard).
 *
 * The program's server hands over each request below the path that the page is mounted at, says who the user is, and
 * sends what comes back. The same conventions as in helmdesk.h hold.
 */
#ifndef HELMDESK_DASHBOARD_H
#define HELMDESK_DASHBOARD_H

#include <helmdesk.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A page about the webhooks and deliveries of one client. */
typedef struct hd_dashboard hd_dashboard;

/** What is answered to it. */
typedef struct hd_dashboard_response hd_dashboard_response;

/** What a user may do. */
enum hd_dashboard_role {
    HD_ROLE_NONE = 56,   /**< nothing: nobody is signed in */
    HD_ROLE_VIEWER = 57, /**< look; addresses are masked, secrets are not shown, nothing can be sent or changed */
    HD_ROLE_ADMIN = 58   /**< everything */
};

/**
 * Makes a dashboard. It has the projects that the client has webhooks of, and those of hd_dashboard_add_project().
 * Requests are answered only if they are made to this machine under the name localhost, 127.0.0.1 or [::1], or under a
 * name of hd_dashboard_add_host(), so that no other name can be made to lead here (DNS rebinding).
 * @param client     the client, of which a reference is taken: a client that is freed first can still be looked at
 * @param mount      the path that it is mounted at: "/" or one that begins and ends with "/", such as "/admin/hooks/",
 *                   of at most 200 letters, digits, '-', '_', '.', '~' and '/'; copied
 * @param dashboard  receives the dashboard; free it with hd_dashboard_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_dashboard_new(hd_client *client, const char *mount, hd_dashboard **dashboard);

/**
 * Gives up a dashboard. Responses that are streams hold it, and go on, until they are freed.
 * @param dashboard  the dashboard, which no call of hd_dashboard_handle() is using; NULL does nothing
 * Blocks: no; up to the shutdown timeout if nobody has freed the client. Threads: any. Since: 0.1.0
 */
HD_API void hd_dashboard_free(hd_dashboard *dashboard);

/**
 * Names a host that the page is reached under. May be called up to 16 times, before the first request.
 * @param dashboard  the dashboard
 * @param host       the name as in the address bar, without scheme and port, such as "desk.example.com"; copied
 * Returns: HD_OK; HD_E_URL_HOST; HD_E_LIMIT for the 17th; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_dashboard_add_host(hd_dashboard *dashboard, const char *host);

/**
 * Names a project that the page shows also while it has no webhooks. May be called up to 64 times, before the first
 * request.
 * @param dashboard  the dashboard
 * @param project    1 to 128 visible ASCII characters (no space); copied
 * Returns: HD_OK; HD_E_PROJECT; HD_E_LIMIT for the 65th; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_dashboard_add_project(hd_dashboard *dashboard, const char *project);

/**
 * Responds to a request, whatever it is: errors become responses too. A cookie that stands for a user must be
 * SameSite=Strict or Lax and HttpOnly; requests of other sites are refused besides.
 * @param dashboard  the dashboard
 * @param request    the request: method, target, every header that came, and the body, of which more than 262,144 bytes
 *                   are answered with 413, so that a server may stop reading there; not kept
 * @param user       who asks, for the list of what was changed: valid UTF-8 of at most 128 bytes; copied; NULL if
 *                   nobody is signed in
 * @param role       what that user may do, one of HD_ROLE_...; with HD_ROLE_NONE, everything but the page's own files
 *                   is answered with 401
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
 * Returns: a value as described below, which stays the response's. Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
/** The HTTP status. */
HD_API int hd_dashboard_response_status(const hd_dashboard_response *response);
HD_API size_t hd_dashboard_response_header_count(const hd_dashboard_response *response);
/** NULL if there is none at that index. */
HD_API const char *hd_dashboard_response_header_name(const hd_dashboard_response *response, size_t index);
HD_API const char *hd_dashboard_response_header_value(const hd_dashboard_response *response, size_t index);
/** The body; a NUL follows it. Of a stream it is empty. */
HD_API const char *hd_dashboard_response_body(const hd_dashboard_response *response, size_t *length);
/** 1 if the body comes in pieces, by hd_dashboard_response_next(): send each as it comes, in chunks or until the
 * connection closes. */
HD_API int hd_dashboard_response_is_stream(const hd_dashboard_response *response);
/** @} */

/**
 * Waits for the next piece of a stream: what has happened, or, after the time, a comment that tells whether the browser
 * is still there.
 * @param response    the response, a stream
 * @param timeout_ms  how long to wait, in milliseconds; at the end of it a comment comes
 * @param data        receives the bytes, which stay the response's until the next call
 * @param length      receives their number
 * Returns: HD_OK; HD_E_FORKED; HD_E_INVALID, also if it is no stream; HD_E_NO_MEMORY: end the connection, and the
 * browser comes back. Blocks: up to timeout_ms: wait for shorter times, and look whether your server stops. Threads:
 * one per object. Since: 0.1.0
 */
HD_API int hd_dashboard_response_next(hd_dashboard_response *response, uint32_t timeout_ms, const char **data,
                                      size_t *length);

#ifdef __cplusplus
}
#endif

#endif
