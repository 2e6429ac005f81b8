/* SPDX-License-Identifier: MIT */
#include "support/openmetrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 8
#define VALUE_MAX 600
#define NAME_SIZE 96

struct label {
    char name[NAME_SIZE], value[VALUE_MAX];
};

struct sample {
    char name[NAME_SIZE];
    struct label labels[LABELS_MAX];
    size_t label_count, family;
    double value;
};

struct family {
    char name[NAME_SIZE], type[NAME_SIZE], unit[NAME_SIZE];
    int has_help;
};

struct metrics {
    struct family *families;
    size_t family_count;
    struct sample *samples;
    size_t sample_count;
};

static void *grown(void *array, size_t count, size_t size) {
    void *made = realloc(array, (count + 1) * size);
    assert_non_null(made);
    memset((char *)made + count * size, 0, size);
    return made;
}

/* ---- Tokens ---- */

static int is_name(char c, int is_first, int with_colon) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (with_colon && c == ':') ||
           (!is_first && c >= '0' && c <= '9');
}

static const char *read_name(const char *at, int with_colon, char name[NAME_SIZE]) {
    size_t len = 0;
    while (is_name(at[len], len == 0, with_colon))
        len++;
    assert_in_range(len, 1, NAME_SIZE - 1);
    memcpy(name, at, len);
    name[len] = '\0';
    return at + len;
}

static const char *expect(const char *at, const char *text) {
    assert_memory_equal(at, text, strlen(text));
    return at + strlen(text);
}

/* Up to the quote that ends it, escapes undone. */
static const char *read_value(const char *at, char value[VALUE_MAX]) {
    size_t len = 0;
    for (; *at != '"'; at++) {
        assert_true(*at != '\0' && *at != '\n' && len < VALUE_MAX - 1);
        if (*at == '\\') {
            at++;
            assert_true(*at == '\\' || *at == '"' || *at == 'n');
            value[len++] = *at == 'n' ? '\n' : *at;
        } else {
            value[len++] = *at;
        }
    }
    value[len] = '\0';
    return at + 1;
}

/* A decimal without exponent: no other is written. */
static const char *read_number(const char *at, double *number) {
    char text[40];
    size_t len = strspn(at, "0123456789."), whole = strspn(at, "0123456789");
    assert_in_range(len, 1, sizeof text - 1);
    assert_true(whole >= 1 &&
                (len == whole || (len > whole + 1 && strspn(at + whole + 1, "0123456789") == len - whole - 1)));
    memcpy(text, at, len);
    text[len] = '\0';
    *number = 0;
    double scale = 1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '.')
            *number = *number * 10 + (text[i] - '0');
        scale *= i > whole ? 10 : 1;
    }
    *number /= scale;
    return at + len;
}

/* ---- Families ---- */

static struct family *last_family(const struct metrics *metrics) {
    assert_true(metrics->family_count > 0);
    return &metrics->families[metrics->family_count - 1];
}

static int has_samples(const struct metrics *metrics) {
    return metrics->sample_count > 0 && metrics->samples[metrics->sample_count - 1].family == metrics->family_count - 1;
}

/* Each family stands in one place, and begins with its type. */
static const char *read_type(struct metrics *metrics, const char *at) {
    static const char *const types[] = {"counter", "gauge", "histogram", "stateset"};
    struct family family = {.has_help = 0};
    size_t known = 0;
    at = read_name(at, 1, family.name);
    at = read_name(expect(at, " "), 0, family.type);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        known += strcmp(types[i], family.type) == 0;
    assert_int_equal(known, 1);
    for (size_t i = 0; i < metrics->family_count; i++)
        assert_string_not_equal(metrics->families[i].name, family.name);
    metrics->families = grown(metrics->families, metrics->family_count, sizeof family);
    metrics->families[metrics->family_count++] = family;
    return at;
}

/* A unit is what the name ends with. */
static const char *read_unit(struct metrics *metrics, const char *at) {
    struct family *family = last_family(metrics);
    at = expect(expect(at, family->name), " ");
    assert_string_equal(family->unit, "");
    assert_false(has_samples(metrics));
    at = read_name(at, 0, family->unit);
    size_t len = strlen(family->name), unit_len = strlen(family->unit);
    assert_true(len > unit_len + 1 && family->name[len - unit_len - 1] == '_');
    assert_string_equal(family->name + len - unit_len, family->unit);
    return at;
}

static const char *read_help(struct metrics *metrics, const char *at) {
    struct family *family = last_family(metrics);
    at = expect(expect(at, family->name), " ");
    assert_false(family->has_help || has_samples(metrics));
    family->has_help = 1;
    size_t len = strcspn(at, "\n\\\"");
    assert_true(len > 0 && at[len] == '\n');
    return at + len;
}

/* ---- Samples ---- */

static const char *label_of(const struct sample *sample, const char *name) {
    for (size_t i = 0; i < sample->label_count; i++)
        if (strcmp(sample->labels[i].name, name) == 0)
            return sample->labels[i].value;
    return NULL;
}

static const char *read_labels(const char *at, struct sample *sample) {
    while (*at == '{' || *at == ',') {
        struct label *label = &sample->labels[sample->label_count];
        assert_true(sample->label_count < LABELS_MAX && (*at == '{') == (sample->label_count == 0));
        at = read_name(at + 1, 0, label->name);
        at = read_value(expect(at, "=\""), label->value);
        assert_null(label_of(sample, label->name));
        sample->label_count++;
    }
    return sample->label_count ? expect(at, "}") : at;
}

/* What stands behind the family's name must be what its type has. */
static const char *suffix_of(const struct family *family, const struct sample *sample) {
    const char *suffix = sample->name + strlen(family->name);
    assert_memory_equal(sample->name, family->name, strlen(family->name));
    if (strcmp(family->type, "counter") == 0)
        assert_string_equal(suffix, "_total");
    else if (strcmp(family->type, "histogram") == 0)
        assert_true(strcmp(suffix, "_bucket") == 0 || strcmp(suffix, "_count") == 0 || strcmp(suffix, "_sum") == 0);
    else
        assert_string_equal(suffix, "");
    return suffix;
}

static void check_labels(const struct family *family, const struct sample *sample, const char *suffix) {
    assert_int_equal(label_of(sample, "le") != NULL, strcmp(suffix, "_bucket") == 0);
    if (strcmp(family->type, "stateset") == 0) {
        assert_non_null(label_of(sample, family->name));
        assert_true(sample->value == 0 || sample->value == 1);
    }
}

static const char *read_sample(struct metrics *metrics, const char *at) {
    struct sample sample = {.family = metrics->family_count - 1};
    const struct family *family = last_family(metrics);
    assert_true(family->has_help);
    at = read_labels(read_name(at, 1, sample.name), &sample);
    at = read_number(expect(at, " "), &sample.value);
    check_labels(family, &sample, suffix_of(family, &sample));
    metrics->samples = grown(metrics->samples, metrics->sample_count, sizeof sample);
    metrics->samples[metrics->sample_count++] = sample;
    return at;
}

/* ---- The whole ---- */

static int is_same_but(const struct sample *a, const struct sample *b, const char *left_out) {
    size_t same = 0, count = 0;
    for (size_t i = 0; i < a->label_count; i++) {
        const char *other = label_of(b, a->labels[i].name);
        if (left_out && strcmp(a->labels[i].name, left_out) == 0)
            continue;
        count++;
        same += other && strcmp(other, a->labels[i].value) == 0;
    }
    return same == count && count + (left_out && label_of(b, left_out)) == b->label_count;
}

static void check_no_sample_twice(const struct metrics *metrics) {
    for (size_t i = 0; i < metrics->sample_count; i++)
        for (size_t k = i + 1; k < metrics->sample_count; k++)
            assert_false(strcmp(metrics->samples[i].name, metrics->samples[k].name) == 0 &&
                         is_same_but(&metrics->samples[i], &metrics->samples[k], NULL));
}

static double bound_of(const struct sample *sample) {
    double bound;
    const char *le = label_of(sample, "le");
    if (strcmp(le, "+Inf") == 0)
        return INFINITY;
    assert_string_equal(read_number(le, &bound), "");
    assert_non_null(strchr(le, '.')); /* a canonical number */
    return bound;
}

static int has_suffix(const struct sample *sample, const char *suffix) {
    size_t len = strlen(sample->name), suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(sample->name + len - suffix_len, suffix) == 0;
}

/* Buckets grow, in order, up to one without bound; then come the count, which is the same, and the sum. */
static size_t check_histogram(const struct metrics *metrics, size_t at) {
    const struct sample *samples = metrics->samples, *first = &samples[at];
    double bound = -1, below = 0;
    while (at < metrics->sample_count && has_suffix(&samples[at], "_bucket") && bound != INFINITY) {
        assert_true(is_same_but(first, &samples[at], "le"));
        assert_true(bound_of(&samples[at]) > bound && samples[at].value >= below);
        bound = bound_of(&samples[at]);
        below = samples[at++].value;
    }
    assert_true(bound == INFINITY && at + 2 <= metrics->sample_count);
    assert_true(has_suffix(&samples[at], "_count") && is_same_but(first, &samples[at], "le"));
    assert_true(samples[at].value == below);
    assert_true(has_suffix(&samples[at + 1], "_sum") && is_same_but(first, &samples[at + 1], "le"));
    return at + 2;
}

static void check_histograms(const struct metrics *metrics) {
    for (size_t i = 0; i < metrics->sample_count;) {
        const struct family *family = &metrics->families[metrics->samples[i].family];
        i = strcmp(family->type, "histogram") == 0 ? check_histogram(metrics, i) : i + 1;
    }
}

struct metrics *metrics_read(const char *text, size_t len) {
    struct metrics *metrics = grown(NULL, 0, sizeof *metrics);
    const char *at = text;
    assert_int_equal(strlen(text), len);
    assert_true(hd__utf8_valid(text, len));
    while (strncmp(at, "# EOF", 5) != 0) {
        at = strncmp(at, "# TYPE ", 7) == 0   ? read_type(metrics, at + 7)
             : strncmp(at, "# UNIT ", 7) == 0 ? read_unit(metrics, at + 7)
             : strncmp(at, "# HELP ", 7) == 0 ? read_help(metrics, at + 7)
                                              : read_sample(metrics, at);
        at = expect(at, "\n");
    }
    assert_string_equal(at, "# EOF\n");
    check_no_sample_twice(metrics);
    check_histograms(metrics);
    return metrics;
}

void metrics_free(struct metrics *metrics) {
    free(metrics->families);
    free(metrics->samples);
    free(metrics);
}

/* ---- Asking ---- */

static int has_label(const struct sample *sample, const char *pair) {
    const char *equals = strchr(pair, '=');
    for (size_t i = 0; i < sample->label_count; i++)
        if (strlen(sample->labels[i].name) == (size_t)(equals - pair) &&
            strncmp(sample->labels[i].name, pair, (size_t)(equals - pair)) == 0)
            return strcmp(sample->labels[i].value, equals + 1) == 0;
    return 0;
}

double metrics_value(const struct metrics *metrics, const char *name, const char *const *labels) {
    for (size_t i = 0; i < metrics->sample_count; i++) {
        const struct sample *sample = &metrics->samples[i];
        size_t same = 0, count = 0;
        for (; labels && labels[count]; count++)
            same += has_label(sample, labels[count]) != 0;
        if (strcmp(sample->name, name) == 0 && same == count && count == sample->label_count)
            return sample->value;
    }
    return -1;
}

size_t metrics_count(const struct metrics *metrics, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < metrics->sample_count; i++)
        count += strcmp(metrics->samples[i].name, name) == 0;
    return count;
}
