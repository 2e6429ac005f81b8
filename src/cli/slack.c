#include "cli/slack.h"

#include "cli/json.h"

#include <string.h>

#define BLOCKS_MAX 50
#define TEXT_MAX 3000 /* characters of a section's text (docs.slack.dev/reference/block-kit/blocks/section-block) */

const char *cli_slack_word(int status) {
    switch (status) {
    case 200:
        return "ok";
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
        return "rollup_error";
    }
}

/* How many code points UTF-8 has. */
static size_t characters(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static int is_text(const json_t *text) {
    const char *type = json_string_value(json_object_get(text, "type"));
    const char *value = json_string_value(json_object_get(text, "text"));
    return type && (strcmp(type, "mrkdwn") == 0 || strcmp(type, "plain_text") == 0) && value && *value &&
           characters(value) <= TEXT_MAX;
}

static int is_block(const json_t *block) {
    const char *type = json_string_value(json_object_get(block, "type"));
    const json_t *text = json_object_get(block, "text"), *fields = json_object_get(block, "fields");
    if (!type)
        return 0;
    if (strcmp(type, "section") != 0)
        return 1;
    return text ? is_text(text) : json_array_size(fields) > 0;
}

static int are_blocks(const json_t *blocks) {
    size_t index;
    json_t *block;
    if (!json_is_array(blocks) || json_array_size(blocks) == 0 || json_array_size(blocks) > BLOCKS_MAX)
        return 0;
    json_array_foreach((json_t *)blocks, index, block) if (!is_block(block)) return 0;
    return 1;
}

/* & must be the beginning of &amp; &lt; or &gt;, and < that of a link, a mention or a date. */
static int is_escaped(const char *text) {
    for (; *text; text++) {
        if (*text == '&' && strncmp(text, "&amp;", 5) != 0 && strncmp(text, "&lt;", 4) != 0 &&
            strncmp(text, "&gt;", 4) != 0)
            return 0;
        if (*text == '<' && !(strchr("#@!", text[1]) && text[1]) && strncmp(text + 1, "http", 4) != 0 &&
            strncmp(text + 1, "mailto:", 7) != 0)
            return 0;
    }
    return 1;
}

static int all_escaped(const json_t *message) {
    const char *text = json_string_value(json_object_get(message, "text"));
    size_t index;
    json_t *block;
    if (text && !is_escaped(text))
        return 0;
    json_array_foreach(json_object_get(message, "blocks"), index, block) {
        text = json_string_value(json_object_get(json_object_get(block, "text"), "text"));
        if (text && !is_escaped(text))
            return 0;
    }
    return 1;
}

static const char *refusal(const json_t *message) {
    const json_t *blocks = json_object_get(message, "blocks");
    if (!json_is_object(message))
        return "invalid_payload";
    if (!blocks && !json_object_get(message, "text") && !json_object_get(message, "attachments"))
        return "no_text";
    return blocks && !are_blocks(blocks) ? "invalid_blocks" : NULL;
}

void cli_slack_answer(const struct request *request, struct slack_answer *answer) {
    *answer = (struct slack_answer){400, "invalid_payload", NULL};
    if (strcmp(request->target, SLACK_PATH) != 0) {
        *answer = (struct slack_answer){404, "no_service", NULL};
        return;
    }
    json_t *message = strcmp(request->method, "POST") == 0
                          ? json_loadb(request->body.data ? request->body.data : "", request->body.len, 0, NULL)
                          : NULL;
    const char *word = message ? refusal(message) : "invalid_payload";
    if (word)
        answer->word = word;
    else
        *answer = (struct slack_answer){200, "ok", all_escaped(message) ? NULL : "& or < is not escaped"};
    json_decref(message);
}
