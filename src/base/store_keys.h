/* What names the things that a durable store keeps. */
#ifndef HD_BASE_STORE_KEYS_H
#define HD_BASE_STORE_KEYS_H

#include <stdint.h>

#define HD__STORE_ID_SIZE 16 /* bytes of a UUID */

/* Numbers that the store gives, so that its rows can name something in a few bytes. 0 for none. */
struct hd__store_keys {
    int64_t webhook; /* of a webhook in its project: it moves to another one under another key; its shard is the key
                        modulo HD__SHARDS */
    int64_t history; /* of all that ever had this id: the log goes by it */
    int64_t project; /* of the webhook */
    int64_t label;   /* the webhook's name and masked URL, as they are now: reports keep them */
};

#endif
