/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk.h
 * libhelmdesk: send and receive Helmdesk webhooks. The whole API of the core library, in the order in which a program
 * needs it; begin with the conventions in base.h. A program that only receives needs the first five.
 */
#ifndef HELMDESK_H
#define HELMDESK_H

/* In the order in which people read them. */
/* clang-format off */
#include <helmdesk/base.h>
#include <helmdesk/sign.h>
#include <helmdesk/event.h>
#include <helmdesk/request.h>
#include <helmdesk/receiver.h>
#include <helmdesk/webhook.h>
#include <helmdesk/delivery.h>
#include <helmdesk/options.h>
#include <helmdesk/store.h>
#include <helmdesk/report.h>
#include <helmdesk/client.h>
#include <helmdesk/loop.h>
#include <helmdesk/log.h>
#include <helmdesk/job.h>
#include <helmdesk/change.h>
#include <helmdesk/json.h>
#include <helmdesk/metrics.h>
#include <helmdesk/time.h>
#include <helmdesk/probe.h>
/* clang-format on */

#endif
