/* The outcomes of events that were sent with HD_ACCEPT_ASYNC: a queue in the order of acceptance, from which the
 * program takes each outcome once. Its memory is allocated at the start, so that no outcome can be lost when memory
 * runs out. */
#ifndef HD_ENGINE_COMMITS_H
#define HD_ENGINE_COMMITS_H

#include "base/notifier.h"
#include "engine/inbox.h"

struct hd__commit {
    uint64_t sequence;
    int status;
    unsigned char sent_id[HD__UUID_BYTES];  /* which the caller got */
    unsigned char event_id[HD__UUID_BYTES]; /* that of an earlier event with its key, or the same */
};

struct hd__commits {
    pthread_mutex_t mutex; /* held from before an event is accepted until it is added: nobody tells of it earlier */
    struct hd__notifier *notifier;
    struct hd__commit *ring; /* number n is at index n % capacity */
    size_t capacity;         /* 0: the client has another mode */
    uint64_t first;          /* number of the oldest one that was not taken */
    uint64_t told;           /* number of the oldest one whose outcome is not known */
    uint64_t next;           /* number of the one to come */
};

/* With a capacity of 0 nothing can be added. Returns a status. */
int hd__commits_init(struct hd__commits *commits, size_t capacity, struct hd__notifier *notifier);
void hd__commits_destroy(struct hd__commits *commits);

/* These two with the mutex held. An event that is kept by now is told of at once. */
int hd__commits_has_room(const struct hd__commits *commits);
void hd__commits_add(struct hd__commits *commits, const struct hd__accepted *accepted, int is_kept);

/* Tells what became of the oldest event of which that is not known, if it has this sequence; or of all of them. */
void hd__commits_tell(struct hd__commits *commits, uint64_t sequence, int status,
                      const unsigned char event_id[HD__UUID_BYTES]);
void hd__commits_tell_all(struct hd__commits *commits, int status);

/* Takes the oldest outcome. Returns 0 if there is none. */
int hd__commits_take(struct hd__commits *commits, struct hd__commit *commit);

/* The notifier has been opened. */
void hd__commits_notify(struct hd__commits *commits);

#endif
