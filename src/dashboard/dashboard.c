/* The public face: what a dashboard is made of, and one call of it. */
#include "dashboard/dashboard.h"

#include "dashboard/assets.h"
#include "dashboard/guard.h"
#include "dashboard/route.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNT_MAX 200

/* ---- Life ---- */

static int is_mount(const char *mount) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/";
    size_t length = strlen(mount);
    return length > 0 && length <= MOUNT_MAX && *mount == '/' && mount[length - 1] == '/' && !strstr(mount, "//") &&
           strspn(mount, allowed) == length;
}

int hd_dashboard_new(hd_client *client, const char *mount, hd_dashboard **dashboard) {
    if (!dashboard)
        return HD_E_INVALID;
    *dashboard = NULL;
    if (!client || !mount || !is_mount(mount))
        return HD_E_INVALID;
    hd_dashboard *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    atomic_init(&made->references, 1);
    made->pid = (long)getpid();
    made->born = (uint64_t)hd__dash_now_ms();
    made->mount = strdup(mount);
    if (!made->mount || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made->mount);
        free(made);
        return HD_E_NO_MEMORY;
    }
    made->client = hd_client_ref(client);
    *dashboard = made;
    return HD_OK;
}

int hd__dash_check(const hd_dashboard *dashboard) {
    return dashboard->pid == (long)getpid() ? HD_OK : HD_E_FORKED;
}

hd_dashboard *hd__dash_ref(hd_dashboard *dashboard) {
    atomic_fetch_add_explicit(&dashboard->references, 1, memory_order_relaxed);
    return dashboard;
}

void hd_dashboard_free(hd_dashboard *dashboard) {
    if (!dashboard || atomic_fetch_sub_explicit(&dashboard->references, 1, memory_order_acq_rel) != 1)
        return;
    hd_client_unref(dashboard->client);
    for (size_t i = 0; i < dashboard->host_count; i++)
        free(dashboard->hosts[i]);
    for (size_t i = 0; i < dashboard->project_count; i++)
        free(dashboard->projects[i]);
    if (hd__dash_check(dashboard) == HD_OK)
        pthread_mutex_destroy(&dashboard->lock);
    hd__host_free(&dashboard->host);
    free(dashboard->mount);
    free(dashboard);
}

static int add(char **list, size_t *count, size_t max, const char *text) {
    if (*count == max)
        return HD_E_LIMIT;
    list[*count] = strdup(text);
    if (!list[*count])
        return HD_E_NO_MEMORY;
    (*count)++;
    return HD_OK;
}

int hd_dashboard_add_host(hd_dashboard *dashboard, const char *host) {
    if (!dashboard || !host)
        return HD_E_INVALID;
    if (!*host || strlen(host) > 253 || strpbrk(host, "/?# \t\r\n@"))
        return HD_E_URL_HOST;
    return add(dashboard->hosts, &dashboard->host_count, HD__HOSTS_MAX, host);
}

/* Whether it is a project is for the library to say. */
int hd_dashboard_add_project(hd_dashboard *dashboard, const char *project) {
    hd_webhook *probe = NULL;
    if (!dashboard || !project)
        return HD_E_INVALID;
    int status = hd_webhook_new(&probe);
    if (status == HD_OK)
        status = hd_webhook_set_project(probe, project);
    hd_webhook_free(probe);
    return status == HD_OK ? add(dashboard->projects, &dashboard->project_count, HD__PROJECTS_MAX, project) : status;
}

int hd_dashboard_set_language(hd_dashboard *dashboard, const char *language) {
    size_t length = language ? strlen(language) : 0;
    if (!dashboard || length >= sizeof dashboard->language || (language && !hd__asset_has_language(language)))
        return HD_E_INVALID;
    memset(dashboard->language, 0, sizeof dashboard->language);
    memcpy(dashboard->language, language ? language : "", length);
    return HD_OK;
}

/* ---- One call ---- */

static int digit(char letter) {
    return letter >= '0' && letter <= '9'   ? letter - '0'
           : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
           : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                            : -1;
}

/* Decodes in place (RFC 3986 section 2.1; a plus is a space in a query). Returns 0 for what is malformed, or a NUL. */
static int decode(char *text, int is_query) {
    char *to = text;
    for (; *text; text++) {
        if (*text == '+' && is_query) {
            *to++ = ' ';
        } else if (*text == '%') {
            int high = digit(text[1]), low = high < 0 ? -1 : digit(text[2]);
            if (low < 0 || (high == 0 && low == 0))
                return 0;
            *to++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
    return 1;
}

/* Cuts "a=1&b=2" into its parts. */
static int split_query(struct hd__call *call, char *query) {
    while (*query) {
        size_t length = strcspn(query, "&");
        char *next = query + length + (query[length] == '&');
        query[length] = '\0';
        char *equals = strchr(query, '='), *value = equals ? equals + 1 : query + length;
        if (equals)
            *equals = '\0';
        if (!decode(query, 1) || !decode(value, 1))
            return 0;
        if (*query && call->query_count < HD__QUERY_MAX)
            call->queries[call->query_count++] = (struct hd__query){query, value};
        query = next;
    }
    return 1;
}

/* Cuts the target into what is below the mount, and the query. Returns 0 if it is not below it, or malformed. */
static int split_target(struct hd__call *call, char *target) {
    size_t length = strlen(call->dashboard->mount);
    char *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    if (strncmp(target, call->dashboard->mount, length) != 0)
        return 0;
    call->path = target + length;
    return decode(call->path, 0) && (!query || split_query(call, query));
}

static void answer(struct hd__call *call, char *target) {
    if (!hd__guard_pass(call))
        return;
    if (split_target(call, target))
        hd__route(call);
    else
        hd__call_refuse(call, 404, "Not found", NULL, NULL);
}

static int is_role(int role) {
    return role == HD_ROLE_NONE || role == HD_ROLE_VIEWER || role == HD_ROLE_ADMIN;
}

int hd_dashboard_handle(hd_dashboard *dashboard, const hd_request *request, const char *user, int role,
                        hd_dashboard_response **response) {
    if (!response)
        return HD_E_INVALID;
    *response = NULL;
    if (!dashboard || !request || !is_role(role) || (user && strlen(user) >= HD__USER_SIZE))
        return HD_E_INVALID;
    if (hd__dash_check(dashboard) != HD_OK)
        return HD_E_FORKED;
    struct hd__call call = {.dashboard = dashboard,
                            .request = request,
                            .method = hd_request_method(request),
                            .user = user ? user : "",
                            .role = role};
    char *target = strdup(hd_request_target(request) ? hd_request_target(request) : "");
    call.response = calloc(1, sizeof *call.response);
    int failed = hd_client_as(dashboard->client, user, &call.client) != HD_OK || !target || !call.response ||
                 hd_request_status(request) == HD_E_NO_MEMORY;
    if (!failed) {
        hd__guard_set_headers(call.response);
        answer(&call, target);
        failed = call.response->failed;
    }
    json_decref(call.body);
    hd_client_unref(call.client);
    free(target);
    if (failed) {
        hd_dashboard_response_free(call.response);
        return HD_E_NO_MEMORY;
    }
    *response = call.response;
    return HD_OK;
}
