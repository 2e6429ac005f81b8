/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "support.h"

#include "helmdesk/sqlite.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PART "process-on-a-store" /* the first argument of such a process; then DIRECTORY, ROLE and OPTIONS */
#define WORDS_MAX 16

static const char *program;

int is_process(int argc, char **argv) {
    program = argv[0];
    return argc == 5 && strcmp(argv[1], PART) == 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The process
 */

static hd_client *client;
static char *words[WORDS_MAX];
static int count;

static const char *word(int index) {
    return index < count ? words[index] : "";
}

static int64_t number(int index) {
    return strtoll(word(index), NULL, 10);
}

static void answer(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void answer(int status, const char *format, ...) {
    va_list arguments;
    printf("%d ", status);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    (void)fflush(stdout);
}

static void do_send(void) {
    char id[HD_ID_SIZE] = "";
    hd_event *event = event_for_tests(HD_TICKET_CREATED, word(1), number(2));
    int status = count > 3 ? hd_event_set(event, HD_FIELD_IDEMPOTENCY_KEY, word(3), HD_TEXT_NUL) : HD_OK;
    if (status == HD_OK)
        status = hd_webhook_send(client, event, id);
    hd_event_free(event);
    answer(status, "%s", id);
}

static void do_send_many(void) {
    int status = HD_OK;
    for (int64_t i = 0; i < number(3) && status == HD_OK; i++) {
        hd_event *event = event_for_tests(HD_TICKET_CREATED, word(1), number(2) + i);
        status = hd_webhook_send(client, event, NULL);
        hd_event_free(event);
    }
    answer(status, "%s", "");
}

static int set(hd_webhook *webhook, const char *setting) {
    const char *equals = strchr(setting, '=');
    size_t len = equals ? (size_t)(equals - setting) : 0;
    uint32_t value = equals ? (uint32_t)strtoul(equals + 1, NULL, 10) : 0;
    if (!equals)
        return hd_webhook_set_mode(webhook, hd_mode_from_name(setting));
    if (len == 9 && strncmp(setting, "in-flight", len) == 0)
        return hd_webhook_set_max_in_flight(webhook, value);
    if (len == 8 && strncmp(setting, "attempts", len) == 0)
        return hd_webhook_set_max_attempts(webhook, value);
    if (len == 7 && strncmp(setting, "backoff", len) == 0)
        return hd_webhook_set_retry_backoff(webhook, value, value);
    if (len == 7 && strncmp(setting, "ordered", len) == 0)
        return hd_webhook_set_ordered(webhook, (int)value);
    return HD_E_INVALID;
}

static void do_put(void) {
    hd_webhook *webhook = webhook_for_tests(word(1), word(2), word(3));
    int status = HD_OK;
    for (int i = 4; i < count && status == HD_OK; i++)
        status = set(webhook, words[i]);
    if (status == HD_OK)
        status = hd_client_put_webhook(client, webhook);
    hd_webhook_free(webhook);
    answer(status, "%s", "");
}

static void do_remove(void) {
    answer(hd_client_remove_webhook(client, word(1)), "%s", "");
}

static void do_discard(void) {
    uint64_t discarded = 0;
    int status = hd_client_discard(client, word(1), &discarded);
    answer(status, "%llu", (unsigned long long)discarded);
}

static void do_redeliver(void) {
    char id[HD_ID_SIZE] = "";
    int status = hd_client_redeliver(client, word(1), id);
    answer(status, "%s", id);
}

static void do_job(void) {
    hd_log_filter *filter = NULL;
    hd_job *job = NULL;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_add_webhook(filter, word(1));
    if (status == HD_OK)
        status = hd_log_filter_add_outcome(filter, HD_OUTCOME_FAILED);
    if (status == HD_OK)
        status = hd_job_new(HD_SOURCE_DELIVERIES, filter, &job);
    if (status == HD_OK)
        status = hd_job_set_pace(job, (uint32_t)number(2));
    if (status == HD_OK)
        status = hd_job_start(client, job);
    answer(status, "%s", hd_job_id(job));
    hd_job_free(job);
    hd_log_filter_free(filter);
}

static void do_test(void) {
    hd_report *report = NULL;
    int status = hd_client_test(client, word(1), HD_TICKET_CREATED, PATIENCE_MS, &report);
    answer(status, "%d", hd_report_outcome(report));
    hd_report_free(report);
}

static void do_counter(void) {
    answer(HD_OK, "%llu", (unsigned long long)hd_client_counter(client, (int)number(1)));
}

static void do_status(void) {
    answer(hd_client_store_status(client), "%s", "");
}

static void do_state(void) {
    int state = -1;
    int status = hd_client_webhook_state(client, word(1), &state, NULL);
    answer(status, "%d", state);
}

static void do_waiting(void) {
    uint64_t waiting = 0;
    int status = hd_client_waiting(client, word(1), &waiting, NULL);
    answer(status, "%llu", (unsigned long long)waiting);
}

static void do_flush(void) {
    answer(hd_client_flush(client, (uint32_t)number(1)), "%s", "");
}

static void do_cpu(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    answer(HD_OK, "%lld",
           ((long long)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec);
}

static void do_close(void) {
    answer(hd_client_close(client, (uint32_t)number(1)), "%s", "");
}

static hd_log_page *page; /* the last one that was read */

static void do_read(void) {
    hd_log_page_free(page);
    int status = hd_log_read(client, word(1), NULL, (size_t)number(2), &page);
    answer(status, "%zu", hd_log_page_count(page));
}

static void do_commit(void) {
    answer(hd_log_commit(client, word(1), page), "%s", "");
}

static const struct {
    const char *name;
    void (*run)(void);
} commands[] = {
    {"send", do_send},       {"send-many", do_send_many},
    {"put", do_put},         {"remove", do_remove},
    {"discard", do_discard}, {"redeliver", do_redeliver},
    {"job", do_job},         {"test", do_test},
    {"counter", do_counter}, {"status", do_status},
    {"state", do_state},     {"waiting", do_waiting},
    {"flush", do_flush},     {"cpu", do_cpu},
    {"close", do_close},     {"read", do_read},
    {"commit", do_commit},
};

static void obey(char *line) {
    char *rest = line, *next;
    for (count = 0; count < WORDS_MAX && (next = strtok_r(rest, " \n", &rest)); count++)
        words[count] = next;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(word(0), commands[i].name) == 0) {
            commands[i].run();
            return;
        }
    answer(HD_E_INVALID, "%s", "no such command");
}

int process_main(char **argv) {
    char line[1024];
    hd_store *store = NULL;
    int status = hd_store_sqlite_open(argv[2], NULL, 0, &store);
    hd_options *options = options_with_store(store);
    if (status == HD_OK)
        status = hd_options_set_role(options, atoi(argv[3]));
    if (status == HD_OK)
        status = hd_options_set_accept_mode(options, HD_ACCEPT_COMMITTED);
    if (status == HD_OK && strchr(argv[4], 'r'))
        status = hd_options_set_pause_rule(options, 3, 3600000);
    if (status == HD_OK)
        status = hd_client_new(options, &client);
    hd_options_free(options);
    answer(status, "%s", "");
    while (status == HD_OK && fgets(line, sizeof line, stdin))
        obey(line);
    hd_log_page_free(page);
    end_client(client);
    hd_store_free(store);
    return status == HD_OK ? 0 : 1;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Whoever tells it what to do
 */

/* Ends that only one process is to have. */
static void make_pipe(int ends[2]) {
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(ends[i], F_SETFD, FD_CLOEXEC), 0);
}

static void read_answer(struct process *process) {
    assert_non_null(fgets(process->answer, sizeof process->answer, process->from));
    process->answer[strcspn(process->answer, "\n")] = '\0';
}

void process_start(struct process *process, const char *path, int role, const char *options) {
    int to[2], from[2];
    char role_text[16];
    (void)snprintf(role_text, sizeof role_text, "%d", role);
    make_pipe(to);
    make_pipe(from);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(to[0], STDIN_FILENO);
        (void)dup2(from[1], STDOUT_FILENO);
        execl(program, program, PART, path, role_text, options, (char *)NULL);
        _exit(127);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    *process = (struct process){.pid = child, .to = to[1], .from = fdopen(from[0], "r")};
    assert_non_null(process->from);
    read_answer(process);
    assert_int_equal(atoi(process->answer), HD_OK);
}

__attribute__((format(printf, 2, 0))) static const char *ask(struct process *process, const char *format,
                                                             va_list arguments) {
    char line[1024];
    int len = vsnprintf(line, sizeof line - 1, format, arguments);
    assert_in_range(len, 1, sizeof line - 2);
    line[len] = '\n';
    assert_int_equal(write(process->to, line, (size_t)len + 1), len + 1);
    read_answer(process);
    return process->answer;
}

const char *process_ask(struct process *process, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)ask(process, format, arguments);
    va_end(arguments);
    return process->answer;
}

int process_status(struct process *process, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)ask(process, format, arguments);
    va_end(arguments);
    return atoi(process->answer);
}

int64_t process_number(struct process *process, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)ask(process, format, arguments);
    va_end(arguments);
    assert_int_equal(atoi(process->answer), HD_OK);
    return strtoll(strchr(process->answer, ' ') + 1, NULL, 10);
}

static int wait_for(struct process *process) {
    int status = -1;
    assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
    (void)close(process->to);
    (void)fclose(process->from);
    return status;
}

void process_kill(struct process *process) {
    assert_int_equal(kill(process->pid, SIGKILL), 0);
    int status = wait_for(process);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

void process_end(struct process *process) {
    int status = -1;
    (void)close(process->to);
    assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
    (void)fclose(process->from);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
