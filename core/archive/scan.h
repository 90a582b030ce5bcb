/* One line of an archive: an object of JSON, read member by member where it lies. Nothing is
 * allocated, nothing is believed. */
#ifndef HEARTH_CORE_ARCHIVE_SCAN_H
#define HEARTH_CORE_ARCHIVE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scan_kind { SCAN_NULL = 1, SCAN_TEXT, SCAN_NUMBER, SCAN_FLAG, SCAN_LIST, SCAN_OBJECT };

enum { SCAN_NUMBER_MAX = 64 };

struct scan {
    char *at, *end;
    const char *why; /* what is wrong; NULL */
    bool first;      /* no member or element came yet */
};

struct archive_scan_value {
    enum scan_kind kind;
    const char *text;             /* TEXT: decoded in its place, as long as the line lives */
    char number[SCAN_NUMBER_MAX]; /* NUMBER, as it is written */
    bool flag;
};

/* `line`: `size` bytes that may be changed. False: why. */
bool archive_scan_begin(struct scan *scan, char *line, size_t size);
/* The next member's name. False: there is none (the line has ended with the object), or why is
 * set. */
bool archive_scan_member(struct scan *scan, const char **ret_name);
/* Its value. LIST and OBJECT are not behind `at` yet: read them with archive_scan_element(), or
 * archive_scan_skip() them. */
bool archive_scan_value(struct scan *scan, struct archive_scan_value *ret_value);
/* The next text of a list of texts, which archive_scan_value() has found. False: it has ended,
 * or why. */
bool archive_scan_element(struct scan *scan, const char **ret_text);
/* Over a LIST or an OBJECT, which may be ARCHIVE_DEPTH_MAX deep. */
bool archive_scan_skip(struct scan *scan);

/* A whole number; false: it is none, or has more than 63 bits. */
bool archive_scan_to_int(const char *number, int64_t *ret);

#endif
