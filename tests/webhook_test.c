/* SPDX-License-Identifier: MIT */
/** @file webhook_test.c Webhooks as objects: what setters take, above all which URLs and headers, and what is shown. */
#include "support/bodies.h"
#include "support/support.h"

#define URL_MAX 2048
#define HOST_MAX 253
#define HEADERS_MAX 16

static hd_webhook *new_webhook(void) {
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_non_null(webhook);
    return webhook;
}

static void assert_same_bytes(const void *a, const void *b, size_t length) {
    assert_non_null(a);
    assert_memory_equal(a, b, length);
}

/* A new webhook gets all events as JSON, is switched on, and has an id and a secret of its own. */
static void test_defaults(void **state) {
    (void)state;
    hd_webhook *webhook = new_webhook();
    size_t secret_len = 0;
    const char *secret = hd_webhook_secret(webhook, &secret_len);
    assert_int_equal(secret_len, HD_SECRET_SIZE - 1);
    assert_same_bytes(secret, "whsec_", 6);
    assert_int_equal(strlen(secret), secret_len);
    assert_int_equal(hd_webhook_subscribed(webhook, HD_TICKET_CREATED), 1);
    assert_int_equal(hd_webhook_subscribed(webhook, HD_TICKET_RESOLVED), 1);
    assert_int_equal(hd_webhook_subscribed(webhook, HD_MESSAGE_RECEIVED), 1);
    assert_int_equal(hd_webhook_format(webhook), HD_FORMAT_JSON);
    assert_int_equal(hd_webhook_mode(webhook), HD_MODE_ON);
    assert_int_equal(hd_webhook_max_in_flight(webhook), 4);
    assert_int_equal(hd_webhook_header_count(webhook), 0);
    assert_null(hd_webhook_project(webhook));
    assert_string_equal(hd_webhook_name(webhook), "");
    assert_null(hd_webhook_url(webhook));
    assert_null(hd_webhook_masked_url(webhook));
    hd_webhook_free(webhook);
    assert_int_equal(hd_webhook_new(NULL), HD_E_INVALID);
}

static int compare_ids(const void *a, const void *b) {
    return strcmp(a, b);
}

/* Fresh ids are UUIDs in lower case; no two ids and no two secrets are the same. */
static void test_fresh_ids_and_secrets(void **state) {
    (void)state;
    enum {
        COUNT = 500
    };
    static char ids[COUNT][37];
    static char secrets[COUNT][HD_SECRET_SIZE];
    for (size_t i = 0; i < COUNT; i++) {
        hd_webhook *webhook = new_webhook();
        const char *id = hd_webhook_id(webhook);
        assert_int_equal(strlen(id), 36);
        for (size_t j = 0; j < 36; j++) {
            const char *allowed = j == 8 || j == 13 || j == 18 || j == 23 ? "-" : j == 19 ? "89ab" : "0123456789abcdef";
            if (strchr(allowed, id[j]) == NULL)
                fail_msg("%s is no UUID", id);
        }
        assert_true(id[14] == '4' || id[14] == '7'); /* the versions that are random */
        memcpy(ids[i], id, 37);
        size_t secret_len = 0;
        memcpy(secrets[i], hd_webhook_secret(webhook, &secret_len), HD_SECRET_SIZE);
        hd_webhook_free(webhook);
    }
    qsort(ids, COUNT, sizeof ids[0], compare_ids);
    qsort(secrets, COUNT, sizeof secrets[0], compare_ids);
    for (size_t i = 1; i < COUNT; i++) {
        assert_string_not_equal(ids[i - 1], ids[i]);
        assert_string_not_equal(secrets[i - 1], secrets[i]);
    }
}

/* Text fields, each with its bounds and its own status. */
static const struct field {
    const char *label;
    int (*set)(hd_webhook *webhook, const char *text);
    const char *(*get)(const hd_webhook *webhook);
    size_t min, max;
    int is_utf8; /* otherwise printable ASCII */
    int status;
} fields[] = {
    {"id", hd_webhook_set_id, hd_webhook_id, 1, 128, 0, HD_E_WEBHOOK_ID},
    {"project", hd_webhook_set_project, hd_webhook_project, 1, 128, 0, HD_E_PROJECT},
    {"name", hd_webhook_set_name, hd_webhook_name, 0, 256, 1, HD_E_WEBHOOK_NAME},
};

static void assert_field(const struct field *field, const char *text, int good) {
    hd_webhook *webhook = new_webhook();
    assert_int_equal(field->set(webhook, "before"), HD_OK);
    int status = field->set(webhook, text);
    if (status != (good ? HD_OK : field->status))
        fail_msg("%s: %s for \"%.40s\"", field->label, hd_status_name(status), text == NULL ? "(null)" : text);
    assert_string_equal(field->get(webhook), good ? text : "before");
    hd_webhook_free(webhook);
}

/* Id, project and name are taken up to their documented length, and on failure nothing is changed. */
static void test_text_lengths(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        char *most = repeated("a", fields[i].max);
        char *more = repeated("a", fields[i].max + 1);
        assert_field(&fields[i], most, 1);
        assert_field(&fields[i], more, 0);
        assert_field(&fields[i], "", fields[i].min == 0);
        assert_field(&fields[i], "a", 1);
        assert_field(&fields[i], NULL, 0);
        free(most);
        free(more);
    }
}

/* Every single byte, and every control character, in every field. */
static void test_text_characters(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        for (int byte = 1; byte < 256; byte++) {
            const char text[] = {'a', (char)byte, 'z', '\0'};
            assert_field(&fields[i], text, byte >= (fields[i].is_utf8 ? ' ' : '!') && byte <= '~');
        }
        for (int byte = 0x80; byte < 0xC0; byte++) { /* U+0080 to U+00BF; up to U+009F they are controls */
            const char text[] = {'a', '\xC2', (char)byte, 'z', '\0'};
            assert_field(&fields[i], text, fields[i].is_utf8 && byte >= 0xA0);
        }
        for (size_t j = 0; j < LENGTH_OF(invalid_utf8); j++)
            assert_field(&fields[i], invalid_utf8[j], 0);
        assert_field(&fields[i], "Caf\xC3\xA9 \xF0\x9F\x98\x80 \xE6\x97\xA5", fields[i].is_utf8);
    }
}

static int url_status(const char *url) {
    hd_webhook *webhook = new_webhook();
    int status = hd_webhook_set_url(webhook, url);
    if (status == HD_OK) {
        assert_string_equal(hd_webhook_url(webhook), url); /* as it was given, not as a parser would write it */
        assert_non_null(hd_webhook_masked_url(webhook));
    } else {
        assert_null(hd_webhook_url(webhook));
        assert_null(hd_webhook_masked_url(webhook));
    }
    hd_webhook_free(webhook);
    return status;
}

/* URLs that people have. */
static void test_valid_urls(void **state) {
    (void)state;
    static const char *const urls[] = {
        "https://example.com",
        "https://example.com/",
        "HTTPS://EXAMPLE.COM/Path",
        "hTTps://example.com/",
        "http://example.com/hook",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "https://example.com:1/",
        "https://example.com:443/",
        "https://example.com:65535/",
        "https://example.com?token=a",
        "https://example.com/a/../b//c?x=1&y=%20%0A+!$'()*,;:@",
        "https://example.com/user@example.com",
        "https://example.com/?to=user:pw@example.com",
        "https://example.com/http://other.example/",
        "https://xn--bcher-kva.example/",
        "https://a-b.c_d.example.com/",
        "https://1.example.com/",
        "https://example.1com/",
        "https://localhost:8443/",
        "https://127.0.0.1/",
        "https://203.0.113.7:8443/hook",
        "https://[::1]/",
        "https://[2001:db8::1]:8443/hook",
        "https://[::ffff:127.0.0.1]/",
    };
    for (size_t i = 0; i < LENGTH_OF(urls); i++) {
        int status = url_status(urls[i]);
        if (status != HD_OK)
            fail_msg("%s for %s", hd_status_name(status), urls[i]);
    }
}

/* URLs that are refused, and what is said to be wrong with them. None of them gets as far as a name lookup. */
static void test_invalid_urls(void **state) {
    (void)state;
    static const struct {
        const char *url;
        int status;
    } cases[] = {
        {NULL, HD_E_URL},
        {"", HD_E_URL},
        /* Blanks are not trimmed: what is shown is what is used. */
        {" ", HD_E_URL},
        {" https://example.com/", HD_E_URL},
        {"https://example.com/ ", HD_E_URL},
        {"https://example.com/a b", HD_E_URL},
        {"https://exa mple.com/", HD_E_URL},
        {"\thttps://example.com/", HD_E_URL},
        /* Control characters could become headers. */
        {"https://example.com/\r\nX-Evil: 1", HD_E_URL},
        {"https://example.com/\n", HD_E_URL},
        {"https://example.com/\x01", HD_E_URL},
        {"https://exam\x7Fple.com/", HD_E_URL},
        {"https://example.com/\t", HD_E_URL},
        /* What non-ASCII host names mean depends on the machine's locale; in paths they are to be percent-encoded. */
        {"https://b\xC3\xBC"
         "cher.example/",
         HD_E_URL},
        {"https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", HD_E_URL},
        {"https://127\xE3\x80\x82"
         "0\xE3\x80\x82"
         "0\xE3\x80\x82"
         "1/",
         HD_E_URL},
        {"https://example.com/\xE2\x9C\x93", HD_E_URL},
        {"https://example.com/\xFF", HD_E_URL},
        /* No scheme, or not one followed by a host. */
        {"example.com", HD_E_URL},
        {"example.com/hook", HD_E_URL},
        {"www.example.com", HD_E_URL},
        {"//example.com/", HD_E_URL},
        {"/hook", HD_E_URL},
        {"://example.com/", HD_E_URL},
        {":", HD_E_URL},
        {"https", HD_E_URL},
        {"https:", HD_E_URL},
        {"https:/", HD_E_URL},
        {"https://", HD_E_URL_HOST},
        {"https:example.com", HD_E_URL},
        {"https:/example.com/", HD_E_URL},
        {"https:///example.com/", HD_E_URL},
        {"https:////example.com/", HD_E_URL},
        {"https:\\\\example.com\\", HD_E_URL},
        /* Other schemes. */
        {"ftp://example.com/", HD_E_URL_SCHEME},
        {"file:///etc/passwd", HD_E_URL_SCHEME},
        {"gopher://example.com/", HD_E_URL_SCHEME},
        {"dict://example.com/", HD_E_URL_SCHEME},
        {"javascript:alert(1)", HD_E_URL_SCHEME},
        {"data:text/plain,x", HD_E_URL_SCHEME},
        {"ws://example.com/", HD_E_URL_SCHEME},
        {"wss://example.com/", HD_E_URL_SCHEME},
        {"httpss://example.com/", HD_E_URL_SCHEME},
        {"xhttps://example.com/", HD_E_URL_SCHEME},
        {"mailto:user@example.com", HD_E_URL_SCHEME},
        {"unix:///var/run/docker.sock", HD_E_URL_SCHEME},
        /* User names deceive people about the host, and passwords leak. */
        {"https://user@example.com/", HD_E_URL_USERINFO},
        {"https://user:pw@example.com/", HD_E_URL_USERINFO},
        {"https://:pw@example.com/", HD_E_URL_USERINFO},
        {"https://@example.com/", HD_E_URL_USERINFO},
        {"https://a@b@example.com/", HD_E_URL_USERINFO},
        {"https://good.example@evil.example/", HD_E_URL_USERINFO},
        {"https://good.example\\@evil.example/", HD_E_URL_USERINFO},
        {"https://user@example.com", HD_E_URL_USERINFO},
        {"https://user@example.com?x", HD_E_URL_USERINFO},
        /* Ports. */
        {"https://example.com:0/", HD_E_URL_PORT},
        {"https://example.com:00/", HD_E_URL_PORT},
        {"https://example.com:65536/", HD_E_URL_PORT},
        {"https://example.com:4294967739/", HD_E_URL_PORT},
        {"https://example.com:18446744073709552059/", HD_E_URL_PORT},
        {"https://example.com:/", HD_E_URL_PORT},
        {"https://example.com:", HD_E_URL_PORT},
        {"https://example.com:?x", HD_E_URL_PORT},
        {"https://example.com:80a/", HD_E_URL_PORT},
        {"https://example.com:a/", HD_E_URL_PORT},
        {"https://example.com:-1/", HD_E_URL_PORT},
        {"https://example.com:+80/", HD_E_URL_PORT},
        {"https://example.com:80:80/", HD_E_URL_HOST},
        {"https://[::1]:/", HD_E_URL_PORT},
        {"https://[::1]:0/", HD_E_URL_PORT},
        /* Fragments never leave a browser. */
        {"https://example.com/#", HD_E_URL},
        {"https://example.com/#section", HD_E_URL},
        {"https://example.com#@evil.example/", HD_E_URL},
        /* Hosts. */
        {"https://?x", HD_E_URL_HOST},
        {"https://:443/", HD_E_URL_HOST},
        {"https://example.com./", HD_E_URL_HOST},
        {"https://localhost./", HD_E_URL_HOST},
        {"https://.example.com/", HD_E_URL_HOST},
        {"https://example..com/", HD_E_URL_HOST},
        {"https://./", HD_E_URL_HOST},
        {"https://evil.example\\.good.example/", HD_E_URL_HOST},
        {"https://256.256.256.256/", HD_E_URL_HOST},
        {"https://1.2.3.4.5/", HD_E_URL_HOST},
        {"https://4294967296/", HD_E_URL_HOST},
        {"https://example.123/", HD_E_URL_HOST},
        {"https://example.0x7f/", HD_E_URL_HOST},
        {"https://exa%20mple.com/", HD_E_URL_HOST},
        {"https://example.com%2F.evil.example/", HD_E_URL_HOST},
        {"https://example.com%00.evil.example/", HD_E_URL_HOST},
        {"https://good.example%40evil.example/", HD_E_URL_HOST},
        {"https://exam<ple.com/", HD_E_URL_HOST},
        {"https://example.com;x/", HD_E_URL_HOST},
        {"https://exa,mple.com/", HD_E_URL_HOST},
        {"https://*.example.com/", HD_E_URL_HOST},
        {"https://[::1/", HD_E_URL_HOST},
        {"https://[]/", HD_E_URL_HOST},
        {"https://[gggg::]/", HD_E_URL_HOST},
        {"https://[1:2:3:4:5:6:7:8:9]/", HD_E_URL_HOST},
        {"https://[127.0.0.1]/", HD_E_URL_HOST},
        {"https://[fe80::1%25eth0]/", HD_E_URL_HOST},
        {"https://::1/", HD_E_URL_HOST},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        int status = url_status(cases[i].url);
        if (status != cases[i].status) {
            fail_msg("%s, not %s, for %s", hd_status_name(status), hd_status_name(cases[i].status),
                     cases[i].url == NULL ? "(null)" : cases[i].url);
        }
    }
}

/* No byte but 0x21 to 0x7E is ever in a URL. */
static void test_url_bytes(void **state) {
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char url[] = "https://example.com/x";
        url[strlen(url) - 1] = (char)byte;
        int good = byte > ' ' && byte <= '~' && byte != '#';
        assert_int_equal(url_status(url), good ? HD_OK : HD_E_URL);
    }
}

/* 2,048 bytes are a URL, one more is none, and a megabyte costs no time. */
static void test_url_length(void **state) {
    (void)state;
    static const char start[] = "https://example.com/";
    char *path = repeated("p", 1000000);
    char *url = must_malloc(sizeof start + 1000000);
    (void)snprintf(url, sizeof start + 1000000, "%s%s", start, path);
    int64_t before = now_ms();
    assert_int_equal(url_status(url), HD_E_URL);
    assert_true(now_ms() - before < 1000);
    url[URL_MAX + 1] = '\0';
    assert_int_equal(url_status(url), HD_E_URL);
    url[URL_MAX] = '\0';
    assert_int_equal(url_status(url), HD_OK);
    free(url);
    free(path);
}

/* A host of 253 characters can be looked up, one of 254 cannot. */
static void test_host_length(void **state) {
    (void)state;
    char *label = repeated("a", 63);
    char url[512];
    for (size_t last = 61; last <= 62; last++) {
        int length = snprintf(url, sizeof url, "https://%s.%s.%s.%.*s/", label, label, label, (int)last, label);
        assert_int_equal(length, (int)(strlen("https:///") + HOST_MAX + last - 61));
        assert_int_equal(url_status(url), last == 61 ? HD_OK : HD_E_URL_HOST);
    }
    free(label);
}

/* A label of a host has at most 63 characters (RFC 1035 2.3.4). */
static void test_label_length(void **state) {
    (void)state;
    char *label = repeated("a", 64);
    char url[128];
    (void)snprintf(url, sizeof url, "https://%s.com/", label);
    assert_int_equal(url_status(url), HD_E_URL_HOST);
    (void)snprintf(url, sizeof url, "https://%s.com/", label + 1);
    assert_int_equal(url_status(url), HD_OK);
    free(label);
}

/* A refused URL leaves the one before as it was. */
static void test_url_is_kept_on_failure(void **state) {
    (void)state;
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/a-path-that-is-long"), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://user@example.com/"), HD_E_URL_USERINFO);
    assert_string_equal(hd_webhook_url(webhook), "https://example.com/a-path-that-is-long");
    assert_string_equal(hd_webhook_masked_url(webhook), "https://example.com/\xE2\x80\xA6long");
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.org/another-long-path"), HD_OK);
    assert_string_equal(hd_webhook_url(webhook), "https://example.org/another-long-path");
    assert_string_equal(hd_webhook_masked_url(webhook), "https://example.org/\xE2\x80\xA6path");
    hd_webhook_free(webhook);
}

/* The masked form of Slack's URL, which is itself a secret: scheme, host, and the last 4 characters. */
static void test_masked_url_of_slack(void **state) {
    (void)state;
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_set_url(webhook, "https://hooks.slack.com/services/T0SECRET/B0SECRET/XXXXXSECRETabcd"),
                     HD_OK);
    assert_string_equal(hd_webhook_masked_url(webhook), "https://hooks.slack.com/\xE2\x80\xA6"
                                                        "abcd");
    hd_webhook_free(webhook);
}

/* Whatever stands behind the host, of whatever length: never more than 4 characters of it are shown, never half of it.
 */
static void test_masked_url_never_leaks(void **state) {
    (void)state;
    static const char *const hosts[] = {"https://example.com", "http://example.com:8080", "https://[2001:db8::1]:8443"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < LENGTH_OF(hosts); i++) {
        for (size_t length = 0; length <= 60; length++) {
            for (int query = 0; query < 2; query++) {
                char rest[80];
                char url[160];
                (void)snprintf(rest, sizeof rest, "%c%.*s", query ? '?' : '/', (int)length, letters);
                (void)snprintf(url, sizeof url, "%s%s", hosts[i], rest);
                hd_webhook *webhook = new_webhook();
                assert_int_equal(hd_webhook_set_url(webhook, url), HD_OK);
                const char *masked = hd_webhook_masked_url(webhook);
                size_t host_length = strlen(hosts[i]);
                assert_memory_equal(masked, hosts[i], host_length);
                /* Of the rest, only letters at the end are shown. */
                size_t shown = 0;
                for (const char *c = masked + host_length; *c != '\0'; c++)
                    shown += strchr(letters, *c) != NULL;
                assert_true(shown <= 4);
                assert_true(shown * 2 <= length);
                assert_true(length < 12 || shown == 4);
                assert_string_equal(masked + strlen(masked) - shown, url + strlen(url) - shown);
                hd_webhook_free(webhook);
            }
        }
    }
}

/* Secrets are any 1 to 1,024 bytes, kept exactly, with a NUL behind them. */
static void test_secret(void **state) {
    (void)state;
    static const size_t good[] = {1, 15, 16, 32, 64, 1024};
    char secret[1025];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (char)(i * 7);
    hd_webhook *webhook = new_webhook();
    for (size_t i = 0; i < LENGTH_OF(good); i++) {
        assert_int_equal(hd_webhook_set_secret(webhook, secret, good[i]), HD_OK);
        size_t secret_len = 0;
        const char *kept = hd_webhook_secret(webhook, &secret_len);
        assert_int_equal(secret_len, good[i]);
        assert_same_bytes(kept, secret, good[i]);
        assert_int_equal(kept[secret_len], '\0');
        assert_ptr_not_equal(kept, secret);
    }
    assert_int_equal(hd_webhook_set_secret(webhook, secret, 0), HD_E_SECRET);
    assert_int_equal(hd_webhook_set_secret(webhook, secret, 1025), HD_E_SECRET);
    assert_int_equal(hd_webhook_set_secret(webhook, secret, SIZE_MAX), HD_E_SECRET);
    assert_int_equal(hd_webhook_set_secret(webhook, NULL, 16), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_secret(webhook, NULL, 0), HD_E_SECRET); /* a variable that is not set */
    size_t secret_len = 0;
    assert_same_bytes(hd_webhook_secret(webhook, &secret_len), secret, 1024);
    assert_int_equal(secret_len, 1024);
    /* What the getter answers may be set again. */
    assert_int_equal(hd_webhook_set_secret(webhook, hd_webhook_secret(webhook, &secret_len), 32), HD_OK);
    assert_same_bytes(hd_webhook_secret(webhook, &secret_len), secret, 32);
    assert_int_equal(secret_len, 32);
    hd_webhook_free(webhook);
}

/* Each event type is switched on its own. */
static void test_events(void **state) {
    (void)state;
    static const int types[] = {HD_TICKET_CREATED, HD_TICKET_RESOLVED, HD_MESSAGE_RECEIVED,
                                HD_ALERT_FAILING,  HD_ALERT_PAUSED,    HD_ALERT_RECOVERED};
    hd_webhook *webhook = new_webhook();
    for (size_t i = 0; i < LENGTH_OF(types); i++) /* alerts are asked for by name */
        assert_int_equal(hd_webhook_subscribed(webhook, types[i]), types[i] < HD_ALERT_FAILING);
    for (unsigned set = 0; set < 64; set++) {
        for (size_t i = 0; i < LENGTH_OF(types); i++)
            assert_int_equal(hd_webhook_set_subscribed(webhook, types[i], set >> i & 1), HD_OK);
        for (size_t i = 0; i < LENGTH_OF(types); i++)
            assert_int_equal(hd_webhook_subscribed(webhook, types[i]), set >> i & 1);
    }
    static const int bad_types[] = {HD_EVENT_UNKNOWN, 7, 31, 32, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < LENGTH_OF(bad_types); i++) {
        assert_int_equal(hd_webhook_set_subscribed(webhook, bad_types[i], 1), HD_E_EVENT_TYPE);
        assert_int_equal(hd_webhook_subscribed(webhook, bad_types[i]), 0);
    }
    assert_int_equal(hd_webhook_set_subscribed(webhook, HD_TICKET_CREATED, 2), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_subscribed(webhook, HD_TICKET_CREATED, -1), HD_E_INVALID);
    assert_int_equal(hd_webhook_subscribed(webhook, HD_TICKET_CREATED), 1);
    hd_webhook_free(webhook);
}

/* A rule is whole, or there is none, or it is never. */
static void test_pause_rule(void **state) {
    (void)state;
    static const struct {
        uint32_t failures, pause_ms;
        int status;
    } cases[] = {
        {1, 1000, HD_OK},
        {1000000, 86400000, HD_OK},
        {HD_PAUSE_NEVER, 0, HD_OK},
        {0, 0, HD_OK},
        {0, 1000, HD_E_PAUSE_RULE},
        {1, 0, HD_E_PAUSE_RULE},
        {1, 999, HD_E_PAUSE_RULE},
        {1, 86400001, HD_E_PAUSE_RULE},
        {1000001, 1000, HD_E_PAUSE_RULE},
        {HD_PAUSE_NEVER, 1000, HD_E_PAUSE_RULE},
        {HD_PAUSE_NEVER - 1, 1000, HD_E_PAUSE_RULE},
    };
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_pause_failures(webhook), 0);
    assert_int_equal(hd_webhook_pause_ms(webhook), 0);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        assert_int_equal(hd_webhook_set_pause_rule(webhook, 7, 7000), HD_OK);
        assert_int_equal(hd_webhook_set_pause_rule(webhook, cases[i].failures, cases[i].pause_ms), cases[i].status);
        int is_set = cases[i].status == HD_OK;
        assert_int_equal(hd_webhook_pause_failures(webhook), is_set ? cases[i].failures : 7);
        assert_int_equal(hd_webhook_pause_ms(webhook), is_set ? cases[i].pause_ms : 7000);
    }
    assert_int_equal(hd_webhook_set_pause_rule(NULL, 1, 1000), HD_E_INVALID);
    assert_int_equal(hd_webhook_pause_failures(NULL), 0);
    assert_int_equal(hd_webhook_pause_ms(NULL), 0);
    hd_webhook_free(webhook);
}

/* Format, mode and limit take the documented numbers only. */
static void test_numbers(void **state) {
    (void)state;
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_SLACK), HD_OK);
    assert_int_equal(hd_webhook_set_format(webhook, 2), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_format(webhook, -1), HD_E_INVALID);
    assert_int_equal(hd_webhook_format(webhook), HD_FORMAT_SLACK);
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_JSON), HD_OK);
    assert_int_equal(hd_webhook_format(webhook), HD_FORMAT_JSON);

    static const int modes[] = {HD_MODE_OFF, HD_MODE_ON, HD_MODE_HELD};
    for (size_t i = 0; i < LENGTH_OF(modes); i++) {
        assert_int_equal(hd_webhook_set_mode(webhook, modes[i]), HD_OK);
        assert_int_equal(hd_webhook_mode(webhook), modes[i]);
    }
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD + 1), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_mode(webhook, -1), HD_E_INVALID);
    assert_int_equal(hd_webhook_mode(webhook), HD_MODE_HELD);

    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    assert_int_equal(hd_webhook_max_in_flight(webhook), 1);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 64), HD_OK);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 0), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 65), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, UINT32_MAX), HD_E_INVALID);
    assert_int_equal(hd_webhook_max_in_flight(webhook), 64);
    hd_webhook_free(webhook);
}

/* A rate: from one a minute to one a millisecond, all three numbers or none; a refused one changes nothing. */
static void test_rate(void **state) {
    (void)state;
    static const struct {
        uint32_t count, period_ms, burst;
        int status;
    } cases[] = {
        {10, 1000, 1, HD_OK},
        {30, 60000, 1000, HD_OK},
        {1, 60000, 1, HD_OK},
        {1000, 1000, 1, HD_OK},
        {1, 1, 1, HD_OK},
        {1440, 86400000, 5, HD_OK},
        {86400000, 86400000, 5, HD_OK},
        {0, 0, 0, HD_OK},
        {1, 60001, 1, HD_E_RATE},
        {1439, 86400000, 1, HD_E_RATE},
        {1001, 1000, 1, HD_E_RATE},
        {1440, 86400001, 1, HD_E_RATE},
        {UINT32_MAX, UINT32_MAX, 1, HD_E_RATE},
        {10, 1000, 0, HD_E_RATE},
        {10, 1000, 1001, HD_E_RATE},
        {10, 0, 1, HD_E_RATE},
        {0, 1000, 1, HD_E_RATE},
        {0, 0, 1, HD_E_RATE},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        int good = cases[i].status == HD_OK;
        hd_webhook *webhook = new_webhook();
        assert_int_equal(hd_webhook_rate_count(webhook), 0);
        assert_int_equal(hd_webhook_set_rate(webhook, 5, 1000, 9), HD_OK);
        int status = hd_webhook_set_rate(webhook, cases[i].count, cases[i].period_ms, cases[i].burst);
        if (status != cases[i].status)
            fail_msg("row %zu: %s", i, hd_status_name(status));
        assert_int_equal(hd_webhook_rate_count(webhook), good ? cases[i].count : 5);
        assert_int_equal(hd_webhook_rate_period_ms(webhook), good ? cases[i].period_ms : 1000);
        assert_int_equal(hd_webhook_rate_burst(webhook), good ? cases[i].burst : 9);
        hd_webhook_free(webhook);
    }
    assert_int_equal(hd_webhook_set_rate(NULL, 1, 1000, 1), HD_E_INVALID);
    assert_int_equal(hd_webhook_rate_count(NULL) + hd_webhook_rate_period_ms(NULL) + hd_webhook_rate_burst(NULL), 0);
}

/* Headers that libhelmdesk or HTTP itself sets are nobody else's, in any case; names that only look alike are free. */
static void test_reserved_headers(void **state) {
    (void)state;
    static const char *const reserved[] = {
        "Host",
        "host",
        "HOST",
        "Content-Type",
        "content-length",
        "CONTENT-ENCODING",
        "Content-MD5",
        "Content-",
        "Transfer-Encoding",
        "transfer-encoding",
        "Connection",
        "Expect",
        "Upgrade",
        "TE",
        "te",
        "Trailer",
        "Keep-Alive",
        "User-Agent",
        "uSER-aGENT",
        "X-Helmdesk-Signature",
        "x-helmdesk-event",
        "X-HELMDESK-DELIVERY",
        "X-Helmdesk-Anything",
        "X-Helmdesk-",
        "Webhook-Id",
        "webhook-signature",
        "WEBHOOK-TIMESTAMP",
        "Proxy-Authorization",
        "proxy-connection",
    };
    hd_webhook *webhook = new_webhook();
    for (size_t i = 0; i < LENGTH_OF(reserved); i++)
        if (hd_webhook_set_header(webhook, reserved[i], "x") != HD_E_HEADER)
            fail_msg("%s can be set", reserved[i]);
    assert_int_equal(hd_webhook_header_count(webhook), 0);
    static const char *const free_names[] = {
        "Authorization", "X-Host",       "Hosts",      "Contents", "X-Content-Type", "Tea",         "Cookie",
        "Webhook",       "X-Webhook-Id", "X-Helmdesk", "Accept",   "Proxied",        "X-User-Agent"};
    for (size_t i = 0; i < LENGTH_OF(free_names); i++)
        if (hd_webhook_set_header(webhook, free_names[i], "x") != HD_OK)
            fail_msg("%s cannot be set", free_names[i]);
    assert_int_equal(hd_webhook_header_count(webhook), LENGTH_OF(free_names));
    hd_webhook_free(webhook);
}

/* A header's name is an RFC 9110 token: every byte is tried. */
static void test_header_name_bytes(void **state) {
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char name[] = {'X', (char)byte, '\0'};
        int good = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                   (byte < 128 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
        hd_webhook *webhook = new_webhook();
        assert_int_equal(hd_webhook_set_header(webhook, name, "x"), good ? HD_OK : HD_E_HEADER);
        assert_int_equal(hd_webhook_header_count(webhook), good);
        hd_webhook_free(webhook);
    }
}

/* A header's value is visible ASCII, spaces and tabs: every byte is tried, CR and LF above all. */
static void test_header_value_bytes(void **state) {
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char value[] = {'a', (char)byte, 'b', '\0'};
        int good = byte == '\t' || (byte >= ' ' && byte <= '~');
        hd_webhook *webhook = new_webhook();
        assert_int_equal(hd_webhook_set_header(webhook, "X-Test", "before"), HD_OK);
        assert_int_equal(hd_webhook_set_header(webhook, "X-Test", value), good ? HD_OK : HD_E_HEADER);
        assert_int_equal(hd_webhook_header_count(webhook), 1);
        assert_string_equal(hd_webhook_header_value(webhook, 0), good ? value : "before");
        hd_webhook_free(webhook);
    }
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_set_header(webhook, "X-Test", "a\r\nX-Helmdesk-Signature: forged"), HD_E_HEADER);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Test\r\nX-Helmdesk-Signature", "forged"), HD_E_HEADER);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Test: a", "b"), HD_E_HEADER);
    assert_int_equal(hd_webhook_header_count(webhook), 0);
    hd_webhook_free(webhook);
}

/* Names have 1 to 128 characters, values 0 to 1,024. */
static void test_header_lengths(void **state) {
    (void)state;
    char *name = repeated("n", 129);
    char *value = repeated("v", 1025);
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_set_header(webhook, "", "x"), HD_E_HEADER);
    assert_int_equal(hd_webhook_set_header(webhook, name, "x"), HD_E_HEADER);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Test", value), HD_E_HEADER);
    assert_int_equal(hd_webhook_header_count(webhook), 0);
    assert_int_equal(hd_webhook_set_header(webhook, name + 1, ""), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "n", value + 1), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), 2);
    assert_string_equal(hd_webhook_header_name(webhook, 0), name + 1);
    assert_string_equal(hd_webhook_header_value(webhook, 0), "");
    assert_string_equal(hd_webhook_header_name(webhook, 1), "n");
    assert_string_equal(hd_webhook_header_value(webhook, 1), value + 1);
    hd_webhook_free(webhook);
    free(name);
    free(value);
}

/* 16 headers fit; the 17th is refused, while those that are there can still be replaced and removed. */
static void test_header_count(void **state) {
    (void)state;
    hd_webhook *webhook = new_webhook();
    char name[16];
    for (int i = 0; i < HEADERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "X-%d", i);
        assert_int_equal(hd_webhook_set_header(webhook, name, name), HD_OK);
        assert_int_equal(hd_webhook_header_count(webhook), i + 1);
    }
    assert_int_equal(hd_webhook_set_header(webhook, "X-16", "x"), HD_E_LIMIT);
    assert_int_equal(hd_webhook_set_header(webhook, "X-7", "new"), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), HEADERS_MAX);
    for (int i = 0; i < HEADERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "X-%d", i);
        assert_string_equal(hd_webhook_header_name(webhook, (size_t)i), name);
        assert_string_equal(hd_webhook_header_value(webhook, (size_t)i), i == 7 ? "new" : name);
    }
    assert_null(hd_webhook_header_name(webhook, HEADERS_MAX));
    assert_null(hd_webhook_header_value(webhook, HEADERS_MAX));
    assert_null(hd_webhook_header_name(webhook, SIZE_MAX));
    assert_int_equal(hd_webhook_set_header(webhook, "X-0", NULL), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), HEADERS_MAX - 1);
    assert_string_equal(hd_webhook_header_name(webhook, 0), "X-1");
    assert_int_equal(hd_webhook_set_header(webhook, "X-16", "x"), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), HEADERS_MAX);
    hd_webhook_free(webhook);
}

/* Header names are the same in any case, so that no header is ever sent twice. */
static void test_header_replace_and_remove(void **state) {
    (void)state;
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_set_header(webhook, "Authorization", "Bearer a"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Other", "1"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "AUTHORIZATION", "Bearer b"), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), 2);
    assert_string_equal(hd_webhook_header_value(webhook, 0), "Bearer b");
    assert_int_equal(
        hd_webhook_set_header(webhook, hd_webhook_header_name(webhook, 0), hd_webhook_header_value(webhook, 0)), HD_OK);
    assert_string_equal(hd_webhook_header_value(webhook, 0), "Bearer b");
    assert_int_equal(hd_webhook_set_header(webhook, "X-Absent", NULL), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), 2);
    assert_int_equal(hd_webhook_set_header(webhook, "authorization", NULL), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), 1);
    assert_string_equal(hd_webhook_header_name(webhook, 0), "X-Other");
    assert_string_equal(hd_webhook_header_value(webhook, 0), "1");
    assert_int_equal(hd_webhook_set_header(webhook, hd_webhook_header_name(webhook, 0), NULL), HD_OK);
    assert_int_equal(hd_webhook_header_count(webhook), 0);
    assert_null(hd_webhook_header_name(webhook, 0));
    assert_int_equal(hd_webhook_set_header(webhook, NULL, "x"), HD_E_INVALID);
    hd_webhook_free(webhook);
}

/* Project, then URL, whatever was set first; nothing else is required. */
static void test_missing(void **state) {
    (void)state;
    for (unsigned set = 0; set < 4; set++) {
        hd_webhook *webhook = new_webhook();
        if (set & 2)
            assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/"), HD_OK);
        if (set & 1)
            assert_int_equal(hd_webhook_set_project(webhook, "p"), HD_OK);
        const char *expected = !(set & 1) ? "project" : !(set & 2) ? "url" : NULL;
        if (expected == NULL)
            assert_null(hd_webhook_missing(webhook));
        else
            assert_string_equal(hd_webhook_missing(webhook), expected);
        hd_webhook_free(webhook);
    }
    assert_string_equal(hd_webhook_missing(NULL), "project");
}

/* Setters copy: the caller may reuse its buffers at once. */
static void test_setters_copy(void **state) {
    (void)state;
    char buffers[7][32] = {"id", "project", "name", "https://example.com/", "secret", "X-Name", "value"};
    hd_webhook *webhook = new_webhook();
    assert_int_equal(hd_webhook_set_id(webhook, buffers[0]), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, buffers[1]), HD_OK);
    assert_int_equal(hd_webhook_set_name(webhook, buffers[2]), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, buffers[3]), HD_OK);
    assert_int_equal(hd_webhook_set_secret(webhook, buffers[4], 6), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, buffers[5], buffers[6]), HD_OK);
    memset(buffers, 'X', sizeof buffers);
    assert_string_equal(hd_webhook_id(webhook), "id");
    assert_string_equal(hd_webhook_project(webhook), "project");
    assert_string_equal(hd_webhook_name(webhook), "name");
    assert_string_equal(hd_webhook_url(webhook), "https://example.com/");
    size_t secret_len = 0;
    assert_string_equal(hd_webhook_secret(webhook, &secret_len), "secret");
    assert_string_equal(hd_webhook_header_name(webhook, 0), "X-Name");
    assert_string_equal(hd_webhook_header_value(webhook, 0), "value");
    /* And what a getter answers may be set again. */
    assert_int_equal(hd_webhook_set_id(webhook, hd_webhook_id(webhook)), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, hd_webhook_project(webhook)), HD_OK);
    assert_int_equal(hd_webhook_set_name(webhook, hd_webhook_name(webhook)), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, hd_webhook_url(webhook)), HD_OK);
    assert_string_equal(hd_webhook_id(webhook), "id");
    assert_string_equal(hd_webhook_project(webhook), "project");
    assert_string_equal(hd_webhook_name(webhook), "name");
    assert_string_equal(hd_webhook_url(webhook), "https://example.com/");
    hd_webhook_free(webhook);
}

/* Each mode has a name, and each name leads back to its mode. */
static void test_mode_names(void **state) {
    (void)state;
    static const struct {
        int mode;
        const char *name;
    } modes[] = {{HD_MODE_OFF, "off"}, {HD_MODE_ON, "on"}, {HD_MODE_HELD, "held"}};
    static const char *const strangers[] = {"", "On", "held ", "hold", "unknown", "1"};
    for (size_t i = 0; i < LENGTH_OF(modes); i++) {
        assert_string_equal(hd_mode_name(modes[i].mode), modes[i].name);
        assert_int_equal(hd_mode_from_name(modes[i].name), modes[i].mode);
    }
    assert_string_equal(hd_mode_name(-1), "unknown");
    assert_string_equal(hd_mode_name(HD_MODE_HELD + 1), "unknown");
    for (size_t i = 0; i < LENGTH_OF(strangers); i++)
        assert_int_equal(hd_mode_from_name(strangers[i]), 0);
    assert_int_equal(hd_mode_from_name(NULL), 0);
}

/* Every getter answers NULL or 0 for a NULL webhook, and every setter HD_E_INVALID; free does nothing. */
static void test_null_webhook(void **state) {
    (void)state;
    size_t secret_len = 0;
    assert_null(hd_webhook_id(NULL));
    assert_null(hd_webhook_project(NULL));
    assert_null(hd_webhook_name(NULL));
    assert_null(hd_webhook_url(NULL));
    assert_null(hd_webhook_masked_url(NULL));
    assert_null(hd_webhook_secret(NULL, &secret_len));
    assert_int_equal(hd_webhook_subscribed(NULL, HD_TICKET_CREATED), 0);
    assert_int_equal(hd_webhook_format(NULL), 0);
    assert_int_equal(hd_webhook_mode(NULL), 0);
    assert_int_equal(hd_webhook_max_in_flight(NULL), 0);
    assert_int_equal(hd_webhook_header_count(NULL), 0);
    assert_null(hd_webhook_header_name(NULL, 0));
    assert_null(hd_webhook_header_value(NULL, 0));
    assert_int_equal(hd_webhook_set_id(NULL, "i"), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_project(NULL, "p"), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_name(NULL, "n"), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_url(NULL, "https://example.com/"), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_secret(NULL, "s", 1), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_subscribed(NULL, HD_TICKET_CREATED, 1), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_format(NULL, HD_FORMAT_JSON), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_mode(NULL, HD_MODE_ON), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_header(NULL, "X-Test", "x"), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_max_in_flight(NULL, 1), HD_E_INVALID);
    hd_webhook_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_fresh_ids_and_secrets),
        cmocka_unit_test(test_text_lengths),
        cmocka_unit_test(test_text_characters),
        cmocka_unit_test(test_valid_urls),
        cmocka_unit_test(test_invalid_urls),
        cmocka_unit_test(test_url_bytes),
        cmocka_unit_test(test_url_length),
        cmocka_unit_test(test_host_length),
        cmocka_unit_test(test_label_length),
        cmocka_unit_test(test_url_is_kept_on_failure),
        cmocka_unit_test(test_masked_url_of_slack),
        cmocka_unit_test(test_masked_url_never_leaks),
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_pause_rule),
        cmocka_unit_test(test_reserved_headers),
        cmocka_unit_test(test_header_name_bytes),
        cmocka_unit_test(test_header_value_bytes),
        cmocka_unit_test(test_header_lengths),
        cmocka_unit_test(test_header_count),
        cmocka_unit_test(test_header_replace_and_remove),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_setters_copy),
        cmocka_unit_test(test_mode_names),
        cmocka_unit_test(test_null_webhook),
    };
    return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
