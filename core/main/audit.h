/* What a command changed is told to whoever keeps this server's log: the daemon of this state
 * directory, or this process when none runs. */
#ifndef HEARTH_CORE_MAIN_AUDIT_H
#define HEARTH_CORE_MAIN_AUDIT_H

#include "base/log.h"
#include "http/http.h"
#include "main/app.h"

enum { AUDIT_BODY_MAX = 64 * 1024 };

/* main_audit_command(app, "account removed", LOG_TEXT("account", id), …): as log_audit(), at
 * most six pairs. Never fails: what is done is done. */
#define main_audit_command(app, event, ...)                                                        \
    main_audit_command_pairs((app), (event), LOG_PAIRS(__VA_ARGS__))
void main_audit_command_pairs(const struct app *app, const char *event,
                              const struct log_pair *pairs);
/* The daemon's side: POST of what main_audit_command_pairs() sends. Only for the control socket. */
void main_audit_take(struct http_request *request, struct http_reply *reply, void *worker);

#endif
