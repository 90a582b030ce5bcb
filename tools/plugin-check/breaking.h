/* A backend that goes away and comes back: by the commands that whoever runs the kit gave
 * (--break, --mend). */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_BREAKING_H
#define HEARTH_TOOLS_PLUGIN_CHECK_BREAKING_H

#include "kit.h"

enum {
    BROKEN_DEADLINE = 300,        /* ms, of a call into what is broken */
    BROKEN_SLACK = 8 * 1000,      /* ms behind it, for a loaded machine */
    BROKEN_PATIENCE = 60 * 1000,  /* ms until everything is well after a mend */
    COMMAND_PATIENCE = 30 * 1000, /* ms that a command has */
};

/* Run the command by a shell; the test fails when that one does. */
void kit_backend_break(const struct kit *kit);
void kit_backend_mend(const struct kit *kit);
/* The same from outside of the test, which may have ended in between; how it ends does not
 * matter. */
void kit_backend_mend_anyhow(const struct kit_options *options);

/* Around a call into what is broken: it ends by its deadline (BROKEN_DEADLINE), or the test
 * fails then and there, and with a code that says why. May it succeed? What does not need the
 * backend may. */
void kit_watch_broken_call(const char *name);
void kit_expect_ended(int code, bool may_succeed);

#endif
