#include "fake.h"

#include <stdio.h>
#include <string.h>

/* --- the sink: writes down what it gets, and insists on the order of the contract --- */

__attribute__((format(printf, 2, 3))) static int event(struct fake *f, const char *format, ...)
{
    va_list ap;
    size_t used = strlen(f->events);
    va_start(ap, format);
    vsnprintf(f->events + used, sizeof(f->events) - used, format, ap);
    va_end(ap);
    return 0;
}

static const char *const names[] = {"account", "clients", "tabs", "bookmarks", "history"};

static int on_begin(void *ctx, int32_t collection, int32_t how)
{
    struct fake *f = ctx;
    assert_int_equal(f->open, 0);
    f->open = collection;
    return event(f, "begin %s %s\n", names[collection],
                 how == HEARTH_COMPLETE ? "complete" : "incremental");
}

static int on_device(void *ctx, const struct hearth_device *d)
{
    assert_int_equal(((struct fake *)ctx)->open, HEARTH_CLIENTS);
    return event(ctx, "device %s %s %s %s %s %s %lld\n", d->id, d->name, d->type,
                 d->os == NULL ? "-" : d->os, d->version == NULL ? "-" : d->version,
                 d->fxa_device_id == NULL ? "-" : d->fxa_device_id, (long long)d->last_upload);
}

static int on_tab(void *ctx, const char *device, const struct hearth_tab *t)
{
    assert_int_equal(((struct fake *)ctx)->open, HEARTH_TABS);
    event(ctx, "tab %s %lld %s %s %lld%s%s %s", device, (long long)t->position, t->url, t->title,
          (long long)t->last_used, t->pinned ? " pinned" : "", t->inactive ? " inactive" : "",
          t->group == NULL ? "-" : t->group);
    if (t->window != 0 || t->place != 0)
        event(ctx, " window %lld at %lld", (long long)t->window, (long long)t->place);
    return event(ctx, "%s\n", t->active ? " active" : "");
}

static int on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *g)
{
    assert_int_equal(((struct fake *)ctx)->open, HEARTH_TABS);
    return event(ctx, "group %s %s \"%s\" %s%s\n", device, g->id, g->name,
                 g->color == NULL ? "-" : g->color, g->collapsed ? " collapsed" : "");
}

static int on_page(void *ctx, const struct hearth_page_record *p)
{
    assert_int_equal(((struct fake *)ctx)->open, HEARTH_HISTORY);
    event(ctx, "page %s %s %s", p->guid, p->url, p->title == NULL ? "-" : p->title);
    for (uint32_t i = 0; i < p->visit_count; i++)
        event(ctx, " %lld/%lld", (long long)p->visits[i].date, (long long)p->visits[i].type);
    return event(ctx, "\n");
}

static int on_bookmark(void *ctx, const struct hearth_bookmark_record *b)
{
    assert_int_equal(((struct fake *)ctx)->open, HEARTH_BOOKMARKS);
    event(ctx, "bookmark %s %d %s %s %s %s %s %lld", b->guid, (int)b->kind,
          b->parent_guid == NULL ? "-" : b->parent_guid, b->title == NULL ? "-" : b->title,
          b->url == NULL ? "-" : b->url, b->keyword == NULL ? "-" : b->keyword,
          b->tag_query == NULL ? "-" : b->tag_query, (long long)b->added);
    for (size_t i = 0; i < b->tag_count; i++)
        event(ctx, " #%s", b->tags[i]);
    for (size_t i = 0; i < b->child_count; i++)
        event(ctx, " >%s", b->children[i]);
    return event(ctx, "\n");
}

static int on_removed(void *ctx, const char *guid, int64_t modified)
{
    assert_int_not_equal(((struct fake *)ctx)->open, 0);
    return event(ctx, "removed %s %lld\n", guid, (long long)modified);
}

static int on_damaged(void *ctx, const char *guid, const char *why)
{
    assert_int_not_equal(((struct fake *)ctx)->open, 0);
    return event(ctx, "damaged %s %s\n", guid == NULL ? "-" : guid, why);
}

static int on_restart(void *ctx)
{
    assert_int_not_equal(((struct fake *)ctx)->open, 0);
    return event(ctx, "restart\n");
}

static int on_commit(void *ctx, const char *cursor)
{
    struct fake *f = ctx;
    assert_int_not_equal(f->open, 0);
    if (f->fail_commit != 0)
        return f->fail_commit;
    if (cursor != NULL)
        snprintf(f->cursors[f->open], sizeof(f->cursors[0]), "%s", cursor);
    event(f, "commit %s%s\n", names[f->open], cursor == NULL ? " without mark" : "");
    f->open = 0;
    return 0;
}

static int on_cursor(void *ctx, int32_t collection, const char *cursor)
{
    struct fake *f = ctx;
    snprintf(f->cursors[collection], sizeof(f->cursors[0]), "%s", cursor);
    return event(f, "mark %s\n", names[collection]);
}

static int on_reset(void *ctx, int32_t collection)
{
    struct fake *f = ctx;
    for (int c = 1; c < 5; c++) {
        if (collection == 0 || collection == c)
            f->cursors[c][0] = '\0';
    }
    return event(f, "reset %s\n", collection == 0 ? "all" : names[collection]);
}

static int on_credentials(void *ctx, const void *bytes, size_t size)
{
    return event(ctx, "credentials %.*s\n", (int)size, (const char *)bytes);
}

struct hearth_sync_sink fake_sink(struct fake *f)
{
    return (struct hearth_sync_sink){sizeof(struct hearth_sync_sink),
                                     0,
                                     f,
                                     on_begin,
                                     on_device,
                                     on_tab,
                                     on_tab_group,
                                     on_page,
                                     on_bookmark,
                                     on_removed,
                                     on_damaged,
                                     on_restart,
                                     on_commit,
                                     on_cursor,
                                     on_reset,
                                     on_credentials};
}
