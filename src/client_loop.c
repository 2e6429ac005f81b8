/* Functions for a program with an event loop of its own. */
#include "client.h"

int hd_client_poll_fd(hd_client *client, int *fd) {
    if (!fd)
        return HD_E_INVALID;
    *fd = -1;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!client->worker)
        return HD_E_ROLE;
    int opened = hd__notifier_open(&client->whole->notifier);
    if (opened < 0)
        return HD_E_LIMIT;
    hd__worker_notify(client->worker);
    if (client->messages)
        hd__messages_notify(client->messages);
    *fd = opened;
    return HD_OK;
}

int hd_client_next_commit(hd_client *client, int *result, char sent_id[HD_ID_SIZE], char event_id[HD_ID_SIZE]) {
    struct hd__commit commit;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!result || !sent_id)
        return HD_E_INVALID;
    if (!client->worker)
        return HD_E_ROLE;
    status = hd__worker_next_commit(client->worker, &commit);
    if (status != HD_OK)
        return status;
    *result = commit.status;
    hd__uuid_format(commit.sent_id, sent_id);
    if (event_id)
        hd__uuid_format(commit.event_id, event_id);
    return HD_OK;
}

int hd_client_next_message(hd_client *client, int *level, char text[HD_MESSAGE_SIZE]) {
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!level || !text)
        return HD_E_INVALID;
    return client->messages && hd__messages_take(client->messages, level, text) ? HD_OK : HD_E_TIMEOUT;
}
