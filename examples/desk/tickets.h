/* The toy desk: tickets in memory. What happens to them is reported to the webhooks. */
#ifndef DESK_TICKETS_H
#define DESK_TICKETS_H

#include <helmdesk.h>

#define TICKETS_MESSAGES_MAX 20

struct message {
    char *sender, *body; /* the sender is "customer" or "agent" */
};

struct ticket {
    long long number;
    char id[33];
    char *subject, *email, *name, *priority;
    int is_resolved;
    struct message messages[TICKETS_MESSAGES_MAX];
    size_t message_count;
    int event;       /* the last one: one of HD_TICKET_CREATED and so on */
    int sent;        /* what hd_webhook_send() said to it */
    size_t webhooks; /* how many it went to */
};

struct tickets;

/* The client must outlive the tickets. Returns NULL if there is not enough memory. */
struct tickets *tickets_new(hd_client *client, const char *project);

void tickets_free(struct tickets *tickets);

/* Each of these reports an event. They return HD_OK also if the event could not be sent, which the ticket then says;
 * what a setter of the event says of a value that it does not take, and then nothing is changed; HD_E_NOT_FOUND without
 * such a ticket; HD_E_CONFLICT if it is resolved already, or has all the messages that it can have; HD_E_NO_MEMORY. */
int tickets_create(struct tickets *tickets, const char *subject, const char *email, const char *name,
                   const char *priority, long long *number);
int tickets_reply(struct tickets *tickets, long long number, const char *sender, const char *body);
int tickets_resolve(struct tickets *tickets, long long number);

/* Shows each ticket, the newest first. */
void tickets_visit(struct tickets *tickets, void (*show)(void *user, const struct ticket *ticket), void *user);

#endif
