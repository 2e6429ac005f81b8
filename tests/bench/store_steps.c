/* SPDX-License-Identifier: MIT */
/* The store alone: the whole life of deliveries, so many in each step. */
#include "crash/crash.h"
#include "figures.h"
#include "steps.h"
#include "store_parts.h"

#include "support/support.h"

#include <stdio.h>
#include <sys/stat.h>

double file_bytes(const char *directory) {
    char path[128];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/helmdesk.db", directory);
    must(stat(path, &status) == 0);
    return (double)status.st_size;
}

/* Each step adds as many as it ends. */
static double live(struct steps *steps, size_t batch, uint64_t total) {
    int64_t begun_ns = now_ns();
    for (uint64_t done = 0; done < total; done += batch) {
        if (done > 0)
            steps_write_results(steps, done - batch, steps->added[0].row, batch);
        steps_write_events(steps, done, batch);
        steps_make(steps, batch, done > 0 ? batch : 0);
    }
    return (double)total * 1e9 / (double)(now_ns() - begun_ns);
}

static void measure(const struct urls *urls, size_t batch, uint64_t total) {
    static struct steps steps;
    char directory[64], name[64];
    hd_store *store;
    make_directory(directory);
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    put(client, "w0", urls->hang, 4);
    end_client(client);
    hd_store_free(store);
    steps_begin(&steps, directory);
    double rate = live(&steps, batch, total);
    steps_end(&steps);
    (void)snprintf(name, sizeof name, "store_life_batch_%zu", batch);
    say(name, rate, "deliveries/s");
    (void)snprintf(name, sizeof name, "store_bytes_batch_%zu", batch);
    say(name, file_bytes(directory) / (double)total, "bytes");
    remove_directory(directory);
}

void measure_life(const struct urls *urls) {
    measure(urls, 1, 2000);
    measure(urls, 10, 20000);
    measure(urls, 100, 100000);
}
