/* What has to stop before the process's other exit handlers run: OpenSSL's frees what a thread in the middle of TLS
 * still uses, which crashed 113 of 200 processes that called exit() at that moment (openssl/openssl#6214). */
#ifndef HD_BASE_EXIT_H
#define HD_BASE_EXIT_H

struct hd__exit_hook {
    struct hd__exit_hook *previous, *next;
    void (*stop)(void *user);
    void *user;
};

/* From now on, exit() stops what is listed, before all that was registered earlier. For each call but the first, this
 * does nothing. */
void hd__exit_prepare(void);

/* Lists a hook, which must not move until it is taken out. A forked child begins with an empty list. */
void hd__exit_add(struct hd__exit_hook *hook);

/* Afterwards stop() is not called any more; waits for it if exit() is just calling it. */
void hd__exit_remove(struct hd__exit_hook *hook);

#endif
