/* The files of web/, as they are. */
#ifndef DESK_ASSETS_H
#define DESK_ASSETS_H

#include "http.h"

/* Answers with the file of a path. Returns 0 if there is none. */
int assets_answer(const struct http_request *request, struct http_answer *answer);

#endif
