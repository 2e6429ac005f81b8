/* The files of web/, as they are, in the library's read-only data. The Makefile lists them in dashboard_assets.h. */
#include "dashboard/assets.h"

#include <dashboard_assets.h> /* HD__ASSETS(X): X(number, "path below web") */

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

/* .hidden, since it would be a public symbol of the library otherwise. The NUL behind it is none of it. */
#define EMBED(number, path)                                                                                            \
    __asm__(SECTION ".global " SYMBOL "hd__asset_" #number "\n" HIDDEN SYMBOL "hd__asset_" #number "\n" SYMBOL         \
                    "hd__asset_" #number ":\n.incbin \"src/dashboard/web/" path "\"\n.global " SYMBOL                  \
                    "hd__asset_end_" #number "\n" HIDDEN SYMBOL "hd__asset_end_" #number "\n" SYMBOL                   \
                    "hd__asset_end_" #number ":\n.byte 0\n.previous\n");                                               \
    extern const char hd__asset_##number[], hd__asset_end_##number[];

/* cppcheck-suppress unknownMacro */
HD__ASSETS(EMBED)

#define ROW(number, path) {path, hd__asset_##number, hd__asset_end_##number},

static const struct asset { const char *path, *begin, *end; } assets[] = {HD__ASSETS(ROW)};

static const struct asset *find(const char *path) {
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
        if (strcmp(assets[i].path, path) == 0)
            return &assets[i];
    return NULL;
}

static const char *type_of(const char *path) {
    const char *dot = strrchr(path, '.');
    return !dot                        ? "application/octet-stream"
           : strcmp(dot, ".js") == 0   ? "text/javascript; charset=utf-8"
           : strcmp(dot, ".css") == 0  ? "text/css; charset=utf-8"
           : strcmp(dot, ".html") == 0 ? "text/html; charset=utf-8"
                                       : "application/octet-stream";
}

/* FNV-1a, which tells one version of a file from the next. */
static void write_tag(const struct asset *asset, char tag[24]) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *byte = asset->begin; byte < asset->end; byte++)
        hash = (hash ^ (unsigned char)*byte) * UINT64_C(0x100000001b3);
    snprintf(tag, 24, "\"%016llx\"", (unsigned long long)hash);
}

/* A browser asks each time whether its copy is the present one: names do not change with the version. */
int hd__asset_answer(struct hd__call *call, const char *name) {
    const struct asset *asset = find(name);
    const char *known = hd_request_header(call->request, "If-None-Match", 0);
    char tag[24];
    if (!asset || strcmp(name, "index.html") == 0)
        return 0;
    write_tag(asset, tag);
    hd__dash_set_header(call->response, "ETag", tag);
    hd__dash_set_header(call->response, "Cache-Control", "no-cache");
    if (known && strcmp(known, tag) == 0)
        call->response->status = 304;
    else
        hd__dash_set_body(call->response, 200, type_of(name), asset->begin, (size_t)(asset->end - asset->begin));
    return 1;
}

/* ---- The page ---- */

#define PLACEHOLDER "{{mount}}"

/* Puts the mount, which has only harmless characters, in the place of each {{mount}}. */
static void fill_in(const char *text, const char *mount, struct hd__json_text *page) {
    for (const char *next; (next = strstr(text, PLACEHOLDER)); text = next + sizeof PLACEHOLDER - 1) {
        hd__json_write_bytes(text, (size_t)(next - text), page);
        hd__json_write_bytes(mount, strlen(mount), page);
    }
    hd__json_write_bytes(text, strlen(text), page);
}

void hd__asset_page(struct hd__call *call) {
    const struct asset *asset = find("index.html");
    struct hd__json_text page = {.failed = asset == NULL};
    if (asset)
        fill_in(asset->begin, call->dashboard->mount, &page);
    hd__dash_set_header(call->response, "Cache-Control", "no-cache");
    if (page.failed)
        call->response->failed = 1;
    else
        hd__dash_set_body(call->response, 200, type_of(asset->path), page.data, page.len);
    free(page.data);
}
