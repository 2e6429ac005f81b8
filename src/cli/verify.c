#include "cli/accept.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/mistakes.h"
#include "cli/output.h"
#include "cli/request.h"
#include "helmdesk.h"

#include <stdlib.h>
#include <string.h>

#define YEAR_MS ((int64_t)365 * 24 * 3600 * 1000)
#define SIGNATURE_HEADER "X-Helmdesk-Signature"

/* What is to be verified. */
struct claim {
    struct secrets secrets;
    struct request request; /* with only a body and a signature, if that was given */
    const char *signature;  /* NULL if there is none of this scheme */
    int64_t max_age_ms;     /* 0 for any */
};

/* ---- What was given ---- */

static int read_claim(const struct args *args, struct claim *claim) {
    const char *signature = cli_value(args, OPT_SIGNATURE), *path = cli_value(args, OPT_REQUEST);
    if (!signature == !path || (path && cli_operand(args, 0))) {
        cli_error("give a body and --signature HEX, or a whole request with --request FILE");
        return CLI_USAGE;
    }
    int code = cli_duration(args, OPT_MAX_AGE, YEAR_MS, &claim->max_age_ms);
    if (code == CLI_OK)
        code = cli_need_secrets(args, &claim->secrets);
    if (code == CLI_OK && path)
        code = cli_request_read(path, &claim->request);
    if (code == CLI_OK && signature && (code = cli_read_file(cli_operand(args, 0), &claim->request.body)) == CLI_OK)
        code =
            cli_request_add(&claim->request, SIGNATURE_HEADER, strlen(SIGNATURE_HEADER), signature, strlen(signature))
                ? CLI_OK
                : cli_no_memory();
    claim->signature = code == CLI_OK ? cli_request_header(&claim->request, SIGNATURE_HEADER) : NULL;
    return code;
}

/* ---- The verdict ---- */

/* Without an acceptance, the signature is right and the body is no event. */
static int tell_valid(const struct claim *claim, const hd_acceptance *acceptance, const char *remark) {
    size_t index = hd_acceptance_secret(acceptance);
    const hd_event *event = hd_acceptance_event(acceptance);
    if (cli_is_json())
        return cli_json_print(json_pack("{s:b, s:n, s:I, s:o, s:o}", "valid", 1, "reason", "secret",
                                        (json_int_t)index + 1, "event", cli_json_string(hd_event_name(event)), "remark",
                                        cli_json_string(remark)));
    puts("valid");
    if (claim->secrets.count > 1)
        cli_note("It was signed with secret %zu of %zu.", index + 1, claim->secrets.count);
    if (remark)
        cli_note("Only the signature was checked: %s.", remark);
    return CLI_OK;
}

/* HD_E_HEADER: a line break is in it. */
static int is_malformed(int status) {
    return status == HD_E_SIGNATURE_FORMAT || status == HD_E_HEADER;
}

static int tell_invalid(int status, const struct explanation *explanation) {
    const char *reason = status == HD_E_SIGNATURE_MISMATCH ? "mismatch" : hd_status_name(status);
    char text[EXPLANATION_SIZE];
    cli_explanation_text(explanation, text, sizeof text);
    if (cli_is_json())
        cli_json_print(json_pack("{s:b, s:s, s:s, s:o}", "valid", 0, "reason", hd_status_name(status), "explanation",
                                 *text ? text : hd_strerror(status), "mistakes", cli_explanation_json(explanation)));
    else if (*text)
        printf("%s; %s\n", is_malformed(status) ? "malformed" : reason, text);
    else
        printf("%s: %s\n", status == HD_E_SIGNATURE_MISMATCH ? "mismatch" : "invalid", hd_strerror(status));
    return CLI_NEGATIVE;
}

static int refuse(const struct claim *claim, int status) {
    struct explanation explanation = {.count = 0};
    if (status == HD_E_NO_MEMORY || status == HD_E_CRYPTO)
        return cli_fail_status(status, "verify");
    if (claim->signature && (status == HD_E_SIGNATURE_MISMATCH || is_malformed(status)))
        for (size_t i = 0; i < claim->secrets.count; i++)
            if (cli_explain_mismatch(&claim->request.body, claim->signature, &claim->secrets.items[i], &explanation))
                break;
    return tell_invalid(status, &explanation);
}

/* With --max-age a body without a time is not good enough. */
static int judge(const struct claim *claim, int status, const hd_acceptance *acceptance) {
    if (status == HD_OK)
        return tell_valid(claim, acceptance, NULL);
    if (cli_is_signed(status) && status != HD_E_EVENT_MISMATCH && claim->signature && !claim->max_age_ms)
        return tell_valid(claim, NULL, hd_strerror(status));
    return refuse(claim, status);
}

static int verify(const struct claim *claim) {
    hd_receiver *receiver = NULL;
    hd_acceptance *acceptance = NULL;
    int status = cli_receiver_new(&claim->secrets, claim->max_age_ms, &receiver);
    if (status == HD_OK)
        status = cli_accept(receiver, &claim->request, &acceptance);
    int code = judge(claim, status, acceptance);
    hd_acceptance_free(acceptance);
    hd_receiver_free(receiver);
    return code;
}

int cli_run_verify(const struct args *args) {
    struct claim claim = {.max_age_ms = 0};
    int code = read_claim(args, &claim);
    if (code == CLI_OK)
        code = verify(&claim);
    cli_secrets_free(&claim.secrets);
    cli_request_free(&claim.request);
    return code;
}
