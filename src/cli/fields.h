/* An event from --data and --set, or the sample of the documentation. */
#ifndef HD_CLI_FIELDS_H
#define HD_CLI_FIELDS_H

#include "cli/args.h"
#include "helmdesk.h"

/* Makes the event of this name. Returns CLI_OK, or says what is wrong. *event is to be freed with hd_event_free(). */
int cli_event_new(const struct args *args, const char *name, hd_event **event);

/* The same for an event that was read: --set changes it, and offset is added to its ticket number unless that is set.
 */
int cli_event_change(const struct args *args, const hd_event *base, int64_t offset, hd_event **event);

/* The type of this name; says which there are, and returns 0, for any other. */
int cli_event_type(const char *name);

/* What an event is about: its ticket's subject, or the name of the webhook; NULL for none, and for no event. */
const char *cli_subject(const hd_event *event);

/* Writes the events and the fields that --set knows. */
int cli_list_fields(void);

#endif
