#include "cli/slack.h"

#include "cli/json.h"
#include "cli/text.h"

#include <string.h>

#define BLOCKS_MAX 50
#define FIELDS_MAX 10
#define TEXT_MAX 3000 /* characters of a section's text (docs.slack.dev/reference/block-kit/blocks/section-block) */
#define FIELD_MAX 2000

const char *cli_slack_word(int status) {
    switch (status) {
    case 400:
        return "invalid_payload";
    case 403:
        return "action_prohibited";
    case 404:
        return "channel_not_found";
    case 410:
        return "channel_is_archived";
    case 429:
        return "rate_limited";
    default:
        return status < 300 ? "ok" : "rollup_error";
    }
}

/* ---- Blocks ---- */

/* How many code points UTF-8 has. */
static size_t characters(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static int is_text(const json_t *text, size_t most) {
    const char *type = json_string_value(json_object_get(text, "type"));
    const char *value = json_string_value(json_object_get(text, "text"));
    return type && (strcmp(type, "mrkdwn") == 0 || strcmp(type, "plain_text") == 0) && value && *value &&
           characters(value) <= most;
}

static int are_fields(const json_t *fields) {
    for (size_t i = 0; i < json_array_size(fields); i++)
        if (!is_text(json_array_get(fields, i), FIELD_MAX))
            return 0;
    return json_array_size(fields) <= FIELDS_MAX;
}

static const char *fault_of_block(const json_t *block) {
    const char *type = json_string_value(json_object_get(block, "type"));
    const json_t *text = json_object_get(block, "text"), *fields = json_object_get(block, "fields");
    if (!type)
        return "a block has no type";
    if (strcmp(type, "section") != 0)
        return NULL;
    if (!text && json_array_size(fields) == 0)
        return "a section has neither text nor fields";
    if (text && !is_text(text, TEXT_MAX))
        return "the text of a section must be an object with type and text, which has 1 to 3000 characters";
    return are_fields(fields) ? NULL : "the fields of a section must be at most 10 texts of 1 to 2000 characters";
}

static const char *fault_of_blocks(const json_t *blocks) {
    if (!json_is_array(blocks))
        return "blocks must be a list";
    if (json_array_size(blocks) > BLOCKS_MAX)
        return "there are more than 50 blocks";
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        const char *fault = fault_of_block(json_array_get(blocks, i));
        if (fault)
            return fault;
    }
    return NULL;
}

/* ---- Escapes ---- */

/* & must be the beginning of &amp; &lt; or &gt;, and < that of a link, a mention or a date. */
static int is_escaped(const char *text) {
    for (; *text; text++) {
        if (*text == '&' && strncmp(text, "&amp;", 5) != 0 && strncmp(text, "&lt;", 4) != 0 &&
            strncmp(text, "&gt;", 4) != 0)
            return 0;
        if (*text == '<' && !(text[1] && strchr("#@!", text[1])) && strncmp(text + 1, "http", 4) != 0 &&
            strncmp(text + 1, "mailto:", 7) != 0)
            return 0;
    }
    return 1;
}

/* Slack takes plain_text as it is. */
static int is_escaped_object(const json_t *object) {
    const char *type = json_string_value(json_object_get(object, "type"));
    const char *text = json_string_value(json_object_get(object, "text"));
    return !type || !text || strcmp(type, "mrkdwn") != 0 || is_escaped(text);
}

static int is_escaped_block(const json_t *block) {
    const json_t *fields = json_object_get(block, "fields");
    for (size_t i = 0; i < json_array_size(fields); i++)
        if (!is_escaped_object(json_array_get(fields, i)))
            return 0;
    return is_escaped_object(json_object_get(block, "text"));
}

static int is_escaped_message(const json_t *message) {
    const char *text = json_string_value(json_object_get(message, "text"));
    const json_t *blocks = json_object_get(message, "blocks");
    for (size_t i = 0; i < json_array_size(blocks); i++)
        if (!is_escaped_block(json_array_get(blocks, i)))
            return 0;
    return !text || is_escaped(text);
}

/* ---- The message ---- */

static int has_content(const json_t *message) {
    const char *text = json_string_value(json_object_get(message, "text"));
    return (text && *text) || json_object_get(message, "blocks") ||
           json_array_size(json_object_get(message, "attachments")) > 0;
}

static void judge(const json_t *message, struct slack_answer *answer) {
    const json_t *blocks = json_object_get(message, "blocks");
    const char *fault = blocks ? fault_of_blocks(blocks) : NULL;
    if (!json_is_object(message))
        *answer = (struct slack_answer){400, "invalid_payload", "the body is not a JSON object"};
    else if (!has_content(message))
        *answer = (struct slack_answer){400, "no_text", "the message has no text, blocks or attachments"};
    else if (fault)
        *answer = (struct slack_answer){400, "invalid_blocks", fault};
    else if (!is_escaped_message(message))
        *answer = (struct slack_answer){200, "ok", "& or < is not escaped: Slack shows the text otherwise than meant"};
    else
        *answer = (struct slack_answer){200, "ok", NULL};
}

static json_t *read_message(const struct bytes *body) {
    return json_loadb(body->data ? body->data : "", body->len, JSON_DECODE_ANY, NULL);
}

static int is_json_type(const char *type) {
    static const char json[] = "application/json";
    return type && cli_starts_nocase(type, json) && strchr("; \t", type[sizeof json - 1]);
}

static int is_slack_path(const char *target) {
    return strncmp(target, SLACK_PATH, sizeof SLACK_PATH - 1) == 0 && strchr("?", target[sizeof SLACK_PATH - 1]);
}

void cli_slack_answer(const struct request *request, struct slack_answer *answer) {
    *answer = (struct slack_answer){400, "invalid_payload", NULL};
    if (!is_slack_path(request->target)) {
        *answer = (struct slack_answer){404, "no_service", "the webhook is at " SLACK_PATH};
    } else if (strcmp(request->method, "POST") != 0) {
        answer->remark = "it is no POST";
    } else if (!is_json_type(cli_request_header(request, "Content-Type"))) {
        answer->remark = "its Content-Type is not application/json";
    } else {
        json_t *message = read_message(&request->body);
        judge(message, answer);
        json_decref(message);
    }
}

int cli_is_slack_message(const struct bytes *body) {
    json_t *message = read_message(body);
    int is_message = json_is_object(message) && !json_object_get(message, "event") && has_content(message);
    json_decref(message);
    return is_message;
}
