#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void hd__log(const struct hd__log *log, int level, const char *format, ...) {
    if (!log->function)
        return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log->function(log->user, level, line);
}
