#include "cli/job.h"

#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS 50
#define HINT_US 2000000  /* after so long without a sign, one may ask whether a server runs */
#define QUIET_US 7000000 /* longer than an attempt takes: if nothing happens for so long, nothing will */
#define PACE_MAX 1000

/* ---- What it will do ---- */

static int set_pace(const struct args *args, hd_job *job) {
    const char *text = cli_value(args, OPT_RATE);
    char *end = NULL;
    unsigned long pace = text ? strtoul(text, &end, 10) : 0;
    if (!text)
        return CLI_OK;
    if (pace >= 1 && pace <= PACE_MAX && (*end == '\0' || strcmp(end, "/s") == 0))
        return hd_job_set_pace(job, (uint32_t)pace) == HD_OK ? CLI_OK : CLI_INTERNAL;
    cli_error("--rate cannot be '%s'", text);
    cli_hint("It is a number of deliveries per second, such as 10/s, up to 1000/s.");
    return CLI_USAGE;
}

/* ", tests 1" and so on, of those that are not 0. */
static void print_reasons(FILE *file, const hd_job *job) {
    static const struct {
        int which;
        const char *words;
    } reasons[] = {
        {HD_COUNT_LEFT_OUT_TEST, "tests"},
        {HD_COUNT_LEFT_OUT_REMOVED, "webhook not there any more"},
        {HD_COUNT_LEFT_OUT_LATER, "arrived since, or under way"},
        {HD_COUNT_LEFT_OUT_DAMAGED, "damaged in the store"},
        {HD_COUNT_LEFT_OUT_DELETED, "deleted from the log"},
    };
    const char *before = ": ";
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        uint64_t count = hd_job_count(job, reasons[i].which);
        if (count > 0) {
            fprintf(file, "%s%s %" PRIu64, before, reasons[i].words, count);
            before = ", ";
        }
    }
}

static void print_plan(FILE *file, const hd_job *job) {
    uint64_t left = hd_job_count(job, HD_COUNT_LEFT), webhooks = hd_job_count(job, HD_COUNT_WEBHOOKS);
    uint64_t left_out = hd_job_count(job, HD_COUNT_LEFT_OUT);
    int is_missed = hd_job_source(job) == HD_SOURCE_MISSED;
    fprintf(file, "%" PRIu64 " %s", left,
            is_missed   ? (left == 1 ? "missed event" : "missed events")
            : left == 1 ? "delivery"
                        : "deliveries");
    fprintf(file, " %s %" PRIu64 " %s", is_missed ? "for" : "of", webhooks, webhooks == 1 ? "webhook" : "webhooks");
    if (left_out > 0) {
        fprintf(file, "; %" PRIu64 " left out", left_out);
        print_reasons(file, job);
    }
    fputc('\n', file);
}

int cli_job_print(const hd_job *job) {
    if (cli_is_json())
        return cli_json_print_job(job);
    if (hd_job_state(job) == HD_JOB_PLANNED) {
        print_plan(stdout, job);
        return CLI_OK;
    }
    printf("%s %s", hd_job_id(job), hd_job_state_name(hd_job_state(job)));
    printf(": %" PRIu64 " of %" PRIu64 " sent, %" PRIu64 " delivered, %" PRIu64 " failed, %" PRIu64 " left",
           hd_job_count(job, HD_COUNT_SENT), hd_job_count(job, HD_COUNT_MATCHING),
           hd_job_count(job, HD_COUNT_DELIVERED), hd_job_count(job, HD_COUNT_FAILED), hd_job_count(job, HD_COUNT_LEFT));
    if (hd_job_count(job, HD_COUNT_LEFT_OUT) > 0) {
        printf(", %" PRIu64 " left out", hd_job_count(job, HD_COUNT_LEFT_OUT));
        print_reasons(stdout, job);
    }
    putchar('\n');
    return CLI_OK;
}

/* ---- While it runs ---- */

struct watch {
    const struct args *args;
    const struct place *place;
    const char *id;
    hd_job *job; /* as it was last */
    struct progress progress;
    int64_t started_us, changed_us;
    int is_hinted, is_stopped;
};

static uint64_t ended(const hd_job *job) {
    return hd_job_count(job, HD_COUNT_DELIVERED) + hd_job_count(job, HD_COUNT_FAILED);
}

static void take(struct watch *watch, hd_job *job) {
    uint64_t failed = hd_job_count(job, HD_COUNT_FAILED) - hd_job_count(watch->job, HD_COUNT_FAILED);
    uint64_t all = ended(job) - ended(watch->job);
    if (all > 0 || hd_job_count(job, HD_COUNT_SENT) != hd_job_count(watch->job, HD_COUNT_SENT))
        watch->changed_us = cli_now_us();
    for (uint64_t i = 0; i < all; i++)
        cli_progress_step(&watch->progress, i < failed);
    hd_job_free(watch->job);
    watch->job = job;
}

static int look(struct watch *watch) {
    hd_job *job = NULL;
    int status = hd_job_get(watch->place->client, watch->id, &job);
    if (status != HD_OK)
        return cli_fail_place(watch->place, status);
    take(watch, job);
    cli_progress_draw(&watch->progress);
    return CLI_OK;
}

/* Whether there is something to wait for. */
static int goes_on(struct watch *watch) {
    int64_t quiet_us = cli_now_us() - watch->changed_us;
    int is_under_way = hd_job_count(watch->job, HD_COUNT_SENT) > ended(watch->job);
    if (quiet_us >= HINT_US && ended(watch->job) == 0 && !watch->is_hinted++ && !cli_has(watch->args, OPT_DELIVER))
        cli_note("Waiting for a server to deliver. If none has the store open, --deliver has this command do it.");
    return cli_stops() < 2 && quiet_us < QUIET_US &&
           (hd_job_state(watch->job) == HD_JOB_RUNNING || (watch->is_stopped && is_under_way));
}

/* The first signal stops the job, and waits for what is under way. */
static int stop(struct watch *watch) {
    int status = watch->is_stopped ? HD_OK : hd_job_stop(watch->place->client, watch->id);
    watch->is_stopped = 1;
    return status == HD_OK ? CLI_OK : cli_fail_place(watch->place, status);
}

static void take_a_break(void) {
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    nanosleep(&pause, NULL);
}

static int wait_for_end(struct watch *watch) {
    int code = look(watch);
    while (code == CLI_OK && goes_on(watch)) {
        take_a_break();
        if (cli_stops() > 0)
            code = stop(watch);
        if (code == CLI_OK)
            code = look(watch);
    }
    cli_progress_end(&watch->progress);
    return code;
}

/* ---- The end ---- */

static void tell_what_is_left(const struct watch *watch) {
    if (watch->is_stopped)
        cli_note("Stopped. 'helmdesk jobs resume %s' goes on where it was.", watch->id);
    else if (hd_job_state(watch->job) == HD_JOB_RUNNING)
        cli_note("Job %s goes on when it can. Either no server has the store open, or a webhook is not on, is paused, "
                 "tries again later, or has something older to deliver first.",
                 watch->id);
}

static int tell(const struct watch *watch) {
    const hd_job *job = watch->job;
    uint64_t sent = hd_job_count(job, HD_COUNT_SENT), failed = hd_job_count(job, HD_COUNT_FAILED);
    uint64_t damaged = hd_job_count(job, HD_COUNT_LEFT_OUT_DAMAGED);
    double seconds = (double)(cli_now_us() - watch->started_us) / 1e6;
    if (cli_is_json()) {
        int code = cli_json_print_job(job);
        if (code != CLI_OK)
            return code;
    } else {
        printf("%" PRIu64 " deliveries in %.1f s: %s%" PRIu64 " delivered%s, %s%" PRIu64 " failed%s\n", sent, seconds,
               cli_color(stdout, COLOR_GOOD), hd_job_count(job, HD_COUNT_DELIVERED), cli_plain(stdout),
               cli_color(stdout, failed ? COLOR_BAD : COLOR_DIM), failed, cli_plain(stdout));
    }
    if (damaged > 0)
        return cli_fail(CLI_STORE, "left out, since the store is damaged and their events cannot be read: %" PRIu64,
                        damaged);
    tell_what_is_left(watch);
    return hd_job_state(job) == HD_JOB_DONE && failed == 0 ? CLI_OK : CLI_NEGATIVE;
}

static int fail_start(const struct place *place, int status) {
    if (status != HD_E_JOB_RUNNING)
        return cli_fail_place(place, status);
    cli_error("a job that may send to the same webhook runs already");
    cli_hint("'helmdesk jobs list' shows it, and 'helmdesk jobs stop ID' stops it.");
    return CLI_NEGATIVE;
}

static int start(const struct args *args, const struct place *place, hd_job *job) {
    uint64_t total = hd_job_count(job, HD_COUNT_LEFT);
    int status = hd_job_start(place->client, job);
    if (status != HD_OK)
        return fail_start(place, status);
    struct watch watch = {
        .args = args, .place = place, .id = hd_job_id(job), .started_us = cli_now_us(), .changed_us = cli_now_us()};
    status = hd_job_get(place->client, watch.id, &watch.job);
    if (status != HD_OK)
        return cli_fail_place(place, status);
    cli_stop_begin(3);
    cli_progress_begin(&watch.progress, (size_t)total);
    int code = wait_for_end(&watch);
    if (code == CLI_OK)
        code = tell(&watch);
    hd_job_free(watch.job);
    return cli_stops() ? cli_stop_code() : code;
}

static int confirm(const struct args *args, const hd_job *job) {
    char question[64];
    uint64_t count = hd_job_count(job, HD_COUNT_LEFT);
    int is_missed = hd_job_source(job) == HD_SOURCE_MISSED;
    snprintf(question, sizeof question, "%s %" PRIu64 " %s?", is_missed ? "Send" : "Redeliver", count,
             is_missed ? (count == 1 ? "event" : "events") : (count == 1 ? "delivery" : "deliveries"));
    return cli_confirm(args, question);
}

int cli_job_run(const struct args *args, const struct place *place, hd_job *job) {
    int code = set_pace(args, job);
    if (code == CLI_OK && cli_has(args, OPT_AGAIN))
        (void)hd_job_set_with_later(job, 1);
    if (code != CLI_OK)
        return code;
    int status = hd_job_plan(place->client, job);
    if (status != HD_OK)
        return status == HD_E_NOT_FOUND ? cli_fail(CLI_NEGATIVE, "there is no webhook %s", hd_job_webhook_id(job))
                                        : cli_fail_place(place, status);
    if (cli_has(args, OPT_DRY_RUN))
        return cli_job_print(job);
    if (hd_job_count(job, HD_COUNT_MATCHING) == 0)
        cli_note(hd_job_source(job) == HD_SOURCE_MISSED ? "It has missed nothing." : "No delivery matches.");
    else if (!cli_is_quiet())
        print_plan(stderr, job);
    if (hd_job_count(job, HD_COUNT_LEFT) == 0)
        return CLI_OK;
    code = confirm(args, job);
    return code == CLI_OK ? start(args, place, job) : code;
}
