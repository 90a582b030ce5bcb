#include "failed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/plugin.h"
#include "support/buf.h"
#include "codec/codec.h"

enum {
    EAGER_TRIES = 3,
    HOUR_S = 3600,
    DAY_S = 24 * HOUR_S,
    TRIES_MAX = 1000000,
    ENCODED_MAX = 3 * FX_ID_MAX
};

void fx_failed_fini(struct fx_failed_list *list)
{
    free(list->items);
    *list = (struct fx_failed_list){0};
}

int fx_failed_copy(struct fx_failed_list *list, const struct fx_failed_list *from)
{
    struct fx_failed *items = NULL;
    if (from->count > 0) {
        items = malloc(from->count * sizeof(*items));
        if (items == NULL)
            return HEARTH_ERR_NOMEM;
        memcpy(items, from->items, from->count * sizeof(*items));
    }
    free(list->items);
    *list = *from;
    list->items = items;
    list->room = from->count;
    return 0;
}

static struct fx_failed *failed_find(const struct fx_failed_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].id, id) == 0)
            return &list->items[i];
    return NULL;
}

/* ":1000000:1790000000," at most, rounded up. */
static size_t failed_text_size(const char *id)
{
    char encoded[ENCODED_MAX];
    return codec_percent_encode(id, "", encoded, sizeof(encoded)) == 0 ? strlen(encoded) + 24
                                                                       : FX_FAILED_TEXT;
}

static int64_t due_after(int tries, int64_t now)
{
    if (tries <= EAGER_TRIES)
        return 0;
    int64_t pause = HOUR_S;
    for (int i = EAGER_TRIES + 1; i < tries && pause < DAY_S; i++)
        pause *= 2;
    return now + (pause < DAY_S ? pause : DAY_S);
}

/* NULL: no memory, or (list->more has grown) no room. */
static struct fx_failed *failed_append(struct fx_failed_list *list, const char *id)
{
    size_t text = failed_text_size(id);
    /* `?ids=` has no way to say it: it would be two others */
    bool askable = strchr(id, ',') == NULL;
    if (!askable || list->count == FX_FAILED_MAX || list->text + text >= FX_FAILED_TEXT) {
        list->more++;
        return NULL;
    }
    if (!support_array_reserve(&list->items, &list->room, list->count + 1, sizeof(*list->items)))
        return NULL;
    struct fx_failed *failed = &list->items[list->count++];
    *failed = (struct fx_failed){0};
    snprintf(failed->id, sizeof(failed->id), "%s", id);
    list->text += text;
    return failed;
}

int fx_failed_add(struct fx_failed_list *list, const char *id, int64_t now)
{
    struct fx_failed *failed = failed_find(list, id);
    if (failed == NULL) {
        int64_t more = list->more;
        failed = failed_append(list, id);
        if (failed == NULL)
            return list->more > more ? 0 : HEARTH_ERR_NOMEM;
    }
    if (!failed->fresh && failed->tries < TRIES_MAX)
        failed->tries++;
    failed->fresh = true;
    failed->due = due_after(failed->tries, now);
    return 0;
}

void fx_failed_remove(struct fx_failed_list *list, const char *id)
{
    struct fx_failed *failed = list->count == 0 ? NULL : failed_find(list, id);
    if (failed == NULL)
        return;
    list->text -= failed_text_size(id);
    *failed = list->items[--list->count];
}

void fx_failed_keep_fresh(struct fx_failed_list *list)
{
    size_t kept = 0;
    list->text = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i].fresh)
            continue;
        list->text += failed_text_size(list->items[i].id);
        list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

int fx_failed_count_tries(struct fx_failed_list *list, int64_t now)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++)
        if (!list->items[i].fresh && fx_failed_is_due(&list->items[i], now))
            r = fx_failed_add(list, list->items[i].id, now);
    return r;
}

bool fx_failed_is_due(const struct fx_failed *failed, int64_t now)
{
    /* our clock was wrong when it was written */
    return failed->due <= now || failed->due > now + DAY_S;
}

bool fx_failed_any_due(const struct fx_failed_list *list, int64_t now)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].fresh && fx_failed_is_due(&list->items[i], now))
            return true;
    return false;
}

void fx_failed_format(const struct fx_failed_list *list, char ret_text[FX_FAILED_TEXT])
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        const struct fx_failed *failed = &list->items[i];
        char encoded[ENCODED_MAX];
        if (codec_percent_encode(failed->id, "", encoded, sizeof(encoded)) == 0)
            used += (size_t)snprintf(ret_text + used, FX_FAILED_TEXT - used, "%s%s:%d:%lld",
                                     used == 0 ? "" : ",", encoded, failed->tries,
                                     (long long)failed->due);
    }
}

/* Digits up to `end`; no more than twelve. */
static bool failed_read_number(const char **at, const char *end, int64_t *ret_number)
{
    int64_t number = 0;
    const char *from = *at;
    while (*at < end && **at >= '0' && **at <= '9' && *at - from < 12)
        number = number * 10 + (*(*at)++ - '0');
    *ret_number = number;
    return *at > from;
}

static int failed_read_entry(struct fx_failed_list *list, const char **at, const char *end)
{
    char id[ENCODED_MAX];
    int64_t tries, due;
    const char *colon = memchr(*at, ':', (size_t)(end - *at));
    size_t size = colon == NULL ? 0 : (size_t)(colon - *at);
    if (size == 0 || size >= sizeof(id))
        return HEARTH_ERR_INVALID;
    codec_percent_decode(CODEC_LENIENT, *at, size, id, sizeof(id), &size);
    if (size >= FX_ID_MAX || strlen(id) != size)
        return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < size; i++)
        if (id[i] < 0x20 || id[i] > 0x7e)
            return HEARTH_ERR_INVALID;
    *at = colon + 1;
    if (!failed_read_number(at, end, &tries) || tries < 1 || tries > TRIES_MAX || *at == end ||
        *(*at)++ != ':' || !failed_read_number(at, end, &due))
        return HEARTH_ERR_INVALID;
    if (failed_find(list, id) != NULL)
        return HEARTH_ERR_INVALID;
    struct fx_failed *failed = failed_append(list, id);
    if (failed == NULL)
        return list->more > 0 ? HEARTH_ERR_INVALID : HEARTH_ERR_NOMEM;
    failed->tries = (int)tries;
    failed->due = due;
    return 0;
}

int fx_failed_parse(struct fx_failed_list *list, const char *text, size_t size)
{
    const char *end = text + size;
    int r = 0;
    fx_failed_fini(list);
    for (const char *at = text; r == 0 && at < end;) {
        r = failed_read_entry(list, &at, end);
        if (r == 0 && at < end && (*at++ != ',' || at == end))
            r = HEARTH_ERR_INVALID;
    }
    if (r != 0)
        fx_failed_fini(list);
    return r;
}
