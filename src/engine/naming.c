#include "engine/naming.h"

#include "base/text.h"

#include <stdio.h>

const char *hd__name_webhook(const char *id, const char *name, char naming[HD__NAMING_SIZE]) {
    int is_named = name && *name;
    int len = snprintf(naming, HD__NAMING_SIZE, "%s%s", id, is_named ? " " : "");
    if (is_named && len > 0 && len < HD__NAMING_SIZE - 3)
        (void)hd__quote(name, naming + len, HD__NAMING_SIZE - (size_t)len);
    return naming;
}
