/* `hearthd reload`: a command that asks over the control socket, and the main thread, which reads
 * the configuration again, as at SIGHUP, and says what came of it. */
#ifndef HEARTH_CORE_MAIN_RELOAD_H
#define HEARTH_CORE_MAIN_RELOAD_H

#include "base/buf.h"

/* Asks the main thread and waits for it, on a thread that may wait. What was said goes to ret_text;
 * *ret_code: 0, or why nothing was changed. false: it did not come to it in time. */
bool main_reload_ask(struct buf *ret_text, int *ret_code);

/* Main thread: who has asked by now is told at the end what was said in between. */
unsigned main_reload_begin(void);
/* A line. code: 0, or why nothing was changed. */
void main_reload_say(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void main_reload_end(unsigned asked);

#endif
