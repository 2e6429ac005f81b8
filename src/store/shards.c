#include "store/shards.h"

#define BIT(shard) (UINT64_C(1) << (shard))

int hd__shard_of(int64_t webhook) {
    return (int)((uint64_t)webhook % HD__SHARDS);
}

void hd__shards_add_client(struct hd__shards *shards, int64_t client) {
    if (shards->client_count < HD__SHARDS)
        shards->clients[shards->client_count] = client;
    shards->client_count++;
}

/* ---- Sets of shards ---- */

static int count_of(uint64_t set) {
    int count = 0;
    for (; set; set &= set - 1)
        count++;
    return count;
}

/* Picks so many of a set, at even distances; all if it has no more. */
static uint64_t spread(uint64_t set, int wanted) {
    uint64_t picked = 0;
    int count = count_of(set), sum = count / 2;
    if (wanted >= count)
        return set;
    for (int i = 0; i < HD__SHARDS && wanted > 0; i++) {
        sum += set & BIT(i) ? wanted : 0;
        if (sum >= count) {
            sum -= count;
            picked |= BIT(i);
        }
    }
    return picked;
}

uint64_t hd__shards_owned(const struct hd__shards *shards, int64_t client) {
    uint64_t owned = 0;
    for (int i = 0; i < HD__SHARDS; i++)
        if (client != 0 && shards->owners[i] == client)
            owned |= BIT(i);
    return owned;
}

/* ---- Which client should own which shard ---- */

/* How many more a client may have; less than 0 if it has too many. */
static int room_of(const struct hd__shards *shards, int64_t client) {
    int64_t count = shards->client_count > 0 ? shards->client_count : 1;
    return (int)((HD__SHARDS + count - 1) / count) - count_of(hd__shards_owned(shards, client));
}

/* The preferred owner of a shard: the clients take turns. 0 for none. */
static int64_t preferred_owner(const struct hd__shards *shards, int shard) {
    return shards->client_count > 0 ? shards->clients[shard % shards->client_count] : 0;
}

/* A shard waits for its preferred owner as long as that client has room. So it does not matter which shards become free
 * first, nor which client looks first. */
uint64_t hd__shards_to_take(const struct hd__shards *shards, int64_t client) {
    int room = room_of(shards, client);
    uint64_t own = 0, others = 0;
    for (int i = 0; i < HD__SHARDS && room > 0; i++) {
        int64_t preferred = preferred_owner(shards, i);
        if (shards->owners[i] != 0)
            continue;
        if (preferred == client)
            own |= BIT(i);
        else if (room_of(shards, preferred) <= 0)
            others |= BIT(i);
    }
    own = spread(own, room);
    return own | spread(others, room - count_of(own));
}

/* There are always enough shards with a different preferred owner: no client is preferred for more than its share. */
uint64_t hd__shards_to_leave(const struct hd__shards *shards, int64_t client, uint64_t leaving) {
    int surplus = -room_of(shards, client);
    uint64_t owned = hd__shards_owned(shards, client), others = 0;
    leaving = spread(leaving & owned, surplus);
    for (int i = 0; i < HD__SHARDS; i++)
        if (preferred_owner(shards, i) != client)
            others |= owned & ~leaving & BIT(i);
    return leaving | spread(others, surplus - count_of(leaving));
}
