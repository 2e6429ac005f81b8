/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk.h
 * libhelmdesk: send and receive Helmdesk webhooks. The whole API of the core library; begin with the conventions in
 * base.h. A program that only receives needs sign.h, event.h, request.h and receiver.h.
 */
#ifndef HELMDESK_H
#define HELMDESK_H

#include <helmdesk/base.h>
#include <helmdesk/client.h>
#include <helmdesk/delivery.h>
#include <helmdesk/event.h>
#include <helmdesk/json.h>
#include <helmdesk/log.h>
#include <helmdesk/loop.h>
#include <helmdesk/metrics.h>
#include <helmdesk/options.h>
#include <helmdesk/probe.h>
#include <helmdesk/receiver.h>
#include <helmdesk/report.h>
#include <helmdesk/request.h>
#include <helmdesk/sign.h>
#include <helmdesk/store.h>
#include <helmdesk/time.h>
#include <helmdesk/webhook.h>

#endif
