/* Functions that only tests use. */
#ifndef HD_RECEIVER_H
#define HD_RECEIVER_H

#include "base/clock.h"
#include "helmdesk.h"

void hd__receiver_set_clock(hd_receiver *receiver, const struct hd__clock *clock);

#endif
