/* What ends a test's processes when the kit itself is killed, and how it is told to stop. Parent
 * process. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_GUARD_H
#define HEARTH_TOOLS_PLUGIN_CHECK_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

/* A process of its own that outlives this one by a moment, whatever ends it: kills what a test
 * had started and removes its directory. */
bool kit_guard_start(void);
/* From now on this group and this directory have to go; 0, NULL: nothing has. */
void kit_guard_set(pid_t group, const char *directory);
/* In a test's child, first of all: it leads a group of its own, and ends with the kit. */
void kit_guard_child(void);
/* SIGINT, SIGTERM or SIGHUP has come; 0: none. */
int kit_guard_signal(void);
/* it is dealt with; the next one ends the kit at once */
void kit_guard_signal_over(void);
void kit_guard_clean_directory(const char *directory); /* removes it with all that it has */

#endif
