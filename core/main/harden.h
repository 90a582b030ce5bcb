/* What keeps secrets in memory from leaving it by accident. */
#ifndef HEARTH_CORE_MAIN_HARDEN_H
#define HEARTH_CORE_MAIN_HARDEN_H

/* No core dumps, JSON is wiped when it is freed, and no other process of this user may read this
 * one's memory. First thing in main(). Sanitizers' leak checker attaches to its own process, so
 * builds with one stay readable; so does a process with HEARTH_DUMPABLE=1, for debuggers and
 * profilers. */
void main_harden_process(void);

#endif
