/* How a test's child tells its parent what came of it: one message through a pipe, then the end
 * of the process. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_REPORT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum report_kind { REPORT_NOTHING = 0, REPORT_PASSED = 1, REPORT_FAILED = 2, REPORT_SKIPPED = 3 };

enum { REPORT_TEXT = 4000 };

struct report {
    int kind;
    char text[REPORT_TEXT]; /* why it failed or was skipped */
};

void kit_report_to(int fd); /* in the child, before its test */
_Noreturn void kit_report_failure(const char *file, int line, const char *format, va_list ap);
_Noreturn void kit_report_skip(const char *why);
void kit_report_passed(void);
/* In the parent, when the child has ended: what it said. */
struct report kit_report_read(int fd);

#endif
