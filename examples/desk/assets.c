#include "assets.h"

#if defined(__APPLE__)
#define SECTION ".section __TEXT,__const\n"
#define SYMBOL "_"
#else
#define SECTION ".section .rodata\n"
#define SYMBOL ""
#endif

/* The assembler puts the file into the program; its path is seen from where make runs. */
#define EMBED(name, file)                                                                                              \
    __asm__(SECTION ".global " SYMBOL #name "\n" SYMBOL #name ":\n.incbin \"examples/desk/web/" file "\"\n"            \
                    ".global " SYMBOL #name "_end\n" SYMBOL #name "_end:\n.byte 0\n.previous\n");                      \
    extern const char name[], name##_end[];

EMBED(desk_style, "desk.css")
EMBED(desk_login, "login.html")
EMBED(desk_login_script, "login.js")

static const struct asset {
    const char *path, *type, *begin, *end;
} assets[] = {
    {"/desk.css", "text/css; charset=utf-8", desk_style, desk_style_end},
    {"/login", "text/html; charset=utf-8", desk_login, desk_login_end},
    {"/login.js", "text/javascript; charset=utf-8", desk_login_script, desk_login_script_end},
};

int assets_answer(const struct http_request *request, struct http_answer *answer) {
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++) {
        if (!http_is_path(request, assets[i].path))
            continue;
        answer->status = 200;
        answer->type = assets[i].type;
        text_add_bytes(&answer->body, assets[i].begin, (size_t)(assets[i].end - assets[i].begin));
        return 1;
    }
    return 0;
}
