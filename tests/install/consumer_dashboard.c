/* SPDX-License-Identifier: MIT */
/* A program that uses the installed dashboard; tests/install_test.sh links it with either kind of the libraries. */
#include <helmdesk/dashboard.h>
#include <stdio.h>
#include <string.h>

static int is_answered(hd_dashboard *dashboard, const hd_request *request) {
    hd_dashboard_response *response = NULL;
    if (hd_dashboard_handle(dashboard, request, "ann", HD_ROLE_VIEWER, &response) != HD_OK)
        return 0;
    const char *body = hd_dashboard_response_body(response, NULL);
    int is_good = hd_dashboard_response_status(response) == 200 && strstr(body, "T00:00:00.000Z\"") != NULL;
    hd_dashboard_response_free(response);
    return is_good;
}

int main(void) {
    hd_client *client = NULL;
    hd_dashboard *dashboard = NULL;
    hd_request *request = NULL;
    int failed = hd_client_new(NULL, &client) != HD_OK || hd_dashboard_new(client, "/", &dashboard) != HD_OK ||
                 hd_request_new(&request) != HD_OK || hd_request_set_method(request, "GET", HD_TEXT_NUL) != HD_OK ||
                 hd_request_set_target(request, "/api/v1/projects/p/stats?range=7d", HD_TEXT_NUL) != HD_OK ||
                 hd_request_add_header(request, "Host", HD_TEXT_NUL, "localhost", HD_TEXT_NUL) != HD_OK ||
                 !is_answered(dashboard, request);
    hd_request_free(request);
    hd_dashboard_free(dashboard);
    hd_client_free(client);
    puts(failed ? "no answer" : "answered");
    return failed;
}
