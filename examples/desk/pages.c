#include "pages.h"

#define DASHBOARD PAGES_MOUNT "projects/" PAGES_PROJECT "/"

struct view {
    struct text *page;
    int may_change;
    size_t count;
};

static void begin(struct text *page, const char *title) {
    text_add(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    text_add_escaped(page, title);
    text_add(page, " · Helmdesk</title>\n<link rel=\"icon\" href=\"data:,\">\n"
                   "<link rel=\"stylesheet\" href=\"/desk.css\">\n</head>\n<body>\n");
}

static void end(struct text *page) {
    text_add(page, "</main>\n</body>\n</html>\n");
}

static void add_navigation(struct text *page, const char *user) {
    text_add(page, "<header>\n<nav aria-label=\"Main\"><strong>Helmdesk</strong> <a href=\"/\" aria-current=\"page\">"
                   "Tickets</a> <a href=\"" DASHBOARD "webhooks\">Webhooks</a> "
                   "<a href=\"" DASHBOARD "deliveries\">Deliveries</a></nav>\n"
                   "<form method=\"post\" action=\"/logout\" class=\"row\"><span class=\"muted\">");
    text_add_escaped(page, user);
    text_add(page, "</span> <button>Sign out</button></form>\n</header>\n");
}

/* Isolated, so that text that runs from right to left does not reorder the text around it. */
static void add_words(struct text *page, const char *words) {
    text_add(page, "<bdi>");
    text_add_escaped(page, words);
    text_add(page, "</bdi>");
}

/* ---- One ticket ---- */

static void add_deliveries_link(struct text *page, long long number) {
    text_add(page, " <a href=\"" DASHBOARD "deliveries?q=%23");
    text_add_number(page, number);
    text_add(page, "\">See the deliveries</a>");
}

/* What became of the last event. */
static void add_sent(struct text *page, const struct ticket *ticket) {
    text_add(page, ticket->sent == HD_OK ? "<p class=\"sent\">" : "<p class=\"sent failed\">");
    text_add(page, hd_event_type_name(ticket->event));
    if (ticket->sent != HD_OK) {
        text_add(page, " was not sent: ");
        text_add_escaped(page, hd_strerror(ticket->sent));
    } else {
        text_add(page, " sent to ");
        text_add_number(page, (long long)ticket->webhooks);
        text_add(page, ticket->webhooks == 1 ? " webhook." : " webhooks.");
        add_deliveries_link(page, ticket->number);
    }
    text_add(page, "</p>\n");
}

static void add_messages(struct text *page, const struct ticket *ticket) {
    for (size_t i = 0; i < ticket->message_count; i++) {
        text_add(page, "<div class=\"message\"><span class=\"muted\">");
        text_add_escaped(page, ticket->messages[i].sender);
        text_add(page, "</span> ");
        add_words(page, ticket->messages[i].body);
        text_add(page, "</div>\n");
    }
}

static void add_action(struct text *page, const struct ticket *ticket, const char *action) {
    text_add(page, "<form method=\"post\" action=\"/tickets/");
    text_add_number(page, ticket->number);
    text_add(page, action);
    text_add(page, "\">\n");
}

static void add_forms(struct text *page, const struct ticket *ticket) {
    if (ticket->message_count < TICKETS_MESSAGES_MAX) {
        add_action(page, ticket, "/reply");
        text_add(page,
                 "<label>Reply <textarea name=\"body\" rows=\"2\" required></textarea></label>\n"
                 "<div class=\"row\"><label>from <select name=\"sender\"><option value=\"agent\">the desk</option>"
                 "<option value=\"customer\">the customer</option></select></label>\n"
                 "<button>Reply</button></div>\n</form>\n");
    }
    add_action(page, ticket, "/resolve");
    text_add(page, "<button>Resolve</button>\n</form>\n");
}

static void add_ticket(void *user, const struct ticket *ticket) {
    struct view *view = user;
    struct text *page = view->page;
    view->count++;
    text_add(page, "<article class=\"card\" id=\"ticket-");
    text_add_number(page, ticket->number);
    text_add(page, "\">\n<h2>#");
    text_add_number(page, ticket->number);
    text_add(page, " ");
    add_words(page, ticket->subject);
    text_add(page, "</h2>\n<p class=\"muted\">");
    add_words(page, ticket->name);
    text_add(page, " &lt;");
    add_words(page, ticket->email);
    text_add(page, "&gt; · ");
    text_add_escaped(page, ticket->priority);
    text_add(page, ticket->is_resolved ? " · resolved</p>\n" : " · open</p>\n");
    add_messages(page, ticket);
    if (view->may_change && !ticket->is_resolved)
        add_forms(page, ticket);
    add_sent(page, ticket);
    text_add(page, "</article>\n");
}

/* ---- Pages ---- */

static void add_new_ticket(struct text *page) {
    text_add(page, "<section class=\"card\">\n<h2>New ticket</h2>\n<form method=\"post\" action=\"/tickets\">\n"
                   "<label>Subject <input name=\"subject\" required></label>\n"
                   "<label>Customer’s name <input name=\"name\"></label>\n"
                   "<label>Customer’s e-mail <input name=\"email\"></label>\n"
                   "<div class=\"row\"><label>Priority <select name=\"priority\"><option>low</option>"
                   "<option selected>medium</option><option>high</option></select></label>\n"
                   "<button>Create</button></div>\n</form>\n"
                   "<p class=\"muted\">A desk to play with: tickets are in memory, and any text is taken.</p>\n"
                   "</section>\n");
}

void pages_tickets(struct text *page, struct tickets *tickets, const char *user, int may_change) {
    struct view view = {page, may_change, 0};
    begin(page, "Tickets");
    add_navigation(page, user);
    text_add(page, "<main>\n<h1>Tickets</h1>\n");
    if (may_change)
        add_new_ticket(page);
    tickets_visit(tickets, add_ticket, &view);
    if (view.count == 0)
        text_add(page, "<p>No tickets yet.</p>\n");
    end(page);
}

void pages_sentence(struct text *page, const char *title, const char *sentence) {
    begin(page, title);
    text_add(page, "<main>\n<h1>");
    text_add_escaped(page, title);
    text_add(page, "</h1>\n<p>");
    text_add_escaped(page, sentence);
    text_add(page, "</p>\n<p><a href=\"/\">Back to the tickets</a></p>\n");
    end(page);
}
