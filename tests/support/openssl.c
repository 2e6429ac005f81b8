/* SPDX-License-Identifier: MIT */
#include "openssl.h"

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 40
#define OUTPUT_MAX ((size_t)256 * 1024)

struct openssl {
    pid_t pid;
    int input;
    uint16_t port;
    char output[128]; /* the file that it prints to */
};

static int run(char **arguments) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        (void)dup2(nowhere, STDIN_FILENO);
        (void)dup2(nowhere, STDOUT_FILENO);
        (void)dup2(nowhere, STDERR_FILENO);
        (void)execvp(arguments[0], arguments);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool openssl_certify(const char *directory) {
    char *version[] = {"openssl", "version", NULL};
    char *script[] = {"bash", "tests/support/certificates.sh", (char *)(uintptr_t)directory, NULL};
    if (run(version) != 0)
        return false;
    assert_int_equal(run(script), 0);
    return true;
}

static char *read_output(const struct openssl *server) {
    char *text = calloc(1, OUTPUT_MAX + 1);
    FILE *file = fopen(server->output, "r");
    assert_non_null(text);
    assert_non_null(file);
    (void)!fread(text, 1, OUTPUT_MAX, file);
    (void)fclose(file);
    return text;
}

size_t openssl_says(const struct openssl *server, const char *text) {
    char *output = read_output(server);
    size_t count = 0;
    for (const char *at = output; (at = strstr(at, text)); at++)
        count++;
    free(output);
    return count;
}

/* "ACCEPT 127.0.0.1:12345", printed when it listens; 0 before that. */
static uint16_t read_port(const struct openssl *server) {
    char *output = read_output(server);
    const char *line = strstr(output, "ACCEPT "), *end = line ? strchr(line, '\n') : NULL;
    unsigned long port = 0;
    if (end) {
        while (end[-1] >= '0' && end[-1] <= '9')
            end--;
        port = strtoul(end, NULL, 10);
    }
    free(output);
    return (uint16_t)port;
}

static void become_server(const struct openssl *server, int input, char **arguments) {
    int output = open(server->output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    (void)dup2(input, STDIN_FILENO);
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    (void)execvp(arguments[0], arguments);
    _exit(127);
}

static void spawn(struct openssl *server, char **arguments) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    server->pid = fork();
    if (server->pid == 0)
        become_server(server, ends[0], arguments);
    assert_true(server->pid > 0);
    (void)close(ends[0]);
    server->input = ends[1];
}

struct openssl *openssl_start(const char *directory, const char *name, const char *options) {
    static unsigned count;
    char certificate[128], key[128], rest[512];
    char *arguments[ARGUMENTS_MAX] = {"openssl", "s_server",  "-accept",     "127.0.0.1:0", "-naccept", "1000",
                                      "-cert",   certificate, "-cert_chain", certificate,   "-key",     key};
    size_t used = 12;
    struct openssl *server = calloc(1, sizeof *server);
    assert_non_null(server);
    (void)snprintf(certificate, sizeof certificate, "%s/%s.pem", directory, name);
    (void)snprintf(key, sizeof key, "%s/%s.key", directory, name);
    (void)snprintf(server->output, sizeof server->output, "%s/output-%u", directory, ++count);
    (void)snprintf(rest, sizeof rest, "%s", options);
    for (char *word = strtok(rest, " "); word && used < ARGUMENTS_MAX - 1; word = strtok(NULL, " "))
        arguments[used++] = word;
    FILE *file = fopen(server->output, "w");
    assert_non_null(file);
    (void)fclose(file);
    spawn(server, arguments);
    assert_eventually((server->port = read_port(server)) != 0);
    return server;
}

uint16_t openssl_port(const struct openssl *server) {
    return server->port;
}

void openssl_send(struct openssl *server, const char *bytes, size_t len) {
    assert_int_equal(write(server->input, bytes, len), (ssize_t)len);
}

void openssl_stop(struct openssl *server) {
    if (!server)
        return;
    (void)close(server->input);
    (void)kill(server->pid, SIGKILL);
    while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(server);
}
