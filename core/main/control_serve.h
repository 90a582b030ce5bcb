/* The daemon's side of the control socket: its routes, which no other listener has. */
#ifndef HEARTH_CORE_MAIN_CONTROL_SERVE_H
#define HEARTH_CORE_MAIN_CONTROL_SERVE_H

#include <jansson.h>

#include "hearth/queue.h"
#include "http/http.h"

struct jobs;

extern const struct http_route main_control_routes[];
extern const size_t main_control_route_count;
void main_control_serve_jobs(struct jobs *jobs); /* before the server starts */
/* The listener that people come to, as http_address() has it; lives as long as the server. NULL:
 * none for browsers. */
void main_control_serve_address(const char *listens);
/* For `hearthd healthcheck`, as JSON: [{"name": "main", "url": "http://…"}, …]. Copied. */
void main_control_serve_listeners(const char *json);
/* A row of `hearthd queue show`; a new reference. */
json_t *main_control_job_json(const struct hearth_job *job);

#endif
