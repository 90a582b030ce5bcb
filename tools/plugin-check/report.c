#include "report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fd = -1;

void kit_report_to(int to)
{
    fd = to;
}

static void report_write(enum report_kind kind, const char *text)
{
    struct report report = {.kind = kind};
    snprintf(report.text, sizeof(report.text), "%s", text);
    if (fd >= 0 && write(fd, &report, sizeof(report)) != (ssize_t)sizeof(report))
        _exit(3);
}

void kit_report_failure(const char *file, int line, const char *format, va_list ap)
{
    char what[REPORT_TEXT - 200], text[REPORT_TEXT];
    vsnprintf(what, sizeof(what), format, ap);
    snprintf(text, sizeof(text), "%s (%s:%d)", what, file, line);
    report_write(REPORT_FAILED, text);
    _exit(1);
}

void kit_report_skip(const char *why)
{
    report_write(REPORT_SKIPPED, why);
    _exit(0);
}

void kit_report_passed(void)
{
    report_write(REPORT_PASSED, "");
}

/* A message is smaller than a pipe's buffer and written at once, so what is there is whole. */
struct report kit_report_read(int from)
{
    struct report report = {.kind = REPORT_NOTHING};
    if (read(from, &report, sizeof(report)) != (ssize_t)sizeof(report))
        report = (struct report){.kind = REPORT_NOTHING};
    report.text[sizeof(report.text) - 1] = '\0';
    return report;
}
