#include "dashboard/host.h"

#include "dashboard/dashboard.h"

#include <stdlib.h>
#include <string.h>

#define URL_MAX 1000

/* ---- Setting ---- */

static int replace(char **present, const char *text) {
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        return HD_E_NO_MEMORY;
    free(*present);
    *present = copy;
    return HD_OK;
}

/* A name is what the name of a webhook may be, but not empty. */
static int is_name(const char *name) {
    hd_webhook *probe = NULL;
    int status = hd_webhook_new(&probe);
    if (status == HD_OK)
        status = *name ? hd_webhook_set_name(probe, name) : HD_E_INVALID;
    hd_webhook_free(probe);
    return status == HD_OK || status == HD_E_NO_MEMORY;
}

int hd_dashboard_set_name(hd_dashboard *dashboard, const char *name) {
    return dashboard && (!name || is_name(name)) ? replace(&dashboard->host.name, name) : HD_E_INVALID;
}

/* An address of this site, or a whole one: a script is no place to go to, and "//" would be another site. */
static int is_url(const char *url) {
    size_t length = strlen(url);
    int is_own = *url == '/' && url[1] != '/' && url[1] != '\\';
    if (length > URL_MAX || !(is_own || strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0))
        return 0;
    for (; *url; url++)
        if (*url <= ' ' || *url > '~')
            return 0;
    return 1;
}

static int set_url(hd_dashboard *dashboard, char **present, const char *url) {
    if (!dashboard)
        return HD_E_INVALID;
    return !url || is_url(url) ? replace(present, url) : HD_E_URL;
}

int hd_dashboard_set_home_url(hd_dashboard *dashboard, const char *url) {
    return set_url(dashboard, dashboard ? &dashboard->host.home : NULL, url);
}

int hd_dashboard_set_sign_in_url(hd_dashboard *dashboard, const char *url) {
    return set_url(dashboard, dashboard ? &dashboard->host.sign_in : NULL, url);
}

int hd_dashboard_set_ticket_url(hd_dashboard *dashboard, const char *url) {
    if (url && !strstr(url, "{id}") && !strstr(url, "{number}"))
        return HD_E_URL;
    return set_url(dashboard, dashboard ? &dashboard->host.ticket : NULL, url);
}

void hd__host_free(struct hd__host *host) {
    free(host->name);
    free(host->home);
    free(host->sign_in);
    free(host->ticket);
}

/* ---- Showing ---- */

static void write_escaped(const char *json, struct hd__json_text *text) {
    for (size_t plain; *json; json += plain) {
        const char *as = *json == '&' ? "&amp;" : *json == '<' ? "&lt;" : *json == '"' ? "&quot;" : NULL;
        plain = as ? 1 : strcspn(json, "&<\"");
        hd__json_write_bytes(as ? as : json, as ? strlen(as) : plain, text);
    }
}

void hd__host_write(const struct hd__host *host, struct hd__json_text *text) {
    json_t *object = json_pack("{s:s?, s:s?, s:s?, s:s?}", "name", host->name, "home", host->home, "sign_in",
                               host->sign_in, "ticket", host->ticket);
    struct hd__json_text json = {.failed = object == NULL};
    hd__json_write(object, &json);
    json_decref(object);
    text->failed |= json.failed;
    if (!json.failed)
        write_escaped(json.data, text);
    free(json.data);
}
