#include "cli/probe.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "endpoint/address.h"
#include "options.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* What libcurl's functions are given. */
struct asking {
    const hd_options *options;
    struct probe *probe;
    struct curl_slist *addresses; /* of --resolve */
    int is_blocked;               /* by the rules, at the last address that was tried */
};

void probe_versions(char *text, size_t size) {
    snprintf(text, size, "%s, Jansson %s", curl_version(), jansson_version_str());
}

void probe_authorities(const char *own, char *text, size_t size) {
    curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const char *place = own                    ? own
                        : info && info->cainfo ? info->cainfo
                        : info && info->capath ? info->capath
                                               : "/etc/ssl/certs/ca-certificates.crt";
    snprintf(text, size, "%s", place);
}

/* The Date header of the answer. */
static size_t read_header(char *line, size_t size, size_t count, void *user) {
    struct probe *probe = user;
    char date[64];
    size_t length = size * count;
    if (length > 5 && length < sizeof date && hd__starts_nocase(line, "date:")) {
        memcpy(date, line + 5, length - 5);
        date[length - 5] = '\0';
        time_t theirs = curl_getdate(date, NULL);
        probe->has_date = theirs != -1;
        probe->clock_off_s = (long)(theirs - time(NULL));
    }
    return length;
}

static size_t drop(char *data, size_t size, size_t count, void *user) {
    (void)data, (void)user;
    return size * count;
}

/* The rules are about the address that a name leads to, as they are for deliveries. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    struct asking *asking = user;
    const struct sockaddr_in6 *six = (const void *)&address->addr;
    const struct sockaddr_in *four = (const void *)&address->addr;
    char text[INET6_ADDRSTRLEN] = "?";
    (void)purpose;
    const char *why = hd__address_blocked(&asking->options->policy, &address->addr);
    asking->is_blocked = why != NULL;
    if (!why)
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    (void)inet_ntop(address->family,
                    address->family == AF_INET6 ? (const void *)&six->sin6_addr : (const void *)&four->sin_addr, text,
                    sizeof text);
    snprintf(asking->probe->address, sizeof asking->probe->address, "%s (%s)", text, why);
    return CURL_SOCKET_BAD;
}

static struct curl_slist *list_addresses(const hd_options *options) {
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < options->pins.count; i++) {
        const struct hd__pin *pin = &options->pins.items[i];
        char line[HD__PIN_HOST_SIZE + HD__PIN_ADDRESS_SIZE + 16];
        snprintf(line, sizeof line, "%s:%u:%s", pin->host, (unsigned)pin->port, pin->address);
        struct curl_slist *longer = curl_slist_append(list, line);
        list = longer ? longer : list;
    }
    return list;
}

/* As deliveries: no redirect, no proxy, TLS 1.2 (design decision 12). */
static void set_up(CURL *easy, const char *url, struct asking *asking) {
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)asking->options->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, asking->probe->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, read_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, asking->probe);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, asking);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, asking->addresses);
    if (asking->options->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, asking->options->ca_file);
}

static long milliseconds(CURL *easy, CURLINFO which) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy, which, &microseconds);
    return (long)(microseconds / 1000);
}

static void read_times(CURL *easy, struct probe *probe) {
    char *address = NULL;
    long port = 0, tls_ms = milliseconds(easy, CURLINFO_APPCONNECT_TIME_T);
    probe->dns_ms = milliseconds(easy, CURLINFO_NAMELOOKUP_TIME_T);
    probe->connect_ms = milliseconds(easy, CURLINFO_CONNECT_TIME_T) - probe->dns_ms;
    probe->tls_ms = tls_ms ? tls_ms - probe->connect_ms - probe->dns_ms : 0;
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    snprintf(probe->address, sizeof probe->address, "%s port %ld", address ? address : "?", port);
}

/* The first certificate is the receiver's own. */
static void read_certificate(CURL *easy, struct probe *probe) {
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1)
        return;
    for (struct curl_slist *line = chain->certinfo[0]; line; line = line->next)
        if (hd__starts_nocase(line->data, "Expire date:")) {
            time_t ends = curl_getdate(line->data + 12, NULL);
            if (ends != -1)
                probe->days_left = (long)((ends - time(NULL)) / 86400);
        }
}

static int fail(const struct asking *asking, CURLcode result) {
    struct probe *probe = asking->probe;
    if (asking->is_blocked) {
        snprintf(probe->error, sizeof probe->error, "its name leads to %s, where deliveries may not go",
                 probe->address);
        return CLI_BLOCKED;
    }
    if (!probe->error[0])
        snprintf(probe->error, sizeof probe->error, "%s", curl_easy_strerror(result));
    return CLI_UNREACHED;
}

int probe_url(const char *url, const hd_options *options, struct probe *probe) {
    struct asking asking = {.options = options, .probe = probe};
    int code = CLI_OK;
    *probe = (struct probe){.days_left = -1};
    CURL *easy = curl_easy_init();
    if (!easy) {
        snprintf(probe->error, sizeof probe->error, "libcurl could not be started");
        return CLI_INTERNAL;
    }
    asking.addresses = list_addresses(options);
    set_up(easy, url, &asking);
    CURLcode result = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK || status > 0) {
        read_times(easy, probe);
        read_certificate(easy, probe);
    } else {
        code = fail(&asking, result);
    }
    curl_easy_cleanup(easy);
    curl_slist_free_all(asking.addresses);
    return code;
}
