/* The sink of a translation that runs on a thread of its own: keeps what it is given. */
#include <string.h>

#include "decode.h"

static bool capture_text(struct fx_arena *arena, const char **text)
{
    if (*text != NULL)
        *text = fx_arena_copy(arena, *text, strlen(*text));
    return *text != NULL;
}

/* False: no memory. */
static bool capture_texts(struct fx_arena *arena, const char *const **texts, size_t count)
{
    const char **copy = fx_arena_alloc(arena, (count + 1) * sizeof(*copy));
    bool ok = copy != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        copy[i] = (*texts)[i];
        ok = copy[i] == NULL || capture_text(arena, &copy[i]);
    }
    *texts = copy;
    return ok;
}

/* The texts of a record, whichever it has. */
#define CAPTURE_TEXT(name) ok = (copy->name == NULL || capture_text(arena, &copy->name)) && ok;
#define CAPTURE_INT(name)
#define CAPTURE_FLAG(name)
#define CAPTURE_REAL(name)
#define CAPTURE_FIELD(T, role, kind, name, least, most, meaning) CAPTURE_##kind(name)

static int capture_on_page(void *ctx, const struct hearth_page_record *record)
{
    struct fx_capture *capture = ctx;
    struct fx_arena *arena = capture->arena;
    struct hearth_page_record *copy = fx_arena_alloc(arena, sizeof(*copy));
    struct hearth_visit *visits =
        fx_arena_alloc(arena, (record->visit_count + 1) * sizeof(*visits));
    bool ok = true;
    if (copy == NULL || visits == NULL)
        return HEARTH_ERR_NOMEM;
    *copy = *record;
    for (size_t i = 0; i < record->visit_count; i++)
        visits[i] = record->visits[i];
    copy->visits = visits;
    HEARTH_PAGE_RECORD_FIELDS(CAPTURE_FIELD, page_record)
    capture->into->page = copy;
    return ok ? 0 : HEARTH_ERR_NOMEM;
}

static int capture_on_bookmark(void *ctx, const struct hearth_bookmark_record *record)
{
    struct fx_capture *capture = ctx;
    struct fx_arena *arena = capture->arena;
    struct hearth_bookmark_record *copy = fx_arena_alloc(arena, sizeof(*copy));
    if (copy == NULL)
        return HEARTH_ERR_NOMEM;
    *copy = *record;
    bool ok = capture_texts(arena, &copy->tags, copy->tag_count) &&
              capture_texts(arena, &copy->children, copy->child_count);
    HEARTH_BOOKMARK_RECORD_FIELDS(CAPTURE_FIELD, bookmark_record)
    capture->into->bookmark = copy;
    return ok ? 0 : HEARTH_ERR_NOMEM;
}

/* The id and the time are those of the line. */
static int capture_on_removed(void *ctx, const char *guid, int64_t modified)
{
    struct fx_capture *capture = ctx;
    (void)guid, (void)modified;
    capture->into->removed = true;
    return 0;
}

void fx_capture_init(struct fx_capture *capture, struct fx_arena *arena)
{
    *capture = (struct fx_capture){.arena = arena};
    capture->sink = (struct hearth_sync_sink){.struct_size = sizeof(capture->sink),
                                              .ctx = capture,
                                              .page = capture_on_page,
                                              .bookmark = capture_on_bookmark,
                                              .removed = capture_on_removed};
}
