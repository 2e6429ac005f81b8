#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void hd__log(const struct hd__log *log, int level, const char *format, ...) {
    if (!log->function && !log->kept)
        return;
    char line[HD_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    hd__make_line(line);
    if (log->kept)
        hd__messages_add(log->kept, level, line);
    if (log->function)
        log->function(log->user, level, line);
}
