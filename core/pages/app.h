/* Serving the web app (docs/web.md): its files from memory, its addresses, and the way to the
 * basic pages for browsers that cannot run it. */
#ifndef HEARTH_CORE_PAGES_APP_H
#define HEARTH_CORE_PAGES_APP_H

#include "http/http.h"

struct app_server;

/* `folder`: [web] app_dir, which then must hold the app; NULL: where it is installed, or in the
 * build tree, else there is none, and "/" leads to the basic pages. base_path: under which the
 * app is, as in struct http_options. */
int pages_app_create(const char *folder, const char *base_path, struct app_server **ret_server,
                     struct err *err);
/* The same without keeping it: does `folder` (NULL: none is configured) hold the app? */
int pages_app_check(const char *folder, struct err *err);
void pages_app_destroy(struct app_server *server); /* accepts NULL */
/* Where another route has the same path it wins if it comes later in the server's list. */
const struct http_route *pages_app_routes(const struct app_server *server, size_t *ret_count);
/* A browser that is known not to run the app: by its User-Agent (NULL: none sent) and HTTP
 * version (10, 11, 20). */
bool pages_app_is_unable(const char *user_agent, int version);

#endif
