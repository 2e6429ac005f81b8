/* What one of Slack's incoming webhooks answers to a message. Slack publishes no complete list; the words are those of
 * api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks and of messages that people have met
 * (slackapi/slack-github-action#249, sourcegraph#49979). */
#ifndef HD_CLI_SLACK_H
#define HD_CLI_SLACK_H

#include "cli/request.h"

#define SLACK_PATH "/services/T00000000/B00000000/dev"

struct slack_answer {
    int status;
    const char *word;   /* the body */
    const char *remark; /* for people: what is wrong, or is shown otherwise than meant; NULL for nothing */
};

void cli_slack_answer(const struct request *request, struct slack_answer *answer);

/* The word that goes with a status that was asked for. */
const char *cli_slack_word(int status);

/* Whether a body is a Slack message by its looks. */
int cli_is_slack_message(const struct bytes *body);

#endif
