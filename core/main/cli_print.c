/* What commands print. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "main/cli.h"

/* A byte becomes four characters at most: \x1b. */
enum { SHOWN_PER_BYTE = 4 };

void main_cli_print(FILE *to, const char *format, ...)
{
    char *text = NULL, *shown = NULL;
    va_list ap;
    va_start(ap, format);
    int size = vasprintf(&text, format, ap);
    va_end(ap);
    if (size >= 0)
        shown = malloc((size_t)size * SHOWN_PER_BYTE + 1);
    for (char *line = text, *end; shown != NULL && line != NULL; line = end) {
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        str_printable(line, shown, (size_t)size * SHOWN_PER_BYTE + 1);
        fputs(shown, to);
        if (end != NULL)
            fputc('\n', to);
    }
    if (shown == NULL)
        fputs("hearthd: out of memory\n", stderr);
    free(shown);
    if (size >= 0)
        free(text);
}
