/* Talking to the daemon of this state directory, over its control socket (unix, mode 0600). */
#ifndef HEARTH_CORE_MAIN_CONTROL_H
#define HEARTH_CORE_MAIN_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* The socket's path; false: it would be too long for a socket. */
bool main_control_path(const char *state_dir, char *ret, size_t size);
/* One exchange. UNAVAILABLE when no daemon listens, TIMEOUT when it does not answer in time. */
int main_control_request(const char *state_dir, const char *method, const char *path,
                         int *ret_status, struct buf *ret_body, struct err *err);
/* The same, but the daemon has `timeout` ms. */
int main_control_request_until(const char *state_dir, const char *path, long timeout,
                               int *ret_status, struct buf *ret_body, struct err *err);
/* A POST with a JSON body. */
int main_control_send(const char *state_dir, const char *path, const char *json, int *ret_status,
                      struct buf *ret_body, struct err *err);

#endif
