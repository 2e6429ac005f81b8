#include "cli/fields.h"
#include "cli/json.h"
#include "cli/output.h"

#include <stdlib.h>

static int write_body(const hd_event *event, int format, const char *body, size_t length) {
    if (cli_is_json())
        return cli_json_print(json_pack("{s:s, s:s, s:s, s:I, s:o}", "event", hd_event_name(event), "format",
                                        format == HD_FORMAT_SLACK ? "slack" : "json", "content_type",
                                        "application/json", "bytes", (json_int_t)length, "body",
                                        cli_json_text(body, length)));
    fwrite(body, 1, length, stdout);
    if (cli_is_terminal(stdout)) /* the prompt is to begin on a line of its own */
        putchar('\n');
    return CLI_OK;
}

static int render(const struct args *args, const hd_event *event) {
    int format = cli_has(args, OPT_SLACK) ? HD_FORMAT_SLACK : HD_FORMAT_JSON;
    size_t length = 0;
    (void)hd_event_render(event, format, NULL, 0, &length);
    char *body = malloc(length + 1);
    int status = body ? hd_event_render(event, format, body, length + 1, NULL) : HD_E_NO_MEMORY;
    int code = status == HD_OK ? write_body(event, format, body, length) : cli_fail_status(status, "payload");
    free(body);
    return code;
}

int cli_run_payload(const struct args *args) {
    hd_event *event = NULL;
    if (cli_has(args, OPT_LIST))
        return cli_list_fields();
    int code = cli_event_new(args, cli_operand(args, 0), &event);
    if (code == CLI_OK)
        code = render(args, event);
    hd_event_free(event);
    return code;
}
