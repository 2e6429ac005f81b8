/* What a service tells systemd (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names. */
#ifndef HD_CLI_NOTIFY_H
#define HD_CLI_NOTIFY_H

/* Sends lines such as "READY=1". Does nothing where nobody asked for it; a failure is no reason to stop. */
void cli_notify(const char *state);

#endif
