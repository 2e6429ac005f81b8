/* Alerts about webhooks: events that the client sends itself. */
#ifndef HD_ENGINE_ALERTS_H
#define HD_ENGINE_ALERTS_H

#include "engine/ledger.h"

/* Sends the alert that is due after this delivery's attempt, if any is; `before` is how its webhook did before that. If
 * it cannot be accepted, the program is told, and the next failure tries again. */
void hd__alerts_send(struct hd__ledger *ledger, const struct hd__delivery *delivery, const struct hd__health *before);

#endif
