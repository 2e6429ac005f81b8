#include "cli/follow.h"

#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 200

int cli_follow_begin(const struct place *place, const hd_log_filter *filter, struct follow *follow) {
    hd_log_page *page = NULL;
    *follow = (struct follow){.place = place, .filter = filter};
    int code = cli_follow_next(follow, &page);
    hd_log_page_free(page);
    return code;
}

/* A store that is damaged or gone has nothing more to tell, and would be waited for in vain. */
int cli_follow_next(struct follow *follow, hd_log_page **page) {
    *page = NULL;
    int status = hd_client_store_status(follow->place->client);
    if (status == HD_OK)
        status = hd_log_follow(follow->place->client, follow->filter, follow->cursor, PAGE, page);
    if (status != HD_OK)
        return cli_fail_place(follow->place, status);
    free(follow->cursor);
    follow->cursor = strdup(hd_log_page_cursor(*page));
    if (follow->cursor)
        return CLI_OK;
    hd_log_page_free(*page);
    *page = NULL;
    return cli_no_memory();
}

void cli_follow_end(struct follow *follow) {
    free(follow->cursor);
    follow->cursor = NULL;
}
