/* The connection of a session: opened when needed, closed as soon as anything is wrong with it, never used after that. All waiting is done
 * here, in a poll() on the socket and the session's eventfd, so that interrupts, deadlines and stops end it. */
#ifndef STORAGE_PG_CONNECTION_H
#define STORAGE_PG_CONNECTION_H

#include "store.h"

/* 0 when there is a good connection; else an error with its text. A batch whose connection is lost gets no other. */
int connection_ensure(struct session *session);
void connection_close(struct session *session);
/* An idle connection that the server has ended is noticed here, before anything is sent on it. */
void connection_look(struct session *session);
/* Waits until PQgetResult() does not block. Ends with CANCELLED, TIMEOUT or UNAVAILABLE; the connection is closed then. */
int connection_wait(struct session *session);
/* Until the descriptor has one of `events` (poll.h). 0, or CANCELLED, TIMEOUT. */
int connection_wait_fd(struct session *session, int fd, short events);
/* CANCELLED, TIMEOUT, with a text; 0: go on. */
int connection_stopped(struct session *session);
/* An error result as an error of ours, with a text that says what to do. One that libpq made itself closes the connection. */
int connection_error(struct session *session, const PGresult *result);

#endif
