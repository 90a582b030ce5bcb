#include "search/tabs.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "model/url.h"

struct loading {
    struct tabs *tabs;
    uint32_t room;
    int result;
};

struct tabs *search_tabs_ref(struct tabs *tabs)
{
    if (tabs != NULL)
        atomic_fetch_add_explicit(&tabs->references, 1, memory_order_relaxed);
    return tabs;
}

void search_tabs_unref(struct tabs *tabs)
{
    if (tabs == NULL || atomic_fetch_sub_explicit(&tabs->references, 1, memory_order_acq_rel) != 1)
        return;
    search_segment_unref(tabs->segment);
    arena_fini(&tabs->arena);
    free(tabs->list);
    free(tabs);
}

size_t search_tabs_bytes(const struct tabs *tabs)
{
    return sizeof(*tabs) + tabs->count * sizeof(*tabs->list) + tabs->arena.used +
           search_segment_bytes(tabs->segment);
}

static int tabs_grow_list(struct loading *loading)
{
    uint32_t room = loading->room == 0 ? 64 : loading->room * 2;
    struct search_tab *list = realloc(loading->tabs->list, room * sizeof(*list));
    if (list == NULL)
        return HEARTH_ERR_NOMEM;
    loading->tabs->list = list;
    loading->room = room;
    return 0;
}

static int tabs_on_tab(void *ctx, const struct search_tab *tab)
{
    struct loading *loading = ctx;
    struct tabs *tabs = loading->tabs;
    if (tabs->count == SEGMENT_MAX_PAGES)
        return 1;
    if (tabs->count == loading->room && tabs_grow_list(loading) < 0)
        return loading->result = HEARTH_ERR_NOMEM;
    struct search_tab copy = {
        .device = arena_strdup(&tabs->arena, tab->device),
        .device_name = arena_strdup(&tabs->arena, tab->device_name == NULL ? "" : tab->device_name),
        .url = arena_strdup(&tabs->arena, tab->url),
        .title = arena_strdup(&tabs->arena, tab->title == NULL ? "" : tab->title),
        .last_used = tab->last_used,
    };
    if (copy.device == NULL || copy.device_name == NULL || copy.url == NULL || copy.title == NULL)
        return loading->result = HEARTH_ERR_NOMEM;
    tabs->list[tabs->count++] = copy;
    return 0;
}

static int last_used_first(const void *a, const void *b)
{
    const struct search_tab *x = a, *y = b;
    if (x->last_used != y->last_used)
        return x->last_used > y->last_used ? -1 : 1;
    int by_url = strcmp(x->url, y->url);
    return by_url != 0 ? by_url : strcmp(x->device, y->device);
}

static int tabs_fold_texts(struct tabs *tabs)
{
    struct segment_builder builder = {0};
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < tabs->count; i++) {
        struct hearth_page page = {.struct_size = sizeof(page),
                                   .id = model_page_id(tabs->list[i].url),
                                   .url = tabs->list[i].url,
                                   .title = tabs->list[i].title,
                                   .frecency = 1,
                                   .visit_count = 1};
        r = search_segment_builder_add(&builder, &page);
    }
    if (r == 0)
        r = search_segment_builder_seal(&builder, &tabs->segment);
    search_segment_builder_fini(&builder);
    return r;
}

int search_tabs_load(const struct search_source *source, struct tabs **ret_tabs, struct err *err)
{
    struct tabs *tabs = calloc(1, sizeof(*tabs));
    if (tabs == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    atomic_init(&tabs->references, 1);
    arena_init(&tabs->arena, 0);
    struct loading loading = {.tabs = tabs};
    int r = source->tabs == NULL ? 0 : source->tabs(source->ctx, tabs_on_tab, &loading, err);
    if (r == 0 && tabs->count > 0)
        qsort(tabs->list, tabs->count, sizeof(*tabs->list), last_used_first);
    if (r == 0 && (loading.result < 0 || tabs_fold_texts(tabs) < 0))
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r < 0) {
        search_tabs_unref(tabs);
        return r;
    }
    *ret_tabs = tabs;
    return 0;
}
