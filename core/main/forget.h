/* What a command has ended or changed in the database is told to the processes that remember it:
 * tokens, sessions and accounts end at once, and what was removed is shown no more. */
#ifndef HEARTH_CORE_MAIN_FORGET_H
#define HEARTH_CORE_MAIN_FORGET_H

#include "http/http.h"
#include "main/app.h"

struct api;

enum { FORGET_BODY_MAX = 1024 };

/* After the database: the daemon of this state directory forgets who the account's tokens,
 * sessions and names are, and ends its event streams; so do all processes that share a queue.
 * removed: the whole account, with what is kept in memory of its data. Where no daemon runs
 * there is nothing to do. Whom it did not reach, and how long they go on, is said on standard
 * error: what is done is done. */
void main_forget_command(struct app *app, const char *account, bool removed);
/* The same after a batch of its history: readers and event streams hear that it has changed, and
 * nobody is signed out. */
void main_forget_changed(struct app *app, const char *account, int64_t generation);
/* The daemon's side, of the control socket alone. 204; 502 with words: others that share the
 * queue were not told. */
void main_forget_set_api(struct api *api); /* before the server starts */
void main_forget_take(struct http_request *request, struct http_reply *reply, void *worker);

#endif
