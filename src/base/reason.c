/* The sentence for each reason, for the page, the tool and the log. */
#include "base/reason.h"

#include <string.h>

#define REASON_MAP(X)                                                                                                  \
    X(HD_REASON_DELIVERED, "The receiver confirmed the delivery.")                                                     \
    X(HD_REASON_HTTP_3XX,                                                                                              \
      "The receiver answered with a redirect, which is not followed. Enter the final address as the webhook's URL.")   \
    X(HD_REASON_HTTP_400,                                                                                              \
      "The receiver rejected the request (400). Look at its response, and check that the webhook has the format that " \
      "the receiver expects.")                                                                                         \
    X(HD_REASON_HTTP_401_403,                                                                                          \
      "The receiver refused the request (401 or 403). Most often its secret is not the webhook's, or it re-encodes "   \
      "the JSON before it checks the signature: compare the secret, and verify the raw body.")                         \
    X(HD_REASON_HTTP_404_410, "There is nothing at this URL (404 or 410). Check the path of the webhook's URL.")       \
    X(HD_REASON_HTTP_413,                                                                                              \
      "The receiver says that the body is too large (413). Raise its limit; bodies with messages are the largest.")    \
    X(HD_REASON_HTTP_429, "The receiver asks for fewer requests (429). Lower the webhook's limit of "                  \
                          "deliveries at once, or raise the receiver's rate limit.")                                   \
    X(HD_REASON_HTTP_4XX, "The receiver refused the request (4xx). Look at its response.")                             \
    X(HD_REASON_HTTP_5XX, "The receiver failed (5xx). Look at its own log at this time.")                              \
    X(HD_REASON_BAD_RESPONSE,                                                                                          \
      "What answered does not speak HTTP correctly. Check host and port, and whether it is an https server.")          \
    X(HD_REASON_RESPONSE_TOO_LARGE,                                                                                    \
      "The receiver's response has more than 64 KiB of headers. A receiver should respond with 200 and little else.")  \
    X(HD_REASON_TIMEOUT_CONNECT,                                                                                       \
      "No connection within the time limit. The server is down, unreachable, or a firewall drops the packets.")        \
    X(HD_REASON_TIMEOUT_TOTAL, "No response within the time limit. The receiver may still have done the work: let it " \
                               "respond first, then work.")                                                            \
    X(HD_REASON_DNS,                                                                                                   \
      "No address was found for the host name. Check its spelling, its DNS records and its name servers.")             \
    X(HD_REASON_REFUSED,                                                                                               \
      "Nothing listens on this port: the connection was refused. Start the receiver, or correct the port.")            \
    X(HD_REASON_UNREACHABLE, "The network has no route to this address. Check routing and firewalls.")                 \
    X(HD_REASON_RESET, "The receiver closed the connection before it had answered. Look at its own log at this time.") \
    X(HD_REASON_TLS_UNTRUSTED,                                                                                         \
      "The receiver's certificate is not signed by a known authority. Install the whole chain there, or have "         \
      "this program trust the authority.")                                                                             \
    X(HD_REASON_TLS_NAME,                                                                                              \
      "The receiver does not have a certificate for this host name. Correct the certificate or the webhook's URL.")    \
    X(HD_REASON_TLS_EXPIRED, "A certificate of the receiver has expired. Renew it.")                                   \
    X(HD_REASON_TLS_PROTOCOL,                                                                                          \
      "No secure connection could be agreed on. The receiver must speak HTTP/1.1 over TLS 1.2 or 1.3 on this port.")   \
    X(HD_REASON_BLOCKED,                                                                                               \
      "The address is not public, and this program does not allow deliveries to it. No packet was sent.")              \
    X(HD_REASON_CANCELED, "The program was shut down before the delivery had ended.")                                  \
    X(HD_REASON_SLACK, "Slack refused the message. Its response says why.")                                            \
    X(HD_REASON_INTERNAL,                                                                                              \
      "This program could not make the delivery: out of memory or sockets, or its certificate file cannot be read.")   \
    X(HD_REASON_DROPPED,                                                                                               \
      "Too many deliveries to this webhook wait already, and it has taken none for a while. Nothing was sent.")        \
    X(HD_REASON_PAUSED,                                                                                                \
      "The webhook is paused because it failed too often. Nothing was sent; it is tried again when the pause is "      \
      "over.")                                                                                                         \
    X(HD_REASON_DISCARDED,                                                                                             \
      "Somebody discarded what waited for this webhook. Nothing was sent; it can be sent again from the log.")         \
    X(HD_REASON_TLS_NOT_YET_VALID,                                                                                     \
      "A certificate of the receiver is not valid yet. Check the clock of this machine, and when the certificate "     \
      "begins.")                                                                                                       \
    X(HD_REASON_TLS_UNFIT,                                                                                             \
      "The receiver's certificate is revoked, too weak or made for another purpose. Get another one for it.")          \
    X(HD_REASON_TLS_CLIENT_CERTIFICATE,                                                                                \
      "The receiver wants a client certificate that it accepts. Set one in the webhook, or have the receiver not "     \
      "require it.")                                                                                                   \
    X(HD_REASON_PROXY_FAILED,                                                                                          \
      "The proxy of this program could not be used. Check its address, and that it runs and makes tunnels (CONNECT).") \
    X(HD_REASON_PROXY_REFUSED,                                                                                         \
      "The proxy of this program refused the connection. Check the user name and the password that it is given, and "  \
      "its own rules.")                                                                                                \
    X(HD_REASON_PROXY_GATEWAY,                                                                                         \
      "The proxy of this program made no connection to the receiver. Check host and port of the webhook's URL, and "   \
      "whether the proxy can reach them.")

#define ONE(code, text) +1
_Static_assert(0 REASON_MAP(ONE) == HD__REASON_COUNT, "HD__REASON_COUNT names the last reason");
#undef ONE

int hd__reason_known(int reason) {
    return reason >= HD_REASON_DELIVERED && reason - HD_REASON_DELIVERED < HD__REASON_COUNT;
}

int hd__outcome_known(int outcome) {
    return outcome >= HD_OUTCOME_DELIVERED && outcome <= HD_OUTCOME_RETRYING;
}

const char *hd_reason_text(int reason) {
    switch (reason) {
#define EXPLAIN(code, text)                                                                                            \
    case code:                                                                                                         \
        return text;
        REASON_MAP(EXPLAIN)
#undef EXPLAIN
    default:
        return "This version of the library knows no such reason.";
    }
}

int hd__reason_is_ours(int reason) {
    return reason == HD_REASON_INTERNAL || reason == HD_REASON_PROXY_FAILED || reason == HD_REASON_PROXY_REFUSED;
}

int hd__reason_tells_of_attempt(int reason) {
    switch (reason) {
    case HD_REASON_CANCELED:
    case HD_REASON_INTERNAL:
    case HD_REASON_DROPPED:
    case HD_REASON_PAUSED:
    case HD_REASON_DISCARDED:
        return 0;
    default:
        return 1;
    }
}

static const struct {
    const char *word;
    int answers_json; /* is what Slack says of the JSON format, and nobody else */
    const char *text;
} slack_words[] = {
    {"missing_text_or_fallback_or_attachments", 1, "Slack got the JSON format. Switch the webhook's format to Slack."},
    {"no_text", 1, "Slack got the JSON format. Switch the webhook's format to Slack."},
    {"invalid_payload", 0, "Slack cannot read the message. Please report the event that caused it."},
    {"invalid_blocks", 0, "Slack refuses the message's blocks. Please report the event that caused it."},
    {"user_not_found", 0, "The user that this Slack webhook posts as is gone. Make a new incoming webhook in Slack."},
    {"action_prohibited", 0, "An administrator of the Slack workspace forbids this webhook to post there."},
    {"invalid_token", 0, "Slack does not know this webhook's URL any more. Make a new incoming webhook in Slack."},
    {"no_service", 0, "This Slack webhook was removed or disabled. Make a new incoming webhook in Slack."},
    {"no_team", 0, "The Slack workspace of this webhook does not exist any more."},
    {"channel_not_found", 0, "The channel of this Slack webhook is gone. Make a new incoming webhook in Slack."},
    {"channel_is_archived", 0, "The channel of this Slack webhook is archived. Restore it, or choose another channel."},
    {"rollup_error", 0, "Slack had an error of its own. Try again later."},
};

const char *hd__slack_word(const char *body, size_t len, int format) {
    for (size_t i = 0; i < sizeof slack_words / sizeof slack_words[0]; i++) {
        const char *word = slack_words[i].word;
        size_t word_len = strlen(word);
        if (format != HD_FORMAT_SLACK && !slack_words[i].answers_json)
            continue;
        if (len >= word_len && memcmp(body, word, word_len) == 0 &&
            (len == word_len || !strchr("_abcdefghijklmnopqrstuvwxyz", body[word_len])))
            return word;
    }
    return NULL;
}

static const char *slack_text(const char *word) {
    for (size_t i = 0; i < sizeof slack_words / sizeof slack_words[0]; i++)
        if (strcmp(slack_words[i].word, word) == 0)
            return slack_words[i].text;
    return hd_reason_text(HD_REASON_SLACK);
}

const char *hd__explain(int reason, const char *detail) {
    switch (reason) {
    case HD_REASON_SLACK:
        return slack_text(detail);
    case HD_REASON_TLS_UNTRUSTED:
    case HD_REASON_TLS_NAME:
    case HD_REASON_TLS_EXPIRED:
    case HD_REASON_TLS_PROTOCOL:
    case HD_REASON_TLS_NOT_YET_VALID:
    case HD_REASON_TLS_UNFIT:
    case HD_REASON_TLS_CLIENT_CERTIFICATE:
        return *detail ? detail : hd_reason_text(reason);
    default:
        return hd_reason_text(reason);
    }
}
