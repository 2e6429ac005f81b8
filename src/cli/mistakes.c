#include "cli/mistakes.h"

#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "helmdesk.h"

#include <stdlib.h>
#include <string.h>

#define VARIANTS 24

/* One form of the body, the signature or the secret, and what had to be done for it. */
struct variant {
    const char *name, *text;
    struct bytes bytes;
};

struct variants {
    struct variant items[VARIANTS]; /* the first as it is */
    size_t count;
};

static void free_variants(struct variants *variants) {
    for (size_t i = 0; i < variants->count; i++)
        cli_bytes_free(&variants->items[i].bytes);
}

/* Copies bytes. Without memory the variant is left out. */
static struct variant *add(struct variants *variants, const char *name, const char *text, const void *data,
                           size_t len) {
    char *copy = variants->count < VARIANTS ? malloc(len + 2) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, data, len);
    copy[len] = copy[len + 1] = '\0';
    struct variant *variant = &variants->items[variants->count++];
    *variant = (struct variant){name, text, {copy, len}};
    return variant;
}

/* ---- The body ---- */

static int ends_with(const struct bytes *bytes, const char *end) {
    size_t length = strlen(end);
    return bytes->len >= length && memcmp(bytes->data + bytes->len - length, end, length) == 0;
}

static void add_line_breaks(struct variants *bodies, const struct bytes *body) {
    if (ends_with(body, "\r\n"))
        add(bodies, "final_newline", "the line break (CR LF) at its end is removed", body->data, body->len - 2);
    else if (ends_with(body, "\n"))
        add(bodies, "final_newline", "the line break at its end is removed", body->data, body->len - 1);
    struct variant *longer =
        add(bodies, "missing_final_newline", "a line break is added at its end", body->data, body->len);
    if (longer) {
        longer->bytes.data[body->len] = '\n';
        longer->bytes.len++;
    }
}

static void add_without_cr(struct variants *bodies, const struct bytes *body) {
    struct variant *shorter = memchr(body->data, '\r', body->len)
                                  ? add(bodies, "crlf", "its line breaks become LF", body->data, body->len)
                                  : NULL;
    if (!shorter)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < body->len; i++)
        if (body->data[i] != '\r' || body->data[i + 1] != '\n')
            shorter->bytes.data[kept++] = body->data[i];
    shorter->bytes.data[shorter->bytes.len = kept] = '\0';
}

/* As the library writes an event, and as a JSON library writes anything without blanks. */
static void add_written_anew(struct variants *bodies, const struct bytes *body) {
    static const char text[] = "the JSON is written again as it was sent (it was parsed and re-encoded on the way)";
    hd_event *event = NULL;
    size_t length = 0;
    if (hd_event_parse(body->data, body->len, &event) == HD_OK) {
        (void)hd_event_render(event, HD_FORMAT_JSON, NULL, 0, &length);
        char *rendered = malloc(length + 1);
        if (rendered && hd_event_render(event, HD_FORMAT_JSON, rendered, length + 1, NULL) == HD_OK)
            add(bodies, "reencoded_json", text, rendered, length);
        free(rendered);
    }
    hd_event_free(event);
    json_t *value = json_loadb(body->data, body->len, JSON_DECODE_ANY, NULL);
    char *compact = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (compact)
        add(bodies, "reencoded_json", text, compact, strlen(compact));
    free(compact);
    json_decref(value);
}

/* Jansson writes the digits of its escapes in capitals. */
static void lower_escapes(char *text) {
    for (; *text; text++) {
        if (*text != '\\')
            continue;
        text++; /* what is escaped */
        for (int i = 1; *text == 'u' && i <= 4 && text[i]; i++)
            text[i] = (char)cli_lower(text[i]);
    }
}

/* Encoders of other languages, whose signer took what they write: PHP's json_encode(), and Python's json.dumps(), with
 * its own separators and without. */
static void add_of_encoders(struct variants *bodies, const struct bytes *body) {
    static const struct {
        size_t flags;
        int is_lower;
        const char *text;
    } encoders[] = {
        {JSON_COMPACT | JSON_ENSURE_ASCII, 1,
         "it is JSON with every letter beyond ASCII escaped (the signer wrote \\u00e4)"},
        {JSON_COMPACT | JSON_ENSURE_ASCII, 0,
         "it is JSON with every letter beyond ASCII escaped (the signer wrote \\u00E4)"},
        {JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH, 1,
         "it is JSON with letters and slashes escaped (the signer used PHP's json_encode() without flags)"},
        {JSON_COMPACT | JSON_ESCAPE_SLASH, 0, "it is JSON with slashes escaped (the signer wrote \\/)"},
        {JSON_ENSURE_ASCII, 1, "it is JSON with blanks after ',' and ':' (the signer used Python's json.dumps())"},
        {0, 0, "it is JSON with blanks after ',' and ':' (the signer used json.dumps(ensure_ascii=False))"},
    };
    json_t *value = json_loadb(body->data, body->len, JSON_DECODE_ANY, NULL);
    for (size_t i = 0; value && i < sizeof encoders / sizeof *encoders; i++) {
        char *text = json_dumps(value, encoders[i].flags | JSON_ENCODE_ANY);
        if (text && encoders[i].is_lower)
            lower_escapes(text);
        if (text)
            add(bodies, "escaped_json", encoders[i].text, text, strlen(text));
        free(text);
    }
    json_decref(value);
}

/* UTF-8 that was read as Latin-1 and written as UTF-8: each of its characters stands for a byte. */
static void add_without_mojibake(struct variants *bodies, const struct bytes *body) {
    char *bytes = malloc(body->len + 1);
    unsigned long point = 0;
    size_t at = 0, length = 0, step;
    int is_changed = 0;
    while (bytes && at < body->len && (step = cli_character(body->data + at, body->len - at, &point)) > 0 &&
           point < 256) {
        bytes[length++] = (char)point;
        is_changed |= point >= 128;
        at += step;
    }
    if (bytes && at == body->len && is_changed)
        add(bodies, "mojibake", "its UTF-8 is not encoded a second time (something read it as Latin-1)", bytes, length);
    free(bytes);
}

/* What a form of one field has for its value: application/x-www-form-urlencoded. */
static void add_of_form(struct variants *bodies, const struct bytes *body) {
    const char *equals = memchr(body->data, '=', body->len);
    char *value = equals && body->data[0] != '{' ? malloc(body->len + 1) : NULL;
    size_t length = 0;
    if (!value)
        return;
    for (const char *at = equals + 1; *at && *at != '&'; at++) {
        int high = *at == '%' ? cli_hex_digit(at[1]) : -1, low = high >= 0 ? cli_hex_digit(at[2]) : -1;
        value[length++] = (char)(low >= 0 ? high << 4 | low : *at == '+' ? ' ' : *at);
        at += low >= 0 ? 2 : 0;
    }
    add(bodies, "form_encoded", "it is taken out of the form (a field that holds the JSON) that it was put into", value,
        length);
    free(value);
}

static void list_bodies(struct variants *bodies, const struct bytes *body) {
    add(bodies, NULL, NULL, body->data, body->len);
    add_line_breaks(bodies, body);
    add_without_cr(bodies, body);
    if (body->len > 3 && memcmp(body->data, "\xef\xbb\xbf", 3) == 0)
        add(bodies, "byte_order_mark", "the byte order mark at its beginning is removed", body->data + 3,
            body->len - 3);
    add_written_anew(bodies, body);
    add_of_encoders(bodies, body);
    add_without_mojibake(bodies, body);
    add_of_form(bodies, body);
    if (body->len > 0)
        add(bodies, "empty_body", "it is empty: something had read it before it was signed", "", 0);
}

/* ---- The signature ---- */

static void to_hex(const unsigned char *bytes, size_t len, char *hex) {
    for (size_t i = 0; i < len; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

/* What 32 bytes are in base64 is 44 characters. */
static void add_from_base64(struct variants *signatures, const char *signature, size_t length) {
    unsigned char bytes[64];
    char hex[2 * sizeof bytes + 1];
    size_t decoded = 0;
    if (length == 44 && cli_base64_decode(signature, length, bytes, &decoded) && decoded == 32) {
        to_hex(bytes, decoded, hex);
        add(signatures, "base64_signature", "the signature is written in hexadecimal digits, not in base64", hex, 64);
    }
}

static void list_signatures(struct variants *signatures, const char *signature) {
    char hex[65];
    const char *start = signature + strspn(signature, " \t\r\n\"'");
    size_t length = strcspn(start, " \t\r\n\"'");
    add(signatures, NULL, NULL, signature, strlen(signature));
    if (length != strlen(signature))
        add(signatures, "signature_quoted", "the blanks or quotes around the signature are removed", start, length);
    if (strncmp(start, "sha256=", 7) == 0)
        add(signatures, "signature_prefix", "'sha256=' before the signature is removed", start + 7, length - 7);
    add_from_base64(signatures, start, length);
    if (length != 64)
        return;
    for (size_t i = 0; i < 64; i++)
        hex[i] = (char)cli_lower(start[i]);
    if (memcmp(hex, start, 64) != 0)
        add(signatures, "upper_case_signature", "the signature is written in lower case", hex, 64);
}

/* ---- The secret ---- */

static size_t space_before(const char *text, size_t length) {
    size_t at = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < length && strchr(" \t\r\n\"'", text[at]) && text[at])
        at++;
    return at;
}

/* What comes along when a secret is copied: a byte order mark, blanks, quotes, line breaks; and the label of a
 * signature in Standard Webhooks. */
static void add_bare_secret(struct variants *secrets, const struct bytes *secret) {
    size_t begin = space_before(secret->data, secret->len), end = secret->len;
    while (end > begin && secret->data[end - 1] && strchr(" \t\r\n\"'", secret->data[end - 1]))
        end--;
    if (end - begin < secret->len && end > begin)
        add(secrets, "secret_quoted",
            "the blanks, quotes, line breaks or byte order mark around the secret are removed", secret->data + begin,
            end - begin);
    if (end - begin > 3 && memcmp(secret->data + begin, "v1,", 3) == 0)
        add(secrets, "secret_label", "'v1,' before the secret is removed (it labels signatures)",
            secret->data + begin + 3, end - begin - 3);
}

static void list_secrets(struct variants *secrets, const struct bytes *secret) {
    unsigned char bytes[1024];
    size_t length = 0;
    int has_prefix = secret->len > 6 && memcmp(secret->data, "whsec_", 6) == 0;
    add(secrets, NULL, NULL, secret->data, secret->len);
    add_bare_secret(secrets, secret);
    if (has_prefix) {
        if (secret->len - 6 <= sizeof bytes / 3 * 4 &&
            cli_base64_decode(secret->data + 6, secret->len - 6, bytes, &length) && length > 0)
            add(secrets, "decoded_secret",
                "the secret's base64 is decoded (the signer did that; X-Helmdesk-Signature takes it as it stands)",
                bytes, length);
        add(secrets, "secret_without_prefix", "'whsec_' is taken off the secret (the signer did that)",
            secret->data + 6, secret->len - 6);
        return;
    }
    struct variant *longer = add(secrets, "secret_without_prefix", "'whsec_' is put before the secret", "", 0);
    char *whole = longer ? realloc(longer->bytes.data, secret->len + 8) : NULL;
    if (whole) {
        memcpy(whole, "whsec_", 6);
        memcpy(whole + 6, secret->data, secret->len);
        whole[secret->len + 6] = '\0';
        longer->bytes = (struct bytes){whole, secret->len + 6};
    }
}

static void add_secret_with_newline(struct variants *secrets, const struct bytes *secret) {
    struct variant *longer = add(secrets, "secret_newline", "the secret ends with a line break (the signer read it so)",
                                 secret->data, secret->len);
    if (longer) {
        longer->bytes.data[secret->len] = '\n';
        longer->bytes.len++;
    }
}

/* ---- All of them ---- */

static void note(struct explanation *explanation, const struct variant *variant) {
    if (!variant->name)
        return;
    explanation->names[explanation->count] = variant->name;
    explanation->texts[explanation->count++] = variant->text;
}

/* Of which signature this is, with so many mistakes in all; NULL for none. */
static const struct variant *find_signature(const struct variants *signatures, const char *signed_as, size_t mistakes) {
    for (size_t i = mistakes == 0 ? 0 : 1; i < (mistakes == 0 ? 1 : signatures->count); i++) {
        const struct bytes *bytes = &signatures->items[i].bytes;
        if (mistakes <= 1 && bytes->len == HD_SIGNATURE_SIZE - 1 && memcmp(bytes->data, signed_as, bytes->len) == 0)
            return &signatures->items[i];
    }
    return NULL;
}

/* Those with exactly this many mistakes. Signing is what takes time: it is done once for each body and secret. */
static int try_all(const struct variants *bodies, const struct variants *signatures, const struct variants *secrets,
                   size_t mistakes, struct explanation *explanation) {
    char signed_as[HD_SIGNATURE_SIZE];
    for (size_t b = 0; b < bodies->count; b++)
        for (size_t s = 0; s < secrets->count; s++) {
            const struct variant *body = &bodies->items[b], *secret = &secrets->items[s], *signature;
            size_t here = (size_t)((b > 0) + (s > 0));
            if (here > mistakes || mistakes - here > 1 ||
                hd_sign(body->bytes.data, body->bytes.len, secret->bytes.data, secret->bytes.len, signed_as,
                        sizeof signed_as) != HD_OK ||
                !(signature = find_signature(signatures, signed_as, mistakes - here)))
                continue;
            note(explanation, body);
            note(explanation, signature);
            note(explanation, secret);
            return 1;
        }
    return 0;
}

void cli_explanation_text(const struct explanation *explanation, char *text, size_t size) {
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < explanation->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", and " : "matches if ", explanation->texts[i]);
}

json_t *cli_explanation_json(const struct explanation *explanation) {
    json_t *list = json_array();
    for (size_t i = 0; i < explanation->count; i++)
        json_array_append_new(list, json_string(explanation->names[i]));
    return list;
}

int cli_explain_mismatch(const struct bytes *body, const char *signature, const struct bytes *secret,
                         struct explanation *explanation) {
    struct variants bodies = {.count = 0}, signatures = {.count = 0}, secrets = {.count = 0};
    *explanation = (struct explanation){.count = 0};
    list_bodies(&bodies, body);
    list_signatures(&signatures, signature);
    list_secrets(&secrets, secret);
    add_secret_with_newline(&secrets, secret);
    for (size_t mistakes = 1; mistakes <= MISTAKES_MAX; mistakes++)
        if (try_all(&bodies, &signatures, &secrets, mistakes, explanation))
            break;
    free_variants(&bodies);
    free_variants(&signatures);
    free_variants(&secrets);
    return explanation->count > 0;
}
