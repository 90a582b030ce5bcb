/* Text: what is absent, and what Firefox counts. */
#ifndef SUPPORT_TEXT_H
#define SUPPORT_TEXT_H

#include <stddef.h>

static inline const char *support_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* How many bytes of valid UTF-8 hold at most `units` UTF-16 units: how Firefox measures titles. */
size_t support_utf8_cut(const char *text, size_t size, size_t units);

#endif
