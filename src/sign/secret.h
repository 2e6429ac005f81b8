/* Secrets: how long they may be, and new ones. */
#ifndef HD_SIGN_SECRET_H
#define HD_SIGN_SECRET_H

#include <stddef.h>

#define HD__SECRET_MAX 1024
#define HD__SECRET_PREFIX "whsec_" /* of those that are base64 */

int hd__secret_fits(size_t len);

#endif
