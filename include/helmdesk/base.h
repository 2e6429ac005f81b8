/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/base.h
 * What all of libhelmdesk shares: conventions, status codes, the version.
 *
 * Conventions, true for every function unless its comment says otherwise:
 * - A function that returns `int` returns HD_OK (0) or a negative status; hd_strerror() explains each.
 * - Strings are NUL-terminated UTF-8. A text that is passed with its length need not end in a NUL and must not contain
 *   one; where a comment says so, HD_TEXT_NUL may be passed as the length of a NUL-terminated text. Bodies, secrets and
 *   signatures are passed as pointer and length, and may contain any byte.
 * - The library copies the texts and bytes that you pass in, and never keeps your pointers. A `const char *` that you
 *   get belongs to the object: it is valid until that field is set again or the object is freed.
 * - You may free objects in any order and on any thread: each holds references to what it needs. Before you free an
 *   object, every call that uses your reference to it must have returned.
 * - On failure, out-parameters are left unchanged, except that a handle is set to NULL.
 * - Every `_free` function accepts NULL. Every getter accepts NULL, and then returns NULL or 0.
 * - "Threads: any" means that several threads may call it at once, on the same object too; "Threads: one per object"
 *   means that calls on one object must not overlap.
 * - Apart from the flags in json.h, no two enums share a number except 0, so that a constant of the wrong enum is
 *   rejected. A later version of the library may return numbers that this header does not name.
 * - No function may be called from a signal handler, except hd_strerror, hd_status_name and hd_version.
 */
#ifndef HELMDESK_BASE_H
#define HELMDESK_BASE_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header. hd_version_number() returns that of the running library. */
#define HD_VERSION_MAJOR 0
#define HD_VERSION_MINOR 1
#define HD_VERSION_PATCH 0

/** The size of an id as text, in bytes, with the NUL: a UUID such as "0190c0de-7a1f-7cc3-98c4-dc0c0c07398f". */
#define HD_ID_SIZE 37

/** Passed as a length, it says that the text ends in a NUL. */
#define HD_TEXT_NUL SIZE_MAX

#if defined(__GNUC__)
#define HD_API __attribute__((visibility("default")))
#define HD_NODISCARD __attribute__((warn_unused_result))
#else
#define HD_API
#define HD_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Status codes. New ones are only ever appended; a number never changes its meaning. */
enum hd_status {
    HD_OK = 0,
    HD_E_INVALID = -1,
    HD_E_NO_MEMORY = -2,
    HD_E_SENT = -3,
    HD_E_QUEUE_FULL = -4,
    HD_E_TIMEOUT = -5,
    HD_E_CLOSED = -6,
    HD_E_FORKED = -7,
    HD_E_BUFFER = -8,
    HD_E_NOT_FOUND = -9,
    HD_E_THREAD = -10,
    HD_E_CRYPTO = -11,
    HD_E_RANDOM = -12,
    HD_E_TRANSPORT = -13,
    HD_E_SECRET = -14,
    HD_E_SIGNATURE_FORMAT = -15,
    HD_E_SIGNATURE_MISMATCH = -16,
    HD_E_UTF8 = -17,
    HD_E_TOO_LARGE = -18,
    HD_E_FIELD_MISSING = -19,
    HD_E_EVENT_TYPE = -20,
    HD_E_PROJECT = -21,
    HD_E_TIMESTAMP = -22,
    HD_E_TICKET_ID = -23,
    HD_E_TICKET_NUMBER = -24,
    HD_E_TICKET_SUBJECT = -25,
    HD_E_TICKET_STATUS = -26,
    HD_E_TICKET_PRIORITY = -27,
    HD_E_CUSTOMER_EMAIL = -28,
    HD_E_CUSTOMER_NAME = -29,
    HD_E_MESSAGE_ID = -30,
    HD_E_MESSAGE_SENDER = -31,
    HD_E_MESSAGE_BODY = -32,
    HD_E_JSON = -33,
    HD_E_JSON_DEPTH = -34,
    HD_E_JSON_DUPLICATE = -35,
    HD_E_JSON_KEY = -36,
    HD_E_JSON_TYPE = -37,
    HD_E_WEBHOOK_ID = -38,
    HD_E_WEBHOOK_NAME = -39,
    HD_E_HEADER = -40,
    HD_E_URL = -41,
    HD_E_URL_SCHEME = -42,
    HD_E_URL_USERINFO = -43,
    HD_E_URL_HOST = -44,
    HD_E_URL_PORT = -45,
    HD_E_URL_ADDRESS = -46,
    HD_E_NETWORK = -47,
    HD_E_CURSOR = -48,
    HD_E_HEADER_MISSING = -49,
    HD_E_HEADER_DUPLICATE = -50,
    HD_E_HEADER_FORMAT = -51,
    HD_E_TOO_OLD = -52,
    HD_E_TOO_NEW = -53,
    HD_E_REPLAYED = -54,
    HD_E_EVENT_MISMATCH = -55,
    HD_E_STORE = -56,
    HD_E_STORE_FULL = -57,
    HD_E_STORE_BUSY = -58,
    HD_E_STORE_VERSION = -59,
    HD_E_STORE_KEY = -60,
    HD_E_CONFLICT = -61,
    HD_E_NO_DELIVERY = -62,
    HD_E_STORE_READ_ONLY = -63,
    HD_E_STORE_LOST = -64,
    HD_E_STORE_ACCESS = -65,
    HD_E_STORE_MISSING = -66,
    HD_E_STORE_DAMAGED = -67,
    HD_E_IDEMPOTENCY_KEY = -68,
    HD_E_RATE = -69,
    HD_E_PROXY = -70,
    HD_E_CLIENT_CERTIFICATE = -71,
    HD_E_CLIENT_KEY = -72,
    HD_E_LIMIT = -73,
    HD_E_IN_USE = -74,
    HD_E_WRONG_THREAD = -75,
    HD_E_NO_SECRET = -76,
    HD_E_FIELD = -77,
    HD_E_ADDRESS = -78,
    HD_E_ROLE = -79,
    HD_E_NO_JOB = -80,
    HD_E_JOB_RUNNING = -81,
    HD_E_HTTP_STATUSES = -82,
    HD_E_CANCELED = -83,
    HD_E_FAILURE_COUNT = -84,
    HD_E_FAILURE_REASON = -85,
    HD_E_FAILURE_EXPLANATION = -86,
    HD_E_PAUSE_RULE = -87
};

/**
 * The version of the running library, as "major.minor.patch".
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_version(void);

/**
 * The version of the running library as one number: major * 65536 + minor * 256 + patch.
 * Returns: the number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API uint32_t hd_version_number(void);

/**
 * A phrase that tells people what a status means and what to do.
 * @param status  a status that a function of this library returned; any other number is allowed too
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_strerror(int status);

/**
 * The name of a status, as in this header, such as "HD_E_QUEUE_FULL".
 * @param status  a status that a function of this library returned; any other number is allowed too
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_status_name(int status);

#ifdef __cplusplus
}
#endif

#endif
