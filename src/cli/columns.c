#include "cli/columns.h"

#include "cli/output.h"

#include <string.h>

/* Code points, which is what most texts are wide. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void cli_print_columns(const char *const *texts, size_t rows, size_t columns) {
    size_t widths[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < rows * columns; i++) {
        size_t width = width_of(texts[i]);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    for (size_t row = 0; row < rows; row++) {
        if (row == 0)
            fputs(cli_color(stdout, COLOR_BOLD), stdout);
        for (size_t column = 0; column < columns; column++) {
            const char *text = texts[row * columns + column];
            cli_print_text(stdout, text, strlen(text));
            if (column + 1 < columns)
                printf("%*s", (int)(widths[column] - width_of(text) + 2), "");
        }
        printf("%s\n", row == 0 ? cli_plain(stdout) : "");
    }
}
