/* If-None-Match and Accept-Encoding: as somebody says who cuts the lists at their commas first.
 * Range: what is asked for is a part of what there is. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/magic.h"
#include "http/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t", text[n - 1]) != NULL)
        text[--n] = '\0';
    return text;
}

/* Some item is the tag; a tag that has more behind a blank is not looked at closely. */
static bool has_tag(char *list, const char *etag)
{
    bool found = false;
    for (char *item; (item = strsep(&list, ",")) != NULL;) {
        item = trimmed(item);
        item += strncmp(item, "W/", 2) == 0 ? 2 : 0;
        item[strcspn(item, " \t")] = '\0';
        found = found || strcmp(item, "*") == 0 || strcmp(item, etag) == 0;
    }
    return found;
}

static bool names_coding(char *list, const char *coding)
{
    bool found = false;
    for (char *item; (item = strsep(&list, ",")) != NULL;) {
        item = trimmed(item);
        item[strcspn(item, " \t;")] = '\0';
        item += strncasecmp(item, "x-", 2) == 0 ? 2 : 0;
        found = found || strcasecmp(item, coding) == 0 || strcmp(item, "*") == 0;
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tags[] = {"\"1a-00ff\"", "\"a\"", "\"\""};
    char *text = malloc(size + 1), *copy = malloc(size + 1);
    if (text == NULL || copy == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    struct http_request request = {.if_none_match = text, .accept_encoding = text};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        memcpy(copy, text, size + 1);
        ASSERT(http_etag_matches(&request, tags[i]) == has_tag(copy, tags[i]));
    }
    memcpy(copy, text, size + 1);
    if (http_accepts(&request, "gzip"))
        ASSERT(names_coding(copy, "gzip"));
    request.range = text;
    for (int64_t whole = 0; whole <= 1000; whole = whole * 10 + 1) {
        int64_t from, end;
        if (http_range_find(&request, NULL, whole, &from, &end) == HTTP_RANGE_PART)
            ASSERT(from >= 0 && from < end && end <= whole);
    }
    free(copy);
    free(text);
    return 0;
}
