/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* One receiver, in the receivers' process. */
struct player {
    struct server *server;
    struct raw *raw;
    struct tls *tls;
};

struct stage {
    pid_t process;
    int orders, answers; /* pipes */
    const struct actor *actors;
    uint16_t ports[STAGE_MAX]; /* 0 for a receiver that cannot be had */
};

/* ------------------------------------------------------------------------------------------------------------------
 * The receivers' process
 */

static struct server *start_with_mode(enum server_mode mode) {
    struct server *server = server_start();
    if (server != NULL)
        server_set_mode(server, mode);
    return server;
}

static uint16_t enter(struct player *player, struct tls_authority *authority, const struct actor *actor) {
    switch (actor->kind) {
    case SCRIPTED:
    case MODE:
        player->server = start_with_mode(actor->mode);
        break;
    case REFUSING:
        player->server = server_start_refusing();
        break;
    case BUSY:
        player->server = server_start_busy();
        break;
    case NOWHERE:
        return 8080;
    case RAW:
        player->raw = raw_start("127.0.0.1", 0, &actor->raw);
        return player->raw != NULL ? raw_port(player->raw) : 0;
    case TLS:
        player->tls = tls_start(authority, actor->certificate, actor->manners);
        return player->tls != NULL ? tls_port(player->tls) : 0;
    }
    return player->server != NULL ? server_port(player->server) : 0;
}

static unsigned posts_of(const struct player *player) {
    return player->server != NULL ? (unsigned)server_requests(player->server)
           : player->raw != NULL  ? raw_posts(player->raw)
           : player->tls != NULL  ? tls_posts(player->tls)
                                  : 0;
}

static void leave(struct player *player) {
    server_stop(player->server);
    raw_stop(player->raw);
    tls_stop(player->tls);
}

static bool send_all(int fd, const void *bytes, size_t length) {
    return write(fd, bytes, length) == (ssize_t)length; /* a pipe takes so little at once */
}

static bool receive_all(int fd, void *bytes, size_t length) {
    char *to = bytes;
    while (length > 0) {
        ssize_t got = read(fd, to, length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        length -= (size_t)got;
    }
    return true;
}

/* Counts whenever it is asked to. Ends with the pipe, and so with the test too. */
static void play(int orders, int answers, struct tls_authority *authority, const struct actor *actors, size_t count) {
    struct player players[STAGE_MAX] = {{NULL, NULL, NULL}};
    uint16_t ports[STAGE_MAX] = {0};
    unsigned posts[STAGE_MAX] = {0};
    char order;
    for (size_t i = 0; i < count; i++)
        ports[i] = enter(&players[i], authority, &actors[i]);
    bool goes_on = send_all(answers, ports, sizeof ports);
    while (goes_on && receive_all(orders, &order, 1)) {
        for (size_t i = 0; i < count; i++)
            posts[i] = posts_of(&players[i]);
        goes_on = send_all(answers, posts, sizeof posts);
    }
    for (size_t i = 0; i < count; i++)
        leave(&players[i]);
    _exit(0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The test's process
 */

static struct stage *fork_stage(int orders[2], int answers[2], struct tls_authority *authority,
                                const struct actor *actors, size_t count) {
    struct stage *stage = calloc(1, sizeof *stage);
    if (stage == NULL)
        abort();
    (void)fflush(stdout);
    stage->process = fork();
    if (stage->process == 0) {
        (void)close(orders[1]);
        (void)close(answers[0]);
        play(orders[0], answers[1], authority, actors, count);
    }
    (void)close(orders[0]);
    (void)close(answers[1]);
    stage->orders = orders[1];
    stage->answers = answers[0];
    stage->actors = actors;
    return stage;
}

struct stage *stage_open(struct tls_authority *authority, const struct actor *actors, size_t count) {
    int orders[2], answers[2];
    if (count > STAGE_MAX || pipe(orders) != 0)
        return NULL;
    if (pipe(answers) != 0) {
        (void)close(orders[0]);
        (void)close(orders[1]);
        return NULL;
    }
    struct stage *stage = fork_stage(orders, answers, authority, actors, count);
    if (stage->process > 0 && receive_all(stage->answers, stage->ports, sizeof stage->ports))
        return stage;
    stage_close(stage);
    return NULL;
}

void stage_close(struct stage *stage) {
    if (stage == NULL)
        return;
    (void)close(stage->orders);
    (void)close(stage->answers);
    if (stage->process > 0)
        (void)waitpid(stage->process, NULL, 0);
    free(stage);
}

bool stage_has(const struct stage *stage, size_t index) {
    return stage->ports[index] != 0;
}

const char *stage_url(const struct stage *stage, size_t index, char *buf, size_t size) {
    const struct actor *actor = &stage->actors[index];
    (void)snprintf(buf, size, "%s://%s:%u%s", actor->kind == TLS ? "https" : "http",
                   actor->kind == NOWHERE ? "224.0.0.1" : "127.0.0.1", (unsigned)stage->ports[index],
                   actor->path != NULL ? actor->path : "/");
    return buf;
}

bool stage_count_posts(struct stage *stage, unsigned posts[STAGE_MAX]) {
    return send_all(stage->orders, "?", 1) && receive_all(stage->answers, posts, STAGE_MAX * sizeof posts[0]);
}
