#include "archive/store_sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct archive_source {
    int64_t id;
    char *provider;
};

static int note_any_source(void *ctx, const struct hearth_source *source)
{
    bool *any = ctx;
    (void)source;
    return *any = true;
}

int archive_sources_check(struct storage *storage, const char *account, struct err *err)
{
    bool any = false;
    int r = STORAGE(storage, err, source_list, account, note_any_source, &any);
    return r == 0 && any
               ? err_set(err, HEARTH_ERR_CONFLICT,
                         "the account has other sources already, which an archive does not replace")
               : r;
}

int archive_sources_put(struct archive_sources *sources, struct storage *storage,
                        const char *account, const struct hearth_source *source, struct err *err)
{
    if (!ARRAY_MAKE_ROOM(sources->list, sources->count, sources->room))
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    char *provider = strdup(source->provider);
    if (provider == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    sources->list[sources->count++] = (struct archive_source){source->id, provider};
    return STORAGE(storage, err, source_put, account, source);
}

const char *archive_sources_provider(const struct archive_sources *sources, int64_t id)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->list[i].id == id)
            return sources->list[i].provider;
    return NULL;
}

void archive_sources_take_back(const struct archive_sources *sources, struct storage *storage,
                               const char *account)
{
    for (size_t i = 0; i < sources->count; i++)
        STORAGE(storage, NULL, source_remove, account, sources->list[i].id);
}

void archive_sources_fini(struct archive_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->list[i].provider);
    free(sources->list);
    *sources = (struct archive_sources){NULL};
}
