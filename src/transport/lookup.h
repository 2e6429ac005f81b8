/* Asks the system for the addresses of one name. It waits for as long as that takes. */
#ifndef HD_TRANSPORT_LOOKUP_H
#define HD_TRANSPORT_LOOKUP_H

#include "endpoint/address.h"

struct hd__lookup {
    int is_known;        /* 0 if the name server could not be asked: what it said before still holds for a while */
    char *addresses;     /* that may be reached, as CURLOPT_RESOLVE takes them, allocated; NULL if there are none */
    const char *blocked; /* the rule, if there are addresses and all of them are forbidden */
    const char *failure; /* why nothing is known */
};

/* policy: NULL to let every address through. */
struct hd__lookup hd__look_up(const struct hd__policy *policy, const char *host);

#endif
