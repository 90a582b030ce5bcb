/* The connection of a handle: opened when needed, closed as soon as anything is wrong with it,
 * never used after that. All waiting is done here, in a poll() on the socket and the handle's
 * eventfd, so that interrupts, deadlines and stops end it. */
#ifndef STORAGE_PG_CONNECTION_H
#define STORAGE_PG_CONNECTION_H

#include "database.h"

/* 0 when there is a good connection; else an error with its text. A batch whose connection is
 * lost gets no other. */
int pg_connection_ensure(struct handle *handle);
void pg_connection_close(struct handle *handle);
/* An idle connection that the server has ended is noticed here, before anything is sent on it. */
void pg_connection_check_idle(struct handle *handle);
/* Waits until PQgetResult() does not block. Ends with CANCELLED, TIMEOUT or UNAVAILABLE; the
 * connection is closed then. */
int pg_connection_wait(struct handle *handle);
/* Waits until the server has taken in what was sent, but for what the sockets hold; ends like
 * that. */
int pg_connection_drain(struct handle *handle);
/* Until the descriptor has one of `events` (poll.h). 0, or CANCELLED, TIMEOUT. */
int pg_connection_wait_fd(struct handle *handle, int fd, short events);
/* CANCELLED, TIMEOUT, with a text; 0: go on. */
int pg_connection_stopped(struct handle *handle);
/* An error result as an error of ours, with a text that says what to do. One that libpq made
 * itself closes the connection. */
int pg_connection_error(struct handle *handle, const PGresult *result);

#endif
