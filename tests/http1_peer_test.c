/* SPDX-License-Identifier: MIT */
/** @file http1_peer_test.c The parser and libcurl's own HTTP, over a loopback socket, see the same in the same bytes;
 * where they do not, the table of differences says why. */
#include "support/answer_mutations.h"
#include "support/answers.h"
#include "support/answers_seen.h"
#include "support/bodies.h"
#include "support/peer.h"
#include "support/support.h"

#include <curl/curl.h>

static struct peer *peer;

static int set_up(void **state) {
    (void)state;
    peer = peer_new();
    return peer == NULL;
}

static int tear_down(void **state) {
    (void)state;
    peer_free(peer);
    return 0;
}

/* The libcurl that is used, if it is one that the table knows; else 0. */
static unsigned reader_here(void) {
    switch (curl_version_info(CURLVERSION_NOW)->version_num >> 8) {
    case 0x0758:
        return CURL_7_88;
    case 0x080E:
        return CURL_8_14;
    case 0x0817:
        return CURL_8_23;
    default:
        return 0;
    }
}

static const char *described(const struct outcome *outcome, char *text, size_t size) {
    (void)snprintf(text, size, "status %d%s%s%s, %zu bytes of body", outcome->status,
                   outcome->is_whole ? ", whole" : "", outcome->waits ? ", waits" : "",
                   outcome->is_kept ? ", kept" : "", outcome->body.len);
    return text;
}

static void show(const char *name, const char *difference, const struct outcome *ours, const struct outcome *theirs) {
    char text[2][128];
    print_message("%s: %s: we: %s; libcurl: %s\n", name, difference ? difference : "none",
                  described(ours, text[0], sizeof text[0]), described(theirs, text[1], sizeof text[1]));
}

/* With another libcurl than those of the table, differences are shown and no more: it may be one of either side. */
static bool check_answer(const struct answer *answer, unsigned reader) {
    struct mutation bytes;
    struct outcome ours, theirs;
    whole_answer(&bytes, answer);
    we_read(bytes.data, bytes.len, &ours);
    if (!peer_reads(peer, bytes.data, bytes.len, &theirs))
        fail_msg("%s: libcurl was not asked", answer->name);
    const char *difference = differing_outcome(&ours, &theirs);
    bool is_known = difference_of(answer->name, reader ? reader : ~0U) != NULL;
    bool is_wrong = (difference != NULL) != is_known && (reader || difference);
    if (is_wrong)
        show(answer->name, difference, &ours, &theirs);
    hd__buffer_free(&ours.body);
    hd__buffer_free(&theirs.body);
    return !is_wrong || !reader;
}

static void test_the_table(void **state) {
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < answers_count(); i++)
        wrong += !check_answer(answer_at(i), reader_here());
    assert_int_equal(wrong, 0);
}

static void test_differences_name_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < differences_count; i++) {
        size_t found = 0;
        for (size_t j = 0; j < answers_count(); j++)
            found += strcmp(answer_at(j)->name, differences[i].answer) == 0;
        if (found != 1)
            fail_msg("%s: %zu answers", differences[i].answer, found);
    }
}

/* Of answers that nobody has thought of: what the parser takes for good as far as it goes, libcurl takes for the same.
 * It is the other way round that the parser is stricter. Transfer codings but chunked are left out: see the table. */
static void test_what_is_good_is_good_for_libcurl(void **state) {
    (void)state;
    uint64_t seed = 1;
    size_t tried = 0;
    for (size_t i = 0; i < volume(20000); i++) {
        struct mutation bytes;
        struct outcome ours, theirs;
        mutated_answer(&bytes, &seed);
        we_read(bytes.data, bytes.len, &ours);
        if (ours.status > 0 && !ours.is_refused && !ours.is_coded) {
            tried++;
            if (!peer_reads(peer, bytes.data, bytes.len, &theirs))
                fail_msg("%zu: libcurl was not asked", i);
            theirs.is_kept = ours.is_kept;
            const char *difference = differing_outcome(&ours, &theirs);
            if (difference) {
                show("one of them", difference, &ours, &theirs);
                fail_msg("%zu: %.*s", i, (int)bytes.len, bytes.data);
            }
            hd__buffer_free(&theirs.body);
        }
        hd__buffer_free(&ours.body);
    }
    assert_true(tried > volume(20000) / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table),
        cmocka_unit_test(test_differences_name_answers),
        cmocka_unit_test(test_what_is_good_is_good_for_libcurl),
    };
    return cmocka_run_group_tests_name("http1_peer", tests, set_up, tear_down);
}
