#include "base/openmetrics.h"

#include "base/digits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_all(struct hd__buffer *out, const char *const *texts) {
    for (; *texts; texts++)
        hd__buffer_text(out, *texts);
}

void hd__openmetrics_family(struct hd__buffer *out, const char *name, const char *type, const char *unit,
                            const char *help) {
    write_all(out, (const char *[]){"# TYPE ", name, " ", type, "\n", NULL});
    if (unit)
        write_all(out, (const char *[]){"# UNIT ", name, " ", unit, "\n", NULL});
    write_all(out, (const char *[]){"# HELP ", name, " ", help, "\n", NULL});
}

/* A backslash, a quote and a line feed are escaped; any other UTF-8 character is written as it is. */
static void write_value(struct hd__buffer *out, const char *value) {
    for (size_t plain; *value; value += plain + (value[plain] != '\0')) {
        plain = strcspn(value, "\\\"\n");
        hd__buffer_append(out, value, plain);
        if (value[plain])
            hd__buffer_text(out, value[plain] == '\n' ? "\\n" : value[plain] == '"' ? "\\\"" : "\\\\");
    }
}

static void write_label(struct hd__buffer *out, const struct hd__label_pair *label, const char *before) {
    write_all(out, (const char *[]){before, label->name, "=\"", NULL});
    write_value(out, label->value);
    hd__buffer_text(out, "\"");
}

static void write_name(struct hd__buffer *out, const struct hd__sample *sample, const char *suffix,
                       const struct hd__label_pair *more) {
    const char *before = "{";
    hd__buffer_text(out, sample->name);
    if (suffix)
        hd__buffer_text(out, suffix);
    for (const struct hd__label_pair *label = sample->labels; label && label->name; label++, before = ",")
        write_label(out, label, before);
    if (more)
        write_label(out, more, before);
    hd__buffer_text(out, more || *before == ',' ? "} " : " ");
}

void hd__openmetrics_sample(struct hd__buffer *out, const struct hd__sample *sample, const char *suffix,
                            const struct hd__label_pair *more, uint64_t value) {
    char digits[HD__DIGITS_SIZE];
    write_name(out, sample, suffix, more);
    write_all(out, (const char *[]){hd__digits(value, digits), "\n", NULL});
}

/* By hand: the decimal point of printf() is the locale's. */
void hd__openmetrics_number(uint64_t ms, char text[HD__SECONDS_SIZE]) {
    int len = snprintf(text, HD__SECONDS_SIZE, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
    while (text[len - 1] == '0' && text[len - 2] != '.')
        text[--len] = '\0';
}

void hd__openmetrics_seconds(struct hd__buffer *out, const struct hd__sample *sample, const char *suffix, uint64_t ms) {
    char text[HD__SECONDS_SIZE];
    hd__openmetrics_number(ms, text);
    write_name(out, sample, suffix, NULL);
    write_all(out, (const char *[]){text, "\n", NULL});
}

void hd__openmetrics_end(struct hd__buffer *out) {
    hd__buffer_text(out, "# EOF\n");
}
