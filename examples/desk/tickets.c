#include "tickets.h"

#include "session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKETS_MAX 100 /* one more, and the oldest is forgotten */

struct tickets {
    pthread_mutex_t lock;
    hd_client *client;
    char *project;
    struct ticket *all[TICKETS_MAX]; /* number n is at n % TICKETS_MAX */
    long long last_number;
};

static void free_ticket(struct ticket *ticket) {
    if (ticket == NULL)
        return;
    for (size_t i = 0; i < ticket->message_count; i++) {
        free(ticket->messages[i].sender);
        free(ticket->messages[i].body);
    }
    free(ticket->subject);
    free(ticket->email);
    free(ticket->name);
    free(ticket->priority);
    free(ticket);
}

struct tickets *tickets_new(hd_client *client, const char *project) {
    struct tickets *tickets = calloc(1, sizeof *tickets);
    if (tickets == NULL)
        return NULL;
    tickets->client = client;
    tickets->project = strdup(project);
    if (tickets->project == NULL || pthread_mutex_init(&tickets->lock, NULL) != 0) {
        free(tickets->project);
        free(tickets);
        return NULL;
    }
    return tickets;
}

void tickets_free(struct tickets *tickets) {
    if (tickets == NULL)
        return;
    for (size_t i = 0; i < TICKETS_MAX; i++)
        free_ticket(tickets->all[i]);
    pthread_mutex_destroy(&tickets->lock);
    free(tickets->project);
    free(tickets);
}

/* ---- Events ---- */

static int fill_event(const struct tickets *tickets, const struct ticket *ticket, hd_event *event,
                      const struct message *message) {
    const char *state = ticket->is_resolved ? "resolved" : "open";
    char id[64];
    int status = hd_event_set(event, HD_FIELD_PROJECT, tickets->project, HD_TEXT_NUL);
    if (status == HD_OK)
        status = hd_event_set_ticket(event, ticket->id, ticket->number, ticket->subject, state, ticket->priority);
    if (status == HD_OK)
        status = hd_event_set_customer(event, ticket->email, ticket->name);
    if (status != HD_OK || message == NULL)
        return status;
    snprintf(id, sizeof id, "%s-%zu", ticket->id, ticket->message_count);
    return hd_event_set_message(event, id, message->sender, message->body);
}

/* The setters say whether what people typed can be sent at all. */
static int make_event(const struct tickets *tickets, const struct ticket *ticket, int type,
                      const struct message *message, hd_event **event) {
    int status = hd_event_new(type, event);
    if (status == HD_OK)
        status = fill_event(tickets, ticket, *event, message);
    if (status == HD_OK)
        return HD_OK;
    hd_event_free(*event);
    *event = NULL;
    return status;
}

static size_t count_subscribers(const struct tickets *tickets, int type) {
    hd_webhook_list *list = NULL;
    size_t count = 0;
    if (hd_client_list_webhooks(tickets->client, tickets->project, &list) != HD_OK)
        return 0;
    for (size_t i = 0; i < hd_webhook_list_count(list); i++) {
        const hd_webhook *webhook = hd_webhook_list_at(list, i);
        count += hd_webhook_mode(webhook) != HD_MODE_OFF && hd_webhook_subscribed(webhook, type);
    }
    hd_webhook_list_free(list);
    return count;
}

/* A helpdesk goes on working when its events cannot be sent: the ticket says so, and that is all. */
static void send_event(const struct tickets *tickets, struct ticket *ticket, hd_event *event) {
    ticket->event = hd_event_type(event);
    ticket->webhooks = count_subscribers(tickets, ticket->event);
    ticket->sent = hd_webhook_send(tickets->client, event, NULL);
    hd_event_free(event);
}

/* ---- What happens ---- */

static struct ticket *find(const struct tickets *tickets, long long number) {
    struct ticket *ticket = number > 0 ? tickets->all[number % TICKETS_MAX] : NULL;
    return ticket && ticket->number == number ? ticket : NULL;
}

static struct ticket *make_ticket(const char *subject, const char *email, const char *name, const char *priority) {
    char random[SESSION_TOKEN_SIZE];
    struct ticket *ticket = calloc(1, sizeof *ticket);
    if (ticket == NULL)
        return NULL;
    ticket->subject = strdup(subject);
    ticket->email = strdup(email);
    ticket->name = strdup(name);
    ticket->priority = strdup(priority);
    if (ticket->subject && ticket->email && ticket->name && ticket->priority && session_random(random)) {
        memcpy(ticket->id, random, sizeof ticket->id - 1);
        return ticket;
    }
    free_ticket(ticket);
    return NULL;
}

static void keep_ticket(struct tickets *tickets, struct ticket *ticket) {
    struct ticket **place = &tickets->all[ticket->number % TICKETS_MAX];
    free_ticket(*place);
    *place = ticket;
    tickets->last_number = ticket->number;
}

int tickets_create(struct tickets *tickets, const char *subject, const char *email, const char *name,
                   const char *priority, long long *number) {
    hd_event *event = NULL;
    struct ticket *ticket = make_ticket(subject, email, name, priority);
    if (ticket == NULL)
        return HD_E_NO_MEMORY;
    pthread_mutex_lock(&tickets->lock);
    *number = ticket->number = tickets->last_number + 1;
    int status = make_event(tickets, ticket, HD_TICKET_CREATED, NULL, &event);
    if (status == HD_OK) {
        keep_ticket(tickets, ticket);
        send_event(tickets, ticket, event);
    } else {
        free_ticket(ticket);
    }
    pthread_mutex_unlock(&tickets->lock);
    return status;
}

static int add_message(const struct tickets *tickets, struct ticket *ticket, const char *sender, const char *body) {
    hd_event *event = NULL;
    struct message message = {strdup(sender), strdup(body)};
    int status = message.sender && message.body ? make_event(tickets, ticket, HD_MESSAGE_RECEIVED, &message, &event)
                                                : HD_E_NO_MEMORY;
    if (status != HD_OK) {
        free(message.sender);
        free(message.body);
        return status;
    }
    ticket->messages[ticket->message_count++] = message;
    send_event(tickets, ticket, event);
    return HD_OK;
}

int tickets_reply(struct tickets *tickets, long long number, const char *sender, const char *body) {
    pthread_mutex_lock(&tickets->lock);
    struct ticket *ticket = find(tickets, number);
    int status = ticket == NULL                                                         ? HD_E_NOT_FOUND
                 : ticket->is_resolved || ticket->message_count == TICKETS_MESSAGES_MAX ? HD_E_CONFLICT
                                                                                        : HD_OK;
    if (status == HD_OK)
        status = add_message(tickets, ticket, sender, body);
    pthread_mutex_unlock(&tickets->lock);
    return status;
}

static int resolve(const struct tickets *tickets, struct ticket *ticket) {
    hd_event *event = NULL;
    ticket->is_resolved = 1;
    int status = make_event(tickets, ticket, HD_TICKET_RESOLVED, NULL, &event);
    if (status == HD_OK)
        send_event(tickets, ticket, event);
    else
        ticket->is_resolved = 0;
    return status;
}

int tickets_resolve(struct tickets *tickets, long long number) {
    pthread_mutex_lock(&tickets->lock);
    struct ticket *ticket = find(tickets, number);
    int status = ticket == NULL ? HD_E_NOT_FOUND : ticket->is_resolved ? HD_E_CONFLICT : resolve(tickets, ticket);
    pthread_mutex_unlock(&tickets->lock);
    return status;
}

void tickets_visit(struct tickets *tickets, void (*show)(void *user, const struct ticket *ticket), void *user) {
    pthread_mutex_lock(&tickets->lock);
    for (long long number = tickets->last_number; find(tickets, number) != NULL; number--)
        show(user, find(tickets, number));
    pthread_mutex_unlock(&tickets->lock);
}
