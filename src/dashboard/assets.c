/* The page's files, in the library's read-only data. The Makefile makes them and lists them in dashboard_assets.h. */
#include "dashboard/assets.h"

#include <dashboard_assets.h> /* HD__ASSETS(X): X(number, "name", "file"); HD__LANGUAGES(X) */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__APPLE__)
#define SECTION ".section __TEXT,__const\n"
#define HIDDEN ".private_extern "
#define SYMBOL "_"
#else
#define SECTION ".section .rodata\n"
#define HIDDEN ".hidden "
#define SYMBOL ""
#endif

/* .hidden, since it would be a public symbol of the library otherwise. The NUL after it does not belong to it. */
#define EMBED(number, name, file)                                                                                      \
    __asm__(SECTION ".global " SYMBOL "hd__asset_" #number "\n" HIDDEN SYMBOL "hd__asset_" #number "\n" SYMBOL         \
                    "hd__asset_" #number ":\n.incbin \"" file "\"\n.global " SYMBOL "hd__asset_end_" #number           \
                    "\n" HIDDEN SYMBOL "hd__asset_end_" #number "\n" SYMBOL "hd__asset_end_" #number                   \
                    ":\n.byte 0\n.previous\n");                                                                        \
    extern const char hd__asset_##number[], hd__asset_end_##number[];

/* cppcheck-suppress unknownMacro */
HD__ASSETS(EMBED)

#define ROW(number, name, file) {name, hd__asset_##number, hd__asset_end_##number},

struct asset {
    const char *name, *begin, *end;
};

static const struct asset assets[] = {HD__ASSETS(ROW)};

#define NAME_SIZE 32

static const struct asset *find(const char *name) {
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
        if (strcmp(assets[i].name, name) == 0)
            return &assets[i];
    return NULL;
}

#define UNKNOWN_TYPE "application/octet-stream"

static const char *type_of(const char *path) {
    const char *dot = strrchr(path, '.');
    return !dot                        ? UNKNOWN_TYPE
           : strcmp(dot, ".js") == 0   ? "text/javascript; charset=utf-8"
           : strcmp(dot, ".css") == 0  ? "text/css; charset=utf-8"
           : strcmp(dot, ".html") == 0 ? "text/html; charset=utf-8"
                                       : UNKNOWN_TYPE;
}

/* Whether the browser takes gzip. What it says of its weight is not looked at, but for a weight of 0 (RFC 9110 section
 * 12.5.3). */
static int takes_gzip(const struct hd__call *call) {
    const char *accepted = hd_request_header(call->request, "Accept-Encoding", 0);
    const char *gzip = accepted ? strstr(accepted, "gzip") : NULL;
    return gzip && strncmp(gzip + 4, ";q=0", 4) != 0;
}

static const struct asset *find_for(const struct hd__call *call, const char *name) {
    char compressed[NAME_SIZE];
    if (takes_gzip(call) && snprintf(compressed, sizeof compressed, "%s.gz", name) < NAME_SIZE)
        return find(compressed);
    return find(name);
}

/* The address of a file has the version of all files in it, so a browser keeps a file for ever. While a host is being
 * updated, one of its processes may be asked for the version of another: it sends its own, which must not be kept. */
int hd__asset_answer(struct hd__call *call, const char *path) {
    const char *slash = strchr(path, '/');
    const char *name = slash ? slash + 1 : "";
    const struct asset *asset = strcmp(name, "index.html") == 0 ? NULL : find_for(call, name);
    if (!asset || strcmp(type_of(name), UNKNOWN_TYPE) == 0)
        return 0;
    int is_present = strncmp(path, HD__ASSETS_VERSION "/", sizeof HD__ASSETS_VERSION) == 0;
    hd__dash_set_header(call->response, "Cache-Control",
                        is_present ? "public, max-age=31536000, immutable" : "no-store");
    hd__dash_set_header(call->response, "Vary", "Accept-Encoding");
    if (strcmp(asset->name, name) != 0)
        hd__dash_set_header(call->response, "Content-Encoding", "gzip");
    hd__dash_set_body(call->response, 200, type_of(name), asset->begin, (size_t)(asset->end - asset->begin));
    return 1;
}

/* ---- The page ---- */

static void write_value(const char *mark, const hd_dashboard *dashboard, struct hd__json_text *page) {
    if (strncmp(mark, "{{mount}}", 9) == 0)
        hd__json_put(dashboard->mount, page);
    else if (strncmp(mark, "{{language}}", 12) == 0)
        hd__json_put(dashboard->language, page);
    else if (strncmp(mark, "{{host}}", 8) == 0)
        hd__host_write(&dashboard->host, page);
    else
        hd__json_put(HD__ASSETS_VERSION, page);
}

/* Writes the text with its marks replaced. But for the host's own, the values have only harmless characters. */
static void fill_in(const char *text, const hd_dashboard *dashboard, struct hd__json_text *page) {
    for (const char *mark; (mark = strstr(text, "{{")); text = strstr(mark, "}}") + 2) {
        hd__json_write_bytes(text, (size_t)(mark - text), page);
        write_value(mark, dashboard, page);
    }
    hd__json_put(text, page);
}

int hd__asset_has_language(const char *language) {
#define NAME(name) name,
    static const char *const languages[] = {HD__LANGUAGES(NAME)};
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        if (strcmp(languages[i], language) == 0)
            return 1;
    return 0;
}

void hd__asset_page(struct hd__call *call) {
    const struct asset *asset = find("index.html");
    struct hd__json_text page = {.failed = asset == NULL};
    if (asset)
        fill_in(asset->begin, call->dashboard, &page);
    hd__dash_set_header(call->response, "Cache-Control", "no-cache");
    if (page.failed)
        call->response->failed = 1;
    else
        hd__dash_set_body(call->response, 200, type_of(asset->name), page.data, page.len);
    free(page.data);
}
