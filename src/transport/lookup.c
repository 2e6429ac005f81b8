#include "transport/lookup.h"

#include "base/buffer.h"
#include "endpoint/host.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRESSES_MAX 32 /* of those that may be reached */

static void append_address(struct hd__buffer *out, const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (out->len > 0)
        hd__buffer_text(out, ",");
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        hd__buffer_text(out, inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text));
    } else {
        memcpy(&v6, address, sizeof v6);
        hd__buffer_text(out, "[");
        hd__buffer_text(out, inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text));
        hd__buffer_text(out, "]");
    }
}

static const char *failure_of(int code) {
    switch (code) {
    case EAI_NONAME:
        return "no such name";
    case EAI_AGAIN:
        return "the name server does not answer";
    case EAI_MEMORY:
        return "out of memory";
    default:
        return "the lookup failed";
    }
}

/* Keeps the addresses that the policy, if there is one, lets deliveries go to, in the system's order. */
static void take_addresses(const struct hd__policy *policy, const struct addrinfo *found, struct hd__lookup *answer) {
    struct hd__buffer out = {0};
    const char *first_rule = NULL;
    int count = 0;
    for (const struct addrinfo *at = found; at && count < ADDRESSES_MAX; at = at->ai_next) {
        if (at->ai_family != AF_INET && at->ai_family != AF_INET6)
            continue;
        const char *rule = policy ? hd__address_blocked(policy, at->ai_addr) : NULL;
        if (!first_rule)
            first_rule = rule;
        if (rule)
            continue;
        append_address(&out, at->ai_addr);
        count++;
    }
    answer->blocked = count == 0 ? first_rule : NULL;
    answer->failure = out.failed ? "out of memory" : "the name has no address";
    if (out.failed)
        hd__buffer_free(&out);
    answer->addresses = out.data;
}

static void take_localhost(const struct hd__policy *policy, struct hd__lookup *answer) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct addrinfo second = {.ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&v6};
    struct addrinfo first = {.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&v4, .ai_next = &second};
    take_addresses(policy, &first, answer);
}

struct hd__lookup hd__look_up(const struct hd__policy *policy, const char *host) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    struct hd__lookup answer = {.is_known = 1};
    if (hd__host_is_localhost(host)) {
        take_localhost(policy, &answer);
        return answer;
    }
    int code = getaddrinfo(host, NULL, &hints, &found);
    if (code != 0) {
        answer.is_known = code != EAI_AGAIN && code != EAI_MEMORY && code != EAI_SYSTEM;
        answer.failure = failure_of(code);
        return answer;
    }
    take_addresses(policy, found, &answer);
    freeaddrinfo(found);
    return answer;
}
