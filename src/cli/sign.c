#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "helmdesk.h"

static int write_signature(const struct args *args, const char *signature) {
    if (cli_is_json())
        return cli_json_print(json_pack("{s:s, s:s}", "header", "X-Helmdesk-Signature", "signature", signature));
    printf("%s%s\n", cli_has(args, OPT_HEADER_LINE) ? "X-Helmdesk-Signature: " : "", signature);
    return CLI_OK;
}

static int sign(const struct args *args, const struct secrets *secrets) {
    char signature[HD_SIGNATURE_SIZE];
    struct bytes body;
    if (secrets->count > 1)
        return cli_fail(CLI_USAGE, "one secret signs; there are %zu", secrets->count);
    int code = cli_read_file(cli_operand(args, 0), &body);
    if (code != CLI_OK)
        return code;
    int status =
        hd_sign(body.data, body.len, secrets->items[0].data, secrets->items[0].len, signature, sizeof signature);
    code = status == HD_OK ? write_signature(args, signature) : cli_fail_status(status, "sign");
    cli_bytes_free(&body);
    return code;
}

int cli_run_sign(const struct args *args) {
    struct secrets secrets;
    int code = cli_need_secrets(args, &secrets);
    if (code == CLI_OK)
        code = sign(args, &secrets);
    cli_secrets_free(&secrets);
    return code;
}
