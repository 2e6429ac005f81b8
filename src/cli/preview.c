#include "cli/preview.h"

#include "cli/json.h"
#include "cli/output.h"
#include "cli/target.h"

#include <stdlib.h>
#include <string.h>

#define FIXED 3

/* The request, as far as it is known before it is sent. */
struct preview {
    const char *url;
    const char *names[FIXED + 16], *values[FIXED + 16];
    size_t count;
    char signature[HD_SIGNATURE_SIZE];
    char *body;
    size_t length;
    int is_masked;
};

static int sign(const hd_webhook *webhook, const hd_event *event, struct preview *preview) {
    size_t secret_len;
    const void *secret = hd_webhook_secret(webhook, &secret_len);
    int format = hd_webhook_format(webhook);
    (void)hd_event_render(event, format, NULL, 0, &preview->length);
    preview->body = malloc(preview->length + 1);
    int status =
        preview->body ? hd_event_render(event, format, preview->body, preview->length + 1, NULL) : HD_E_NO_MEMORY;
    if (status == HD_OK)
        status =
            hd_sign(preview->body, preview->length, secret, secret_len, preview->signature, sizeof preview->signature);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "send");
}

static void add(struct preview *preview, const char *name, const char *value) {
    preview->names[preview->count] = name;
    preview->values[preview->count++] = value;
}

/* Addresses and added headers may be secrets; those of this machine are none. */
static void fill(const hd_webhook *webhook, const hd_event *event, int reveals, struct preview *preview) {
    const char *url = hd_webhook_url(webhook), *masked = hd_webhook_masked_url(webhook);
    preview->url = reveals || cli_is_local(url) ? url : masked;
    preview->is_masked = strcmp(preview->url, url) != 0;
    add(preview, "Content-Type", "application/json");
    add(preview, "X-Helmdesk-Event", hd_event_name(event));
    add(preview, "X-Helmdesk-Signature", preview->signature);
    for (size_t i = 0; i < hd_webhook_header_count(webhook); i++) {
        add(preview, hd_webhook_header_name(webhook, i), reveals ? hd_webhook_header_value(webhook, i) : "********");
        preview->is_masked |= !reveals;
    }
}

static json_t *headers_json(const struct preview *preview) {
    json_t *list = json_array();
    for (size_t i = 0; i < preview->count; i++)
        json_array_append_new(list, json_pack("[s, s]", preview->names[i], preview->values[i]));
    return list;
}

static int write_json(const struct preview *preview) {
    return cli_json_print(json_pack("{s:s, s:s, s:o, s:I, s:o}", "method", "POST", "url", preview->url, "headers",
                                    headers_json(preview), "bytes", (json_int_t)preview->length, "body",
                                    cli_json_text(preview->body, preview->length)));
}

static void write_request(const struct preview *preview) {
    printf("POST %s\n", preview->url);
    for (size_t i = 0; i < preview->count; i++)
        printf("%s: %s\n", preview->names[i], preview->values[i]);
    printf("\n%s\n", preview->body);
}

/* In single quotes, as every shell reads it. */
static void write_quoted(const char *before, const char *text) {
    putchar('\'');
    for (fputs(before, stdout); *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    putchar('\'');
}

/* Without user name and password, unless they are to be shown. Returns whether something is left out. */
static int write_proxy(const struct args *args) {
    const char *given = cli_proxy(args);
    if (!given)
        return 0;
    const char *host = cli_proxy_host(given), *begin = strstr(given, "://");
    size_t scheme = begin ? (size_t)(begin + 3 - given) : 0;
    int is_masked = host != given + scheme && !cli_has(args, OPT_REVEAL);
    char *url = malloc(strlen(given) + 1);
    if (!url)
        return 1;
    memcpy(url, given, scheme);
    strcpy(url + scheme, is_masked ? host : given + scheme);
    fputs("--proxytunnel --proxy ", stdout);
    write_quoted("", url);
    putchar(' ');
    free(url);
    return is_masked;
}

/* What the command line says of the connection. Returns whether something is left out. */
static int write_curl_options(const struct args *args) {
    const char *ca_file = cli_value(args, OPT_CA_FILE), *certificate = cli_value(args, OPT_CLIENT_CERTIFICATE), *given;
    int64_t timeout_ms = 5000;
    size_t index = 0;
    (void)cli_duration(args, OPT_TIMEOUT, 5000, &timeout_ms); /* checked before */
    printf("curl --globoff --max-time %g ", (double)timeout_ms / 1000);
    if (ca_file) {
        fputs("--cacert ", stdout);
        write_quoted("", ca_file);
        putchar(' ');
    }
    if (certificate) {
        fputs("--cert ", stdout);
        write_quoted("", certificate);
        putchar(' ');
    }
    while ((given = cli_next_value(args, OPT_RESOLVE, &index))) {
        fputs("--resolve ", stdout);
        write_quoted("", given);
        putchar(' ');
    }
    return write_proxy(args);
}

static void write_curl(const struct args *args, struct preview *preview) {
    preview->is_masked |= write_curl_options(args);
    write_quoted("", preview->url);
    for (size_t i = 0; i < preview->count; i++) {
        char head[140];
        snprintf(head, sizeof head, "%s: ", preview->names[i]);
        fputs(" \\\n  -H ", stdout);
        write_quoted(head, preview->values[i]);
    }
    fputs(" \\\n  --data-binary ", stdout);
    write_quoted("", preview->body);
    putchar('\n');
}

int cli_preview(const struct args *args, const hd_webhook *webhook, const hd_event *event) {
    struct preview preview = {0};
    int code = sign(webhook, event, &preview);
    if (code == CLI_OK) {
        fill(webhook, event, cli_has(args, OPT_REVEAL), &preview);
        if (cli_is_json())
            code = write_json(&preview);
        else if (cli_has(args, OPT_CURL))
            write_curl(args, &preview);
        else
            write_request(&preview);
        if (preview.is_masked)
            cli_note("An address, a header or a password is masked; --reveal shows it.");
        if (hd_webhook_standard_headers(webhook))
            cli_note("webhook-id, webhook-timestamp and webhook-signature are made when it is sent.");
    }
    free(preview.body);
    return code;
}
