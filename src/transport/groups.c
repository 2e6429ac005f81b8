/* The multi handles of libcurl, and libcurl as a whole. Facts named T1 to T8 were measured on libcurl 7.88.1 with
 * OpenSSL 3.0. */
#include "transport/connect_inside.h"

#include "base/clock.h"
#include "base/exit.h"
#include "base/hash.h"

#include <curl/curl.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "libhelmdesk needs libcurl 7.85 or later (CURLOPT_PROTOCOLS_STR)"
#endif

#define LINKS_PER_GROUP 32
#define NAMES_KEPT_S 60L
#define PRUNE_EVERY 64
#define GROUP_AGE_US (INT64_C(600) * 1000 * 1000) /* an older one has no new connections */

/* ---- Forks ---- */

/* Held for reading around all work in libcurl, and for writing while the process forks: OpenSSL has locks of its own,
 * and a child that inherited one of them from a thread that it does not have would wait for it for ever. */
static pthread_rwlock_t fork_lock = PTHREAD_RWLOCK_INITIALIZER;

void hd__connect_enter(void) {
    pthread_rwlock_rdlock(&fork_lock);
}

void hd__connect_leave(void) {
    pthread_rwlock_unlock(&fork_lock);
}

static void before_fork(void) {
    pthread_rwlock_wrlock(&fork_lock);
}

/* There the lock belongs to a thread that has another id now, and cannot be given back. */
static void after_fork_in_child(void) {
    pthread_rwlock_init(&fork_lock, NULL);
}

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;
static char global_versions[128];

/* curl_version() would name more libraries; for OpenLDAP's name it has that library begin, which looks up the name of
 * this machine. */
static void note_versions(const curl_version_info_data *info) {
    (void)snprintf(global_versions, sizeof global_versions, "libcurl/%s %s", info->version,
                   info->ssl_version ? info->ssl_version : "without TLS");
}

/* Never undone: the program may use libcurl too. OpenSSL has its exit handler after this; ours has to run before it,
 * and the last one that was registered is the first that runs. */
static void init_global(void) {
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
    note_versions(curl_version_info(CURLVERSION_NOW));
    pthread_atfork(before_fork, hd__connect_leave, after_fork_in_child);
    hd__exit_prepare();
}

int hd__connect_prepare(const struct hd__proxy *proxy) {
    pthread_once(&global_once, init_global);
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    int needed = CURL_VERSION_SSL | (proxy && proxy->uses_tls ? CURL_VERSION_HTTPS_PROXY : 0);
    return global_result == CURLE_OK && (info->features & needed) == needed ? HD_OK : HD_E_TRANSPORT;
}

const char *hd__connect_versions(void) {
    return global_versions;
}

const char *hd__connect_authorities(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info->cainfo ? info->cainfo : info->capath;
}

/* ---- libcurl works ---- */

static struct hd__link *link_of(CURL *easy) {
    struct hd__link *link = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&link);
    return link;
}

static void take_messages(struct hd__link_group *group) {
    CURLMsg *message;
    int more;
    while ((message = curl_multi_info_read(group->multi, &more))) {
        CURLcode code = message->data.result; /* the message does not outlive the removal */
        hd__link_take_result(link_of(message->easy_handle), (int)code);
    }
}

/* libcurl 7.88 forgets its timers when memory runs out in such a call, and may divide by zero in the next one: there is
 * no next one. What has been made stays. */
static void give_up(struct hd__link_group *group) {
    take_messages(group);
    group->is_broken = 1;
    group->due_us = INT64_MAX;
    while (group->making)
        hd__link_give_up(group->making);
}

/* Before 8.4, libcurl goes on to the next address of a name when it is called the next time, and says so to nobody: by
 * then up to half of the time that is left has gone by (github.com/curl/curl/issues/11920). To resume what is paused is
 * the one way to be called at once. */
static void hurry(struct hd__link_group *group) {
    for (struct hd__link *link = group->making; link; link = link->next)
        if (link->watched_count == 0 && link->hurried_at < link->socket_count) {
            link->hurried_at = link->socket_count;
            curl_easy_pause(link->easy, CURLPAUSE_RECV);
            curl_easy_pause(link->easy, CURLPAUSE_CONT);
        }
}

static void act(struct hd__link_group *group, curl_socket_t fd, int events) {
    int running;
    if (group->is_broken)
        return;
    if (curl_multi_socket_action(group->multi, fd, events, &running) != CURLM_OK) {
        give_up(group);
        return;
    }
    take_messages(group);
    if (group->connector->hurries)
        hurry(group);
}

/* ---- Groups ---- */

static void group_ready(struct hd__watcher *watcher, int fd, int events) {
    act((struct hd__link_group *)watcher, fd,
        (events & HD__POLLER_READ ? CURL_CSELECT_IN : 0) | (events & HD__POLLER_WRITE ? CURL_CSELECT_OUT : 0));
}

static int to_events(int what) {
    return (what & CURL_POLL_IN ? HD__POLLER_READ : 0) | (what & CURL_POLL_OUT ? HD__POLLER_WRITE : 0);
}

/* libcurl waits for a socket. Those that it has made itself it also closes itself, unseen. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *counted) {
    struct hd__link_group *group = user;
    struct hd__link *link = link_of(easy);
    if (what == CURL_POLL_REMOVE)
        hd__poller_forget(group->connector->poller, fd);
    else
        hd__poller_watch(group->connector->poller, fd, to_events(what), &group->watcher);
    if (!link) /* a handle of libcurl's own */
        return 0;
    if (what & CURL_POLL_IN && group->connector->proxy)
        hd__tunnel_awaits(link);
    if (what == CURL_POLL_REMOVE)
        link->watched_count -= counted ? 1 : 0;
    else if (!counted && curl_multi_assign(group->multi, fd, link) == CURLM_OK)
        link->watched_count++;
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *user) {
    struct hd__link_group *group = user;
    (void)multi;
    group->due_us = timeout_ms < 0 ? INT64_MAX : group->connector->now_us + timeout_ms * INT64_C(1000);
    return 0;
}

#define SET_MULTI(option, value) (curl_multi_setopt(group->multi, option, value) == CURLM_OK)

static struct hd__link_group *new_group(struct hd__connector *connector) {
    struct hd__link_group *group = calloc(1, sizeof *group);
    if (!group)
        return NULL;
    *group = (struct hd__link_group){
        .watcher = {group_ready}, .connector = connector, .multi = curl_multi_init(), .due_us = INT64_MAX};
    if (!group->multi || !SET_MULTI(CURLMOPT_SOCKETDATA, group) || !SET_MULTI(CURLMOPT_SOCKETFUNCTION, watch_socket) ||
        !SET_MULTI(CURLMOPT_TIMERDATA, group) || !SET_MULTI(CURLMOPT_TIMERFUNCTION, set_timer)) {
        curl_multi_cleanup(group->multi);
        free(group);
        return NULL;
    }
    group->number = ++connector->group_count;
    group->opened_us = connector->now_us;
    group->next = connector->groups;
    if (group->next)
        group->next->previous = group;
    connector->groups = group;
    return group;
}

static void free_group(struct hd__link_group *group) {
    *(group->previous ? &group->previous->next : &group->connector->groups) = group->next;
    if (group->next)
        group->next->previous = group->previous;
    if (group->connector->latest == group)
        group->connector->latest = NULL;
    curl_multi_cleanup(group->multi);
    free(group);
}

/* A multi handle keeps what it has read of the authorities' file, and the TLS sessions that came of it: what is taken
 * out of that file is trusted for no longer than this. */
static int is_old(const struct hd__link_group *group) {
    return group->connector->now_us - group->opened_us >= GROUP_AGE_US;
}

static int has_room(const struct hd__link_group *group) {
    return !group->is_broken && !is_old(group) && group->count < LINKS_PER_GROUP;
}

/* The one that the origin's last connection was in, since its TLS session is there; else the last one that had room is
 * the first in the list. */
static struct hd__link_group *group_with_room(struct hd__connector *connector, uint32_t home) {
    struct hd__link_group *found = NULL;
    for (struct hd__link_group *group = connector->groups; group; group = group->next)
        if (has_room(group) && (!found || group->number == home)) {
            found = group;
            if (home == 0 || group->number == home)
                break;
        }
    return found ? found : new_group(connector);
}

/* Origins may share an entry: it is a preference, no promise. */
static uint32_t *home_of(struct hd__connector *connector, const char *url) {
    uint64_t hash = hd__hash(HD__HASH_BEGIN, url);
    return &connector->homes[(hash ^ hash >> 32) % HD__HOMES];
}

/* ---- Connections in them ---- */

void hd__link_to(struct hd__link **list, struct hd__link *link) {
    link->previous = NULL;
    link->next = *list;
    if (*list)
        (*list)->previous = link;
    *list = link;
}

void hd__unlink_from(struct hd__link **list, struct hd__link *link) {
    *(link->previous ? &link->previous->next : list) = link->next;
    if (link->next)
        link->next->previous = link->previous;
}

/* libcurl looks through all addresses that it knows when a transfer ends, unless that keeps them for ever: those of a
 * name are replaced by our own at each connection, and now and then one forgets the old ones for all. libcurl 8.16.0
 * refuses -1, and from there on it also keeps what it has not found. */
static long names_kept_s(struct hd__link_group *group) {
    return group->connector->prunes_always || ++group->launches % PRUNE_EVERY == 0 ? NAMES_KEPT_S : -1L;
}

int hd__group_add(struct hd__link *link, const char *url) {
    uint32_t *home = link->tls ? home_of(link->connector, url) : NULL;
    struct hd__link_group *group = group_with_room(link->connector, home ? *home : 0);
    if (!group || curl_easy_setopt(link->easy, CURLOPT_DNS_CACHE_TIMEOUT, names_kept_s(group)) != CURLE_OK ||
        curl_multi_add_handle(group->multi, link->easy) != CURLM_OK)
        return 0;
    if (home) {
        *home = group->number;
        link->connector->latest = group;
    }
    link->group = group;
    group->count++;
    hd__link_to(&group->making, link);
    return 1;
}

void hd__group_remove(struct hd__link *link) {
    struct hd__link_group *group = link->group;
    if (link->state == HD__LINK_MAKING)
        hd__unlink_from(&group->making, link);
    curl_multi_remove_handle(group->multi, link->easy);
    link->group = NULL;
    group->count--;
    if (group->is_broken && group->count == 0)
        free_group(group);
}

/* ---- The connector ---- */

struct hd__link *hd__connector_next(struct hd__connector *connector) {
    struct hd__link *link = connector->ended;
    if (link)
        hd__unlink_from(&connector->ended, link);
    return link;
}

void hd__connector_run(struct hd__connector *connector, int64_t now_us) {
    connector->now_us = now_us;
    for (struct hd__link_group *group = connector->groups, *next; group; group = next) {
        if (group->due_us <= now_us) {
            group->due_us = INT64_MAX; /* libcurl sets it anew */
            act(group, CURL_SOCKET_TIMEOUT, 0);
        }
        next = group->next;
        if (group->count == 0 && is_old(group))
            free_group(group);
    }
}

/* An old one is freed when it has nothing to do. */
static int64_t due_us(const struct hd__link_group *group) {
    int64_t end_us = group->count == 0 ? group->opened_us + GROUP_AGE_US : INT64_MAX;
    return group->due_us < end_us ? group->due_us : end_us;
}

int64_t hd__connector_due_us(const struct hd__connector *connector) {
    int64_t earliest_us = INT64_MAX;
    for (const struct hd__link_group *group = connector->groups; group; group = group->next)
        earliest_us = due_us(group) < earliest_us ? due_us(group) : earliest_us;
    return earliest_us;
}

/* One is kept: to read the authorities' file anew takes 18 ms (T6), and a handshake with a session half of one without.
 */
void hd__connector_rest(struct hd__connector *connector) {
    for (struct hd__link_group *group = connector->groups, *next; group; group = next) {
        next = group->next;
        if (group->count == 0 && group != connector->latest)
            free_group(group);
    }
}

/* Before 8.12.0, an easy handle has its own sessions, and it makes one connection; before 8.8.0, that also corrupts the
 * heap when memory runs out (T5). */
static int resumes_sessions(unsigned version) {
    return version >= 0x080c00;
}

/* What it keeps for itself. Returns 0 without memory. */
static int set_own(struct hd__connector *connector, const struct hd__connector_config *config) {
    int has_credentials = config->proxy && config->proxy->credentials;
    connector->ca_file = config->ca_file ? strdup(config->ca_file) : NULL;
    connector->proxy_header = has_credentials ? hd__tunnel_header(config->proxy) : NULL;
    return (!config->ca_file || connector->ca_file) && (!has_credentials || connector->proxy_header);
}

struct hd__connector *hd__connector_new(const struct hd__connector_config *config) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    struct hd__connector *connector = calloc(1, sizeof *connector);
    if (!connector)
        return NULL;
    connector->poller = config->poller;
    connector->policy = config->policy;
    connector->proxy = config->proxy;
    connector->now_us = hd__monotonic_us(&hd__system_clock);
    connector->identity = config->identity;
    connector->certificate_file = config->certificate_file;
    connector->key_file = config->key_file;
    connector->taken_over = HD__NO_DESCRIPTOR;
    connector->prunes_always = info->version_num >= 0x081000;
    connector->hurries = info->version_num < 0x080400;
    connector->clear_capath = config->ca_file || info->cainfo; /* else the directory is all there is */
    connector->resumes = resumes_sessions(info->version_num);
    connector->tls_library = hd__tls_library_of(info->ssl_version);
    if (set_own(connector, config))
        return connector;
    hd__connector_free(connector);
    return NULL;
}

void hd__connector_free(struct hd__connector *connector) {
    while (connector->groups)
        free_group(connector->groups);
    free(connector->proxy_header);
    free(connector->ca_file);
    free(connector);
}
