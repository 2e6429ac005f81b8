#include "cli/json.h"
#include "cli/output.h"
#include "helmdesk.h"

#ifdef HELMDESK_HAS_LISTEN
#define HAS_LISTEN 1
#else
#define HAS_LISTEN 0
#endif
#ifdef HELMDESK_HAS_SQLITE
#define HAS_SQLITE 1
#else
#define HAS_SQLITE 0
#endif

int cli_run_version(const struct args *args) {
    (void)args;
    if (cli_is_json())
        return cli_json_print(
            json_pack("{s:s, s:b, s:b}", "version", hd_version(), "listen", HAS_LISTEN, "sqlite", HAS_SQLITE));
    printf("helmdesk %s\n", hd_version());
    if (cli_is_verbose())
        printf("listen: %s\nstores: %s\n", HAS_LISTEN ? "yes" : "no (built without libmicrohttpd)",
               HAS_SQLITE ? "sqlite" : "none (built without SQLite)");
    return CLI_OK;
}
