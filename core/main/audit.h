/* What a command changed is told to whoever keeps this server's log: the daemon of this state directory, or this process when none runs. */
#ifndef HEARTH_CORE_MAIN_AUDIT_H
#define HEARTH_CORE_MAIN_AUDIT_H

#include "http/http.h"
#include "main/app.h"

enum { AUDIT_BODY_MAX = 64 * 1024 };

/* audit_command(app, "account removed", "account", id, "email", email, NULL): as log_audit(), at most six pairs of texts. Never fails: what
 * is done is done. */
void audit_command(const struct app *app, const char *event, ...) __attribute__((sentinel));
/* The daemon's side: POST of what audit_command() sends. Only for the control socket. */
void audit_take(struct http_request *request, struct http_reply *reply, void *worker);

#endif
