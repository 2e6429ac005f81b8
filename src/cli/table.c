/* The one table: commands and options. getopt, help, completion and the man page are made from it. */
#include "cli/args.h"

#define EVENT_NAMES "ticket.created ticket.resolved message.received webhook.failing webhook.paused webhook.recovered"

const struct option_spec cli_options[OPT_COUNT] = {
    [OPT_END] = {NULL, '\0', NULL, NULL, NULL},

    [OPT_COLOR] = {"color", '\0', "WHEN", "always auto never",
                   "Colour: always, never, or auto, which is so without this option and NO_COLOR: on a terminal"},
    [OPT_HELP] = {"help", 'h', NULL, NULL, "Explain the command and its options"},
    [OPT_JSON] = {"json", '\0', NULL, NULL,
                  "Write JSON, one object a line: results to standard output, errors and remarks to standard error"},
    [OPT_NO_INPUT] = {"no-input", '\0', NULL, NULL, "Never ask; fail instead"},
    [OPT_QUIET] = {"quiet", 'q', NULL, NULL, "Leave out what is not a result or an error"},
    [OPT_VERBOSE] = {"verbose", 'v', NULL, NULL, "Say more"},
    [OPT_VERSION] = {"version", 'V', NULL, NULL, "Tell the version, and do nothing else"},

    [OPT_SECRET_FILE] = {"secret-file", '\0', "FILE", "FILE",
                         "Read the secret from a file, without the line break at its end; - for standard input"},
    [OPT_HEADER_LINE] = {"header", '\0', NULL, NULL, "Write the whole header line"},
    [OPT_SIGNATURE] = {"signature", '\0', "HEX", NULL, "The value of the X-Helmdesk-Signature header"},
    [OPT_REQUEST] = {"request", '\0', "FILE", "FILE",
                     "A whole request as it came, headers and body, as listen --save keeps it; - for standard input"},
    [OPT_MAX_AGE] = {"max-age", '\0', "TIME", NULL, "Refuse what is older, such as 5m"},

    [OPT_SET] = {"set", '\0', "KEY=VALUE", NULL,
                 "Set a field of the event, such as data.ticket.subject='No sound'; may be repeated"},
    [OPT_DATA] = {"data", 'd', "FILE", "FILE",
                  "Begin with the event in this file, a body in JSON; - for standard input"},
    [OPT_SLACK] = {"slack", '\0', NULL, NULL, "As a Slack message"},
    [OPT_LIST] = {"list", '\0', NULL, NULL, "List the events and the fields that can be set"},

    [OPT_HEADER] = {"header", 'H', "LINE", NULL, "Add a header, such as 'X-Tenant: acme'; may be repeated"},
    [OPT_STANDARD] = {"standard", '\0', NULL, NULL,
                      "Add the headers of Standard Webhooks; the secret must be whsec_ and base64"},
    [OPT_NO_STANDARD] = {"no-standard", '\0', NULL, NULL, "Leave the headers of Standard Webhooks out again"},
    [OPT_ATTEMPTS] = {"attempts", '\0', "N", NULL, "How often a delivery is tried, 1 to 20 (1)"},
    [OPT_TIMEOUT] = {"timeout", '\0', "TIME", NULL, "What an attempt may take, at most 5s (5s)"},
    [OPT_ALLOW_PRIVATE] = {"allow-private", '\0', NULL, NULL,
                           "Allow this machine and private networks, http, and any port"},
    [OPT_RESOLVE] = {"resolve", '\0', "HOST:PORT:ADDRESS", NULL,
                     "Connect to this address for that host and port; may be repeated"},
    [OPT_CA_FILE] = {"ca-file", '\0', "FILE", "FILE", "Trust the certificate authorities in this PEM file"},
    [OPT_PROXY] = {"proxy", '\0', "URL", NULL,
                   "Connect through this proxy, such as http://proxy.example:3128 (HELMDESK_PROXY)"},
    [OPT_CLIENT_CERTIFICATE] =
        {"client-certificate", '\0', "FILE", "FILE",
         "Show the certificate in this PEM file, with its key, to a receiver that asks for one; - for "
         "standard input"},
    [OPT_COUNT_SENT] = {"count", 'n', "N", NULL, "Send the event N times, each with the next ticket number (1)"},
    [OPT_CONCURRENCY] = {"concurrency", 'c', "N", NULL, "How many deliveries are under way at once, 1 to 64 (4)"},
    [OPT_RATE] = {"rate", '\0', "N/s", NULL, "Begin at most N deliveries a second"},
    [OPT_BATCH] = {"batch", '\0', "FILE", "FILE",
                   "Send the events in this file, a body in JSON a line; - for standard input"},
    [OPT_DRY_RUN] = {"dry-run", '\0', NULL, NULL, "Show what would be sent"},
    [OPT_CURL] = {"curl", '\0', NULL, NULL, "Write the curl command that sends the same, and send nothing"},
    [OPT_REVEAL] = {"reveal", '\0', NULL, NULL, "Show addresses and added headers whole, which may be secrets"},

    [OPT_PORT] = {"port", 'p', "PORT", NULL, "Where to listen; 0 for any free port (8787)"},
    [OPT_HOST] = {"host", '\0', "ADDRESS", NULL, "The address to listen on (127.0.0.1)"},
    [OPT_FORWARD_TO] =
        {"forward-to", 'f', "URL", NULL,
         "Send each request on to a server of yours, with its path added to this URL, and answer as it does"},
    [OPT_EVENTS_SHOWN] = {"events", 'e', "LIST", EVENT_NAMES, "Show only these events, separated by commas"},
    [OPT_RESPOND] = {"respond", '\0', "LIST", NULL,
                     "What to answer, in turn: a status such as 401, hang, reset, delay=3s (200, or 401 to a wrong "
                     "signature)"},
    [OPT_AS] = {"as", '\0', "WHAT", "slack", "Play a Slack incoming webhook, which checks messages as Slack does"},
    [OPT_SAVE] = {"save", '\0', "DIR", "DIR", "Keep each request in a file there, for replay and verify"},
    [OPT_COUNT_RECEIVED] = {"count", 'n', "N", NULL, "End after N POST requests"},
    [OPT_TIMEOUT_LISTEN] = {"timeout", '\0', "TIME", NULL, "End after this time; with --count, 1 if there were fewer"},
    [OPT_PRINT_SECRET] = {"print-secret", '\0', NULL, NULL, "Write the secret that it takes, and end"},
    [OPT_OUTPUT] = {"output", 'o', "HOW", "pretty compact quiet",
                    "pretty: headers and body too; compact: a line each; quiet: only a summary (compact)"},

    [OPT_TO] = {"to", '\0', "URL", NULL, "Where to send them"},
    [OPT_RESIGN] = {"resign", '\0', NULL, NULL, "Sign them anew, with your secret"},
    [OPT_SPEED] = {"speed", '\0', "N", NULL, "Keep the pauses between them, N times as fast"},

    [OPT_STORE] = {"store", 's', "STORE", NULL, "The store, such as sqlite:/var/lib/helmdesk (HELMDESK_STORE)"},
    [OPT_STORE_KEY_FILE] = {"store-key-file", '\0', "FILE", "FILE",
                            "The key that its secrets are sealed with, 32 bytes or 64 hexadecimal digits"},
    [OPT_PROJECT] = {"project", '\0', "PROJECT", NULL, "Only this project"},
    [OPT_WEBHOOK_PROJECT] = {"project", '\0', "PROJECT", NULL, "The project whose events it gets"},
    [OPT_NAME] = {"name", '\0', "TEXT", NULL, "The name that people see"},
    [OPT_URL] = {"url", '\0', "URL", NULL, "The address that deliveries go to; - for standard input"},
    [OPT_FORMAT] = {"format", '\0', "FORMAT", "json slack", "json, or slack for a Slack incoming webhook"},
    [OPT_EVENTS] = {"events", 'e', "LIST", "all " EVENT_NAMES,
                    "The events that it gets, separated by commas; all for those of tickets"},
    [OPT_MODE] = {"mode", '\0', "MODE", "on held off",
                  "on, held (accepts events and sends nothing until it is on) or off (accepts nothing)"},
    [OPT_IN_FLIGHT] = {"in-flight", '\0', "N", NULL, "How many deliveries may be under way at once, 1 to 64"},
    [OPT_WEBHOOK_RATE] = {"rate", '\0', "RATE", NULL,
                          "How many requests may start: 10/s, 30/min, 100/h, or none (none; with slack 1/s, burst 5)"},
    [OPT_BURST] = {"burst", '\0', "N", NULL, "How many of them may start at once, 1 to 1000 (1)"},
    [OPT_BACKOFF] =
        {"backoff", '\0', "FIRST-MAX", NULL,
         "How long to wait after a failed attempt, such as 10s-1h: 10 s, then twice as long each time, up to "
         "1 h; or default (default)"},
    [OPT_WEBHOOK_CERTIFICATE] =
        {"client-certificate", '\0', "FILE", "FILE",
         "The certificate, with its key, in PEM that its receiver is shown when it asks for one; "
         "- for standard input"},
    [OPT_ORDERED] = {"ordered", '\0', "BOOL", "no yes", "Whether deliveries for a ticket are made one after the other"},
    [OPT_YES] = {"yes", 'y', NULL, NULL, "Do it without asking"},
    [OPT_WEBHOOK] = {"webhook", 'w', "WEBHOOK", NULL,
                     "Only this webhook: its id, the beginning or end of it, or its name; may be repeated"},
    [OPT_EVENT] = {"event", 'e', "LIST", EVENT_NAMES, "Only these events, with commas between them"},
    [OPT_OUTCOME] = {"outcome", '\0', "LIST", "delivered failed canceled retrying", "Only these outcomes"},
    [OPT_REASON] = {"reason", '\0', "LIST", NULL, "Only these reasons, such as dns,timeout_total"},
    [OPT_STATUS] = {"status", '\0', "LIST", NULL, "Only these responses, such as 404,5xx,500-503"},
    [OPT_SINCE] = {"since", '\0', "TIME", NULL, "Only what ended then or later: a date, or how long ago, such as 24h"},
    [OPT_UNTIL] = {"until", '\0', "TIME", NULL, "Only what ended before then"},
    [OPT_TESTS] = {"tests", '\0', "WHICH", "all no only", "Tests too, none of them, or only those (all; stats: no)"},
    [OPT_TEXT] = {"text", '\0', "TEXT", NULL, "Only with this text, id or ticket number (#42)"},
    [OPT_REDELIVERY_OF] = {"redelivery-of", '\0', "DELIVERY", NULL, "Only what was sent to repeat this delivery"},
    [OPT_LIMIT] = {"limit", 'n', "N", NULL, "How many, 1 to 1000 (50)"},
    [OPT_LIMIT_TAIL] = {"limit", 'n', "N", NULL, "How many of those before to show, 1 to 1000 (10)"},
    [OPT_CURSOR] = {"cursor", '\0', "CURSOR", NULL, "Go on where the page before ended"},
    [OPT_EXPORT_FORMAT] = {"format", '\0', "FORMAT", "ndjson csv",
                           "ndjson: whole reports as JSON; csv: a table for spreadsheets (ndjson)"},
    [OPT_ALL] = {"all", '\0', NULL, NULL, "All that match the filters"},
    [OPT_AGAIN] = {"again", '\0', NULL, NULL, "Also those of which a later delivery has arrived, or is under way"},
    [OPT_DELIVER] = {"deliver", '\0', NULL, NULL,
                     "Deliver in this command, if no server does, and all else that waits"},
    [OPT_BUCKET] = {"bucket", '\0', "TIME", NULL, "Count for each such stretch of time too, such as 1h"},
    [OPT_SERVE_PORT] = {"port", 'p', "PORT", NULL, "Where to listen; 0 for any free port (8080)"},
    [OPT_SERVE_PROJECT] = {"project", '\0', "PROJECT", NULL,
                           "A project that the page shows while it has no webhooks; may be repeated"},
    [OPT_PUBLIC_HOST] = {"public-host", '\0', "NAME", NULL,
                         "A name at which browsers reach the page, beside localhost; may be repeated"},
    [OPT_TOKEN_FILE] = {"token-file", '\0', "FILE", "FILE",
                        "The token that may do everything; it is made if it is not there (HELMDESK_TOKEN, or the file "
                        "token in the store)"},
    [OPT_PAUSE_AFTER] = {"pause-after", '\0', "N", NULL,
                         "Pause a webhook after so many failed attempts in a row, or one answer 410 (never)"},
    [OPT_WEBHOOK_PAUSE] = {"pause-after", '\0', "N", NULL,
                           "Pause it after N failed attempts in a row, or one answer 410; never; or default, for the "
                           "server's rule (default)"},
    [OPT_ALERT_AFTER] = {"alert-after", '\0', "N", NULL,
                         "Call a webhook failing, and send alerts about it, after N failed attempts in a row; 0 for "
                         "never (5)"},
    [OPT_ALERT_EVERY] = {"alert-every", '\0', "TIME", NULL,
                         "Begin to tell of a webhook that fails again no sooner than this after the last alert about "
                         "it (10m)"},
    [OPT_PAUSE_FOR] = {"pause-for", '\0', "TIME", NULL, "How long such a pause is, 1s to 24h (5m)"},
    [OPT_KEEP] = {"keep", '\0', "TIME", NULL, "How long the log keeps reports (30d)"},
    [OPT_KEEP_REPORTS] = {"keep-reports", '\0', "N", NULL, "How many reports the log keeps (1000000)"},
    [OPT_SHUTDOWN] = {"shutdown-timeout", '\0', "TIME", NULL,
                      "How long deliveries go on after a signal to end, at most 60s (5s)"},
    [OPT_NEW_KEY_FILE] = {"new-key-file", '\0', "FILE", "FILE",
                          "The new key, 32 bytes or 64 hexadecimal digits; it is made if it is not there"},
    [OPT_NO_KEY] = {"no-key", '\0', NULL, NULL, "Store the secrets unencrypted"},
    [OPT_BY] = {"as", '\0', "NAME", NULL,
                "Who makes the change, for 'webhooks changes' (HELMDESK_USER, or the user's name in this system)"},
    [OPT_IF_VERSION] = {"if-version", '\0', "N", NULL,
                        "Only if nobody has changed it since it had this version, as 'webhooks get --json' tells it"},
    [OPT_BEFORE] = {"before", '\0', "N", NULL, "Go on where the list before ended"},
    [OPT_CHANGES_FORMAT] = {"format", '\0', "FORMAT", "text csv",
                            "text, or csv: a table for spreadsheets, with a line for each setting (text)"},
    [OPT_MDOC] = {"mdoc", '\0', NULL, NULL, "Write the commands and options for the man page"},
};

#define OPTIONS(...) ((const unsigned char[]){__VA_ARGS__, OPT_END})
#define NO_OPTIONS ((const unsigned char[]){OPT_END})

#define EVENT_OPTIONS OPT_SET, OPT_DATA, OPT_SLACK
#define TARGET_OPTIONS OPT_ALLOW_PRIVATE, OPT_TIMEOUT, OPT_RESOLVE, OPT_CA_FILE, OPT_PROXY, OPT_CLIENT_CERTIFICATE
#define STORE_OPTIONS OPT_STORE, OPT_STORE_KEY_FILE
#define CHANGE_OPTIONS STORE_OPTIONS, OPT_BY
#define WEBHOOK_OPTIONS                                                                                                \
    OPT_NAME, OPT_FORMAT, OPT_EVENTS, OPT_HEADER, OPT_STANDARD, OPT_ATTEMPTS, OPT_BACKOFF, OPT_IN_FLIGHT,              \
        OPT_WEBHOOK_RATE, OPT_BURST, OPT_WEBHOOK_PAUSE, OPT_PAUSE_FOR, OPT_ORDERED, OPT_WEBHOOK_CERTIFICATE,           \
        OPT_ALLOW_PRIVATE
#define FILTER_OPTIONS                                                                                                 \
    OPT_PROJECT, OPT_WEBHOOK, OPT_EVENT, OPT_OUTCOME, OPT_REASON, OPT_STATUS, OPT_SINCE, OPT_UNTIL, OPT_TESTS,         \
        OPT_TEXT, OPT_REDELIVERY_OF

const unsigned char cli_common_options[] = {OPT_COLOR, OPT_HELP,    OPT_JSON,    OPT_NO_INPUT,
                                            OPT_QUIET, OPT_VERBOSE, OPT_VERSION, OPT_END};

/* clang-format off */
const struct command cli_commands[] = {
    {"sign", "[FILE]", "FILE", 0, 1,
     "sign a body",
     "Writes the signature of a file's bytes, or of standard input, as it stands in the X-Helmdesk-Signature header: "
     "HMAC-SHA256, keyed with the secret's bytes as they stand, as 64 hexadecimal digits.\n\n"
     "The secret comes from --secret-file, the environment variable HELMDESK_SECRET, or a question at the terminal.",
     "helmdesk payload ticket.created | helmdesk sign --header --secret-file secret",
     OPTIONS(OPT_SECRET_FILE, OPT_HEADER_LINE), cli_run_sign},

    {"verify", "[FILE]", "FILE", 0, 1,
     "check a signature, and explain why it does not match",
     "Checks the signature of a body (a file, or standard input) against --signature, or that of a whole request, "
     "headers and body, with --request. Several secrets may be given, as during a rotation.\n\n"
     "If it does not match, the mistakes that people make are tried: a line break at the end, JSON that was parsed and "
     "written again or escaped, text that was encoded twice, a form, a signature in base64, a secret that was decoded or has "
     "quotes around it. The one that fits is named.",
     "helmdesk verify body.json --signature 3f9a... --secret-file secret\n"
     "helmdesk verify --request saved/0001.http --max-age 5m",
     OPTIONS(OPT_SECRET_FILE, OPT_SIGNATURE, OPT_REQUEST, OPT_MAX_AGE), cli_run_verify},

    {"payload", "[EVENT]", EVENT_NAMES, 0, 1,
     "write the exact body of an event",
     "Writes the bytes that a webhook gets as the body of this event: the sample of the documentation, or what --data and "
     "--set make of it. Nothing follows them, unless a terminal reads them.",
     "helmdesk payload ticket.resolved --set data.ticket.number=7\n"
     "helmdesk payload message.received --slack --set data.message.body='It works again'",
     OPTIONS(EVENT_OPTIONS, OPT_LIST), cli_run_payload},

    {"send", "URL [EVENT]", EVENT_NAMES, 1, 2,
     "send an event to a URL, once or many times",
     "Signs an event and posts it, through the very path of real deliveries: 5 seconds for everything, no redirects, "
     "certificates checked, and only to public addresses over https, unless --allow-private allows more.\n\n"
     "Several deliveries (--count, --batch) end in a summary: how many of each outcome, and how long they took. Ctrl-C "
     "begins no more of them and waits for those under way; a second one gives these up.\n\n"
     "Without a secret, what goes to this machine is signed with the development secret of listen.",
     "helmdesk send https://example.com/hooks ticket.created --set data.ticket.subject='No sound'\n"
     "helmdesk send http://127.0.0.1:8787/ ticket.created --allow-private --count 1000 --concurrency 16",
     OPTIONS(OPT_SECRET_FILE, EVENT_OPTIONS, OPT_HEADER, OPT_STANDARD, OPT_ATTEMPTS, OPT_COUNT_SENT, OPT_CONCURRENCY,
             OPT_RATE, OPT_BATCH, OPT_DRY_RUN, OPT_CURL, OPT_REVEAL, TARGET_OPTIONS),
     cli_run_send},

    {"listen", "", NULL, 0, 0,
     "receive deliveries on this machine, and show them",
     "A receiver for development. It checks the signature of each delivery with the library's own receiver, writes a line "
     "for it, and answers 200, or 401 if the signature is wrong, or what --respond says. If a signature is wrong it looks for the mistake, as verify "
     "does. Only what is posted counts as received.\n\n"
     "Without --secret-file and HELMDESK_SECRET it takes the development secret, which is made when it is first needed "
     "(~/.local/state/helmdesk/dev-secret) and which --print-secret writes.",
     "helmdesk listen --port 8787\n"
     "helmdesk listen --as slack --respond 200,429,hang\n"
     "helmdesk listen --forward-to http://127.0.0.1:3000/webhooks --save requests",
     OPTIONS(OPT_PORT, OPT_HOST, OPT_SECRET_FILE, OPT_MAX_AGE, OPT_FORWARD_TO, OPT_EVENTS_SHOWN, OPT_RESPOND, OPT_AS, OPT_SAVE,
             OPT_COUNT_RECEIVED, OPT_TIMEOUT_LISTEN, OPT_PRINT_SECRET, OPT_OUTPUT),
     cli_run_listen},

    {"replay", "FILE...", "FILE", 1, -1,
     "send requests again that listen has saved",
     "Posts requests from files, or from all *.http files of a directory in the order of their names, as they came, with "
     "the signature they had, or with a new one (--resign).",
     "helmdesk replay requests --to http://127.0.0.1:3000/webhooks --allow-private",
     OPTIONS(OPT_TO, OPT_RESIGN, OPT_SECRET_FILE, OPT_SPEED, TARGET_OPTIONS), cli_run_replay},

    {"webhooks list", "", NULL, 0, 0,
     "list the webhooks in a store",
     "Lists webhooks: under STATE, whether each is on, held or off; or, of one that is on, that it is paused because its "
     "deliveries kept failing, or probing after a pause.",
     "helmdesk webhooks list --store sqlite:/var/lib/helmdesk",
     OPTIONS(STORE_OPTIONS, OPT_PROJECT), cli_run_webhooks_list},

    {"webhooks get", "WEBHOOK", NULL, 1, 1,
     "show one webhook",
     "Shows everything about a webhook but its secrets (see webhooks secret): its settings, whether it is paused and until "
     "when, and how many deliveries wait for it since when. Its address and added headers are masked, unless --reveal is "
     "given.",
     NULL, OPTIONS(STORE_OPTIONS, OPT_REVEAL), cli_run_webhooks_get},

    {"webhooks create", "URL", NULL, 1, 1,
     "add a webhook",
     "Adds a webhook, and shows its secret, which is a new one without --secret-file. A URL that is itself a secret, as "
     "Slack's is, can come from standard input: -.\n\n"
     "A server that has the store open knows of it within a second, as of every change of a webhook.",
     "helmdesk webhooks create https://example.com/hooks --project acme --name CRM --events ticket.created",
     OPTIONS(CHANGE_OPTIONS, OPT_WEBHOOK_PROJECT, WEBHOOK_OPTIONS, OPT_MODE, OPT_SECRET_FILE), cli_run_webhooks_create},

    {"webhooks update", "WEBHOOK", NULL, 1, 1,
     "change a webhook",
     "Changes what the options name, and nothing else. A header with an empty value (-H 'X-Tenant:') is removed, and so is "
     "the client certificate (--client-certificate '').",
     "helmdesk webhooks update CRM --name 'CRM sync' --events all",
     OPTIONS(CHANGE_OPTIONS, OPT_URL, WEBHOOK_OPTIONS, OPT_MODE, OPT_NO_STANDARD), cli_run_webhooks_update},

    {"webhooks delete", "WEBHOOK", NULL, 1, 1,
     "remove a webhook",
     "Removes a webhook. What was accepted for it before is still delivered, and its log stays. To have that end unsent, "
     "run webhooks discard first.",
     NULL, OPTIONS(CHANGE_OPTIONS, OPT_YES), cli_run_webhooks_delete},

    {"webhooks hold", "WEBHOOK", NULL, 1, 1,
     "keep a webhook's events, and send nothing for now",
     "The webhook accepts events, and sends nothing until it is on again. Nothing is lost. A test is still sent.",
     NULL, OPTIONS(CHANGE_OPTIONS), cli_run_webhooks_hold},

    {"webhooks on", "WEBHOOK", NULL, 1, 1,
     "turn a webhook on",
     "The webhook accepts events and sends them, and it sends what waited while it was held or off.",
     NULL, OPTIONS(CHANGE_OPTIONS), cli_run_webhooks_on},

    {"webhooks off", "WEBHOOK", NULL, 1, 1,
     "turn a webhook off",
     "The webhook accepts no events: what happens now is not sent later either. What waits already stays, and is not "
     "sent until the webhook is on again. A test is still sent.",
     NULL, OPTIONS(CHANGE_OPTIONS), cli_run_webhooks_off},

    {"webhooks discard", "WEBHOOK", NULL, 1, 1,
     "end what waits for a webhook, unsent",
     "Every delivery that waits for the webhook ends without an attempt, whether it is on, held or off. What is under way "
     "is not touched, and what comes later is delivered. The log has them as canceled (discarded).",
     NULL, OPTIONS(CHANGE_OPTIONS, OPT_YES), cli_run_webhooks_discard},

    {"webhooks test", "WEBHOOK [EVENT]", EVENT_NAMES, 1, 2,
     "send a sample event to a webhook",
     "Sends the sample of an event (ticket.created, if none is named) through the path of real events, and shows the "
     "result, which is in the log too. The command sends it itself, by its own options: a server need not run.",
     NULL, OPTIONS(CHANGE_OPTIONS, TARGET_OPTIONS), cli_run_webhooks_test},

    {"webhooks secret", "WEBHOOK reveal|stage|unstage|activate|undo|forget|replace", "reveal stage unstage activate undo forget replace", 2, 2,
     "show a webhook's secret, or exchange it",
     "reveal shows the secrets, and nothing else does but what has made one.\n\n"
     "An exchange that no delivery fails by has two steps: stage makes the next secret (or takes that of --secret-file), "
     "while deliveries are still signed with the present one; give it to the receiver beside that; then activate. unstage "
     "takes the next one back, undo the step, forget ends it.\n\n"
     "replace exchanges it at once, as after a leak: deliveries fail until the receiver has the new one.",
     NULL, OPTIONS(CHANGE_OPTIONS, OPT_SECRET_FILE, OPT_IF_VERSION, OPT_YES), cli_run_webhooks_secret},

    {"webhooks changes", "[WEBHOOK]", NULL, 0, 1,
     "list who changed what",
     "Lists changes of a webhook, or of all, the newest first: who made each, and the settings before and after. A webhook "
     "that was deleted is named by its id. Secrets, the values of headers and the masked part of an address are not in it. "
     "Kept are the last 500 changes of a webhook and 10,000 of a project.",
     "helmdesk webhooks changes CRM\n"
     "helmdesk webhooks changes --project acme --format csv >changes.csv",
     OPTIONS(STORE_OPTIONS, OPT_PROJECT, OPT_LIMIT, OPT_BEFORE, OPT_CHANGES_FORMAT), cli_run_webhooks_changes},

    {"deliveries list", "", NULL, 0, 0,
     "list deliveries, the newest first",
     "Reads the delivery log.",
     "helmdesk deliveries list --outcome failed --since 24h",
     OPTIONS(STORE_OPTIONS, FILTER_OPTIONS, OPT_LIMIT, OPT_CURSOR), cli_run_deliveries_list},

    {"deliveries get", "DELIVERY", NULL, 1, 1,
     "show one delivery: what was sent, what was answered, and what to do",
     "Shows all attempts of a delivery, with the request and the answer.", NULL, OPTIONS(STORE_OPTIONS),
     cli_run_deliveries_get},

    {"deliveries tail", "", NULL, 0, 0,
     "watch deliveries as they end",
     "Shows the last ten, and then each one as a server makes it, until Ctrl-C.", "helmdesk deliveries tail --outcome failed",
     OPTIONS(STORE_OPTIONS, FILTER_OPTIONS, OPT_LIMIT_TAIL), cli_run_deliveries_tail},

    {"deliveries redeliver", "[DELIVERY...]", NULL, 0, -1,
     "send the event of a delivery again",
     "Puts the events of these deliveries into the store again, each for its webhook as it is now, as a delivery with a new "
     "id; or, with --all, starts a job that does so for all that match the filters, oldest first. It shows before what "
     "would be sent and what is left out: tests, deliveries of deleted webhooks, and those of which a later one has "
     "arrived. With --dry-run it shows nothing but that. One job at a time sends to a webhook.\n\n"
     "The server that has the store open delivers them, and the command waits for the results; Ctrl-C stops the job. If no "
     "server runs, they stay in the store for the next one; or, with --deliver, the command delivers: these and all else "
     "that waits there, to addresses that its own options allow.",
     "helmdesk deliveries redeliver --all --outcome failed --since 2h --rate 10/s",
     OPTIONS(CHANGE_OPTIONS, FILTER_OPTIONS, OPT_ALL, OPT_AGAIN, OPT_RATE, OPT_DRY_RUN, OPT_YES, OPT_DELIVER,
             TARGET_OPTIONS),
     cli_run_deliveries_redeliver},

    {"deliveries missed", "WEBHOOK", NULL, 1, 1,
     "send a webhook the events that it has missed",
     "Starts a job that sends a webhook the events that the store still has and that were never given to it, since it was "
     "off or did not exist; oldest first. --since and --until are about when they happened.",
     "helmdesk deliveries missed CRM --since 2h",
     OPTIONS(CHANGE_OPTIONS, OPT_PROJECT, OPT_EVENT, OPT_SINCE, OPT_UNTIL, OPT_RATE, OPT_DRY_RUN, OPT_YES, OPT_DELIVER,
             TARGET_OPTIONS),
     cli_run_deliveries_missed},

    {"deliveries export", "", NULL, 0, 0,
     "write deliveries as JSON, one a line, or as CSV",
     "Writes all deliveries that match, the newest first. As CSV (RFC 4180) they are a table without bodies; a text that a "
     "spreadsheet would take for a formula gets a quote before it.",
     "helmdesk deliveries export --since 30d >deliveries.ndjson\n"
     "helmdesk deliveries export --since 7d --outcome failed --format csv >failed.csv",
     OPTIONS(STORE_OPTIONS, FILTER_OPTIONS, OPT_EXPORT_FORMAT), cli_run_deliveries_export},

    {"jobs list", "", NULL, 0, 0,
     "list the jobs that send deliveries again",
     "Lists jobs, newest first: what each has sent, and what has become of it. --project lists those whose filters name it.",
     NULL, OPTIONS(STORE_OPTIONS, OPT_PROJECT), cli_run_jobs_list},

    {"jobs get", "JOB", NULL, 1, 1,
     "show how far a job has come", "Shows one job.", NULL, OPTIONS(STORE_OPTIONS), cli_run_jobs_get},

    {"jobs stop", "JOB", NULL, 1, 1,
     "stop a job",
     "The job sends nothing more. What it has sent already goes on.", NULL, OPTIONS(CHANGE_OPTIONS), cli_run_jobs_stop},

    {"jobs resume", "JOB", NULL, 1, 1,
     "have a stopped job go on where it was",
     "The job goes on, once a server has the store open.", NULL, OPTIONS(CHANGE_OPTIONS), cli_run_jobs_resume},

    {"stats", "", NULL, 0, 0,
     "count deliveries: outcomes, reasons, times",
     "Counts what the log has of the last 24 hours, or since --since, and tells how long attempts took.",
     "helmdesk stats --since 7d --bucket 1d",
     OPTIONS(STORE_OPTIONS, FILTER_OPTIONS, OPT_BUCKET), cli_run_stats},

    {"serve", "", NULL, 0, 0,
     "deliver what is in a store, with the page and the metrics, for programs in any language",
     "A whole server for those who write no C. It delivers the events in the store, shows the page at /, gives metrics for "
     "Prometheus at /metrics, and takes events at /events. The store is made if it is not there, and other servers and "
     "commands may use it at the same time.\n\n"
     "Everything needs the token: browsers ask for it as password, with any name, which the list of changes then shows; "
     "programs send the header 'Authorization: Bearer TOKEN'. It is for this machine (127.0.0.1) unless --host says "
     "otherwise; then put a proxy with TLS before it, and name the page's host with --public-host.\n\n"
     "POST /events?project=PROJECT takes an event in JSON, as payload writes it, with Authorization: Bearer only. The answer "
     "is 202 and its id when the event is on disk; 400 says what is wrong with it, and 503 to try again. With a header "
     "Idempotency-Key, what is posted twice within a day is one event.\n\n"
     "SIGTERM and SIGINT end it in good order, with 0: deliveries go on for up to --shutdown-timeout, and the rest stays in "
     "the store. systemd is told when it is ready (sd_notify).",
     "helmdesk serve --store sqlite:/var/lib/helmdesk --project acme\n"
     "helmdesk payload ticket.created | curl --data-binary @- 'http://127.0.0.1:8080/events?project=acme' \\\n"
     "    -H \"Authorization: Bearer $(cat /var/lib/helmdesk/token)\"",
     OPTIONS(STORE_OPTIONS, OPT_SERVE_PORT, OPT_HOST, OPT_PUBLIC_HOST, OPT_TOKEN_FILE, OPT_SERVE_PROJECT, OPT_PAUSE_AFTER,
             OPT_PAUSE_FOR, OPT_ALERT_AFTER, OPT_ALERT_EVERY, OPT_KEEP, OPT_KEEP_REPORTS, OPT_SHUTDOWN, TARGET_OPTIONS),
     cli_run_serve},

    {"store backup", "DIR", "DIR", 1, 1,
     "copy a store, while servers use it",
     "Copies webhooks, undelivered events and the log, as they are at one moment, into a directory of their own, which is a "
     "store then. It never replaces a store: name a new directory for each copy. Secrets in the copy are encrypted with the "
     "same key, which is not in it.",
     "helmdesk store backup /var/backups/helmdesk-$(date +%F) --store sqlite:/var/lib/helmdesk",
     OPTIONS(STORE_OPTIONS), cli_run_store_backup},

    {"store check", "", NULL, 0, 0,
     "look for damage in a store",
     "Reads the whole database, each page, row and index, and the webhooks with their secrets. Servers may go on meanwhile.",
     NULL, OPTIONS(STORE_OPTIONS), cli_run_store_check},

    {"store prune", "", NULL, 0, 0,
     "delete old reports from the log now",
     "Deletes what is older than --keep, and what is beyond --keep-reports. Servers do so by themselves, by limits of their "
     "own. The space is used again; the file does not become smaller.",
     "helmdesk store prune --keep 7d --store sqlite:/var/lib/helmdesk",
     OPTIONS(STORE_OPTIONS, OPT_KEEP, OPT_KEEP_REPORTS, OPT_YES), cli_run_store_prune},

    {"store rekey", "", NULL, 0, 0,
     "encrypt the secrets in a store with another key",
     "Decrypts the secrets with the key that is given as for any command (--store-key-file), and encrypts them with the new "
     "one: all of them, or, if it is interrupted, none. Stop what uses the store before, since a server goes on with the key "
     "that it was started with.",
     "helmdesk store rekey --store-key-file key --new-key-file new.key --store sqlite:/var/lib/helmdesk",
     OPTIONS(STORE_OPTIONS, OPT_NEW_KEY_FILE, OPT_NO_KEY, OPT_YES), cli_run_store_rekey},

    {"doctor", "[URL]", NULL, 0, 1,
     "look for what may keep deliveries from arriving",
     "Tells versions, where certificate authorities and the development secret are, and the time. With a URL also what "
     "its name stands for, whether deliveries may go there, how long connecting takes, how long its certificate is "
     "good for, and whether the clocks agree. It asks with HEAD, which delivers nothing.\n\n"
     "With a store also whether its database is damaged, who may read it, how large it is and how much room is left, which "
     "processes use it and which of them deliver, and what waits for which webhook, since when and why.",
     "helmdesk doctor https://example.com/hooks\n"
     "helmdesk doctor --store sqlite:/var/lib/helmdesk",
     OPTIONS(STORE_OPTIONS, TARGET_OPTIONS), cli_run_doctor},

    {"completion", "SHELL", "bash fish zsh", 1, 1,
     "write the completion for a shell",
     "Writes the code that has a shell complete commands, options and their values.",
     "helmdesk completion bash >/etc/bash_completion.d/helmdesk\n"
     "helmdesk completion zsh >~/.zfunc/_helmdesk\n"
     "helmdesk completion fish >~/.config/fish/completions/helmdesk.fish",
     NO_OPTIONS, cli_run_completion},

    {"help", "[COMMAND...]", NULL, 0, 2,
     "explain a command", "Explains a command, or lists them all.", NULL, OPTIONS(OPT_MDOC), cli_run_help},

    {"version", "", NULL, 0, 0,
     "tell the version", "Tells the version, and what was built in.", NULL, NO_OPTIONS, cli_run_version},
};
/* clang-format on */

const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;
