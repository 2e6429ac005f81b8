/* SPDX-License-Identifier: MIT */
/* The library's side of `make check-interop`.
 *
 *   interop send PORT SECRET    posts one event of each type to http://127.0.0.1:PORT/, with both kinds of headers
 *   interop accept SECRET       reads requests, one JSON object with "headers" and "body" a line, and prints the name
 * of the status that a receiver gives each */
#include <helmdesk.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int status, const char *what) {
    if (status == HD_OK)
        return;
    (void)fprintf(stderr, "interop: %s: %s\n", what, hd_strerror(status));
    exit(1);
}

static hd_client *make_client(const char *port, const char *secret) {
    char url[64];
    hd_options *options = NULL;
    hd_client *client = NULL;
    hd_webhook *webhook = NULL;
    must(hd_options_new(&options), "options");
    must(hd_options_allow_http(options, 1), "http");
    must(hd_options_allow_network(options, "127.0.0.1/32"), "network");
    must(hd_options_allow_ports(options, 1024, 65535), "ports");
    must(hd_client_new(options, &client), "client");
    hd_options_free(options);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%s/", port);
    must(hd_webhook_new(&webhook), "webhook");
    must(hd_webhook_set_project(webhook, "interop"), "project");
    must(hd_webhook_set_url(webhook, url), "url");
    must(hd_webhook_set_secret(webhook, secret, strlen(secret)), "secret");
    must(hd_webhook_set_standard_headers(webhook, 1), "headers");
    must(hd_client_put_webhook(client, webhook), "put");
    hd_webhook_free(webhook);
    return client;
}

static void send_event(hd_client *client, int type) {
    hd_event *event = NULL;
    must(hd_event_new_sample(type, &event), "event");
    must(hd_event_set(event, HD_FIELD_PROJECT, "interop", HD_TEXT_NUL), "project");
    must(hd_event_set_customer(event, "user@example.com", "J\xC3\xA4ne \xF0\x9F\x8E\xAB \"Smith\""), "customer");
    must(hd_webhook_send(client, event, NULL), "send");
    hd_event_free(event);
}

static int send_all(const char *port, const char *secret) {
    hd_client *client = make_client(port, secret);
    for (int type = HD_TICKET_CREATED; type <= HD_MESSAGE_RECEIVED; type++)
        send_event(client, type);
    must(hd_client_flush(client, 30000), "flush");
    int all = hd_client_counter(client, HD_COUNTER_DELIVERED) == 3;
    hd_client_free(client);
    return all ? 0 : 1;
}

static int accept_line(hd_receiver *receiver, const json_t *line) {
    const json_t *headers = json_object_get(line, "headers"), *body = json_object_get(line, "body");
    hd_request *request;
    hd_acceptance *acceptance;
    must(hd_request_new(&request), "request");
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *header = json_array_get(headers, i);
        (void)hd_request_add_header(request, json_string_value(json_array_get(header, 0)), HD_TEXT_NUL,
                                    json_string_value(json_array_get(header, 1)), HD_TEXT_NUL);
    }
    (void)hd_request_add_body(request, json_string_value(body), json_string_length(body));
    int status = hd_receiver_accept(receiver, request, &acceptance);
    hd_acceptance_free(acceptance);
    hd_request_free(request);
    return status;
}

static int accept_all(const char *secret) {
    hd_receiver *receiver = NULL;
    json_t *request;
    must(hd_receiver_new(&receiver), "receiver");
    must(hd_receiver_add_secret(receiver, secret, strlen(secret)), "secret");
    while ((request = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL))) {
        (void)puts(hd_status_name(accept_line(receiver, request)));
        json_decref(request);
    }
    hd_receiver_free(receiver);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "send") == 0)
        return send_all(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "accept") == 0)
        return accept_all(argv[2]);
    (void)fputs("usage: interop send PORT SECRET | accept SECRET\n", stderr);
    return 2;
}
