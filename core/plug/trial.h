/* Something is tried in a child process first: whatever it does there, crash, end, hang, stop or
 * print, becomes a sentence here. */
#ifndef HEARTH_CORE_PLUG_TRIAL_H
#define HEARTH_CORE_PLUG_TRIAL_H

#include <stdint.h>
#include "base/err.h"

/* What the child tells; texts may be cut, they are for people. */
struct trial_report {
    int32_t code; /* 0, or an error with its text */
    int32_t kind; /* enum hearth_plugin_kind */
    char name[32];
    char version[64];
    char description[256];
    char text[sizeof(((struct err *)0)->text)];
};

/* Runs in the child. */
typedef void (*trial_fn)(void *ctx, struct trial_report *ret_report);

/* shown: what is tried, for the sentence. patience: ms until the child is ended. 0: it came back
 * with 0 and said nothing; INVALID and what its report says; TIMEOUT: it did not come back;
 * UNAVAILABLE: no process could be started. The main thread, best before there are others. */
int plug_trial_run(const char *shown, int64_t patience, trial_fn attempt, void *ctx,
                   struct trial_report *ret_report, struct err *err);

#endif
