#include "base/findings.h"

#include <stdlib.h>
#include <string.h>

void findings_fini(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->items[i].text);
    *findings = (struct findings){0};
}

/* Warnings never keep a fault out: without its sentence nobody would know of it. */
static void drop_last_warning(struct findings *findings)
{
    size_t i = findings->count;
    while (i > 0 && findings->items[i - 1].code != 0)
        i--;
    if (i == 0)
        return;
    free(findings->items[i - 1].text);
    memmove(&findings->items[i - 1], &findings->items[i],
            (findings->count - i) * sizeof(findings->items[0]));
    findings->count--;
    findings->more++;
}

int findings_add(struct findings *findings, int code, const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&text, format, ap) < 0)
        text = NULL;
    va_end(ap);
    if (code != 0 && (findings->code == 0 || code == HEARTH_ERR_INVALID))
        findings->code = code;
    for (size_t i = 0; text != NULL && i < findings->count; i++)
        if (strcmp(findings->items[i].text, text) == 0) {
            free(text);
            return code;
        }
    if (text != NULL && code != 0 && findings->count == FINDINGS_MAX)
        drop_last_warning(findings);
    if (text != NULL && findings->count < FINDINGS_MAX) {
        findings->items[findings->count++] = (struct finding){code, text};
    } else {
        findings->more++;
        free(text);
    }
    return code;
}

int findings_add_err(struct findings *findings, const struct err *err)
{
    return findings_add(findings, err->code, "%s", err->text);
}

int findings_first(const struct findings *findings, struct err *err)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].code != 0) {
            err_set(err, findings->code, "%s", findings->items[i].text);
            return findings->code;
        }
    return findings->code == 0 ? 0 : err_set(err, findings->code, "out of memory");
}
