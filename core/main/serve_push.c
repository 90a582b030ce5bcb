/* Push messages in the daemon: [push], for the roles that change something. */
#include "main/serve.h"
#include "push/push.h"
#include "signin/allow.h"

static bool push_admits(void *ctx, const char *email)
{
    return signin_allow_admits(ctx, email);
}

struct push_pace main_serve_push_pace(const struct conf *conf)
{
    const struct conf_section *push = conf_section(conf, "push", 0);
    return (struct push_pace){.interval = conf_number(push, "interval"),
                              .connect_timeout = conf_number(push, "connect_timeout"),
                              .timeout = conf_number(push, "timeout"),
                              .give_up = conf_number(push, "give_up")};
}

int main_serve_create_push(struct daemon *d, struct err *err)
{
    const struct conf_section *push = conf_section(d->app.conf, "push", 0),
                              *web = conf_section(d->app.conf, "web", 0);
    const struct conf_networks *allow = conf_networks(push, "allow");
    const char *contact = conf_text(push, "contact"), *base = conf_text(web, "base_url");
    if (conf_number(push, "enabled") == 0 || (d->roles & (ROLE_WEB | ROLE_WORKER)) == 0)
        return 0;
    /* "sub" is one of these two kinds of URLs (RFC 8292, 2.1) */
    if (contact == NULL && base != NULL && strncmp(base, "https://", 8) == 0)
        contact = base;
    struct push_options options = {
        .nodes = &d->app.nodes,
        .vault = d->app.vault,
        .allow = allow == NULL ? NULL : allow->items,
        .allow_count = allow == NULL ? 0 : allow->count,
        .contact = contact,
        .ca_file = conf_text(push, "ca_file"),
        .pace = main_serve_push_pace(d->app.conf),
        .sessions = main_app_session_limits(&d->app),
        .admits = push_admits,
        .ctx = d->app.allow,
    };
    int r = main_app_check_ca(options.ca_file, err);
    return r < 0 ? r : push_create(&options, &d->push, err);
}
