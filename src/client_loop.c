/* What a client is for a program with an event loop of its own. */
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
    int opened = hd__notifier_open(&client->notifier);
    if (opened < 0)
        return HD_E_LIMIT;
    hd__worker_notify(client->worker);
    if (client->messages)
        hd__messages_notify(client->messages);
    *fd = opened;
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
