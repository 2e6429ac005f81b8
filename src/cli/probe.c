#include "cli/probe.h"

#include "cli/cli.h"
#include "cli/json.h"

#include <curl/curl.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

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
    if (length > 5 && length < sizeof date && strncasecmp(line, "date:", 5) == 0) {
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

/* As deliveries: no redirect, no proxy, TLS 1.2 (design decision 12). */
static void set_up(CURL *easy, const char *url, const char *ca_file, long timeout_ms, struct probe *probe) {
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, probe->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, read_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, probe);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    if (ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
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
        if (strncasecmp(line->data, "Expire date:", 12) == 0) {
            time_t ends = curl_getdate(line->data + 12, NULL);
            if (ends != -1)
                probe->days_left = (long)((ends - time(NULL)) / 86400);
        }
}

int probe_url(const char *url, const char *ca_file, long timeout_ms, struct probe *probe) {
    *probe = (struct probe){.days_left = -1};
    CURL *easy = curl_easy_init();
    if (!easy) {
        snprintf(probe->error, sizeof probe->error, "libcurl could not be started");
        return CLI_INTERNAL;
    }
    set_up(easy, url, ca_file, timeout_ms, probe);
    CURLcode result = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    int answered = result == CURLE_OK || status > 0;
    if (answered) {
        read_times(easy, probe);
        read_certificate(easy, probe);
    } else if (!probe->error[0]) {
        snprintf(probe->error, sizeof probe->error, "%s", curl_easy_strerror(result));
    }
    curl_easy_cleanup(easy);
    return answered ? CLI_OK : CLI_UNREACHED;
}
