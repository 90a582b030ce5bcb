/* What the thread "search-refresh" reads with: a storage handle of its own, opened when there is
 * something to do first. */
#include <stdatomic.h>
#include <stdlib.h>

#include "api/internal.h"
#include "api/source.h"
#include "base/clock.h"
#include "base/log.h"

struct api_refresher {
    struct nodes *nodes;
    int64_t storage_timeout;
    struct storage storage; /* of the thread; but for interrupt() */
    atomic_bool open, stop;
};

int api_refresher_create(struct nodes *nodes, int64_t storage_timeout,
                         struct api_refresher **ret_refresher, struct err *err)
{
    struct api_refresher *refresher = calloc(1, sizeof(*refresher));
    if (refresher == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    refresher->nodes = nodes;
    refresher->storage_timeout = storage_timeout;
    *ret_refresher = refresher;
    return 0;
}

static int refresher_open_storage(struct api_refresher *refresher, struct err *err)
{
    if (atomic_load(&refresher->open))
        return 0;
    int r = nodes_open_storage(&refresher->nodes->items[refresher->nodes->own], &refresher->stop,
                               &refresher->storage, err);
    if (r == 0)
        atomic_store(&refresher->open, true);
    return r;
}

void api_refresh(void *ctx, struct search *search, const char *account, int64_t generation)
{
    struct api_refresher *refresher = ctx;
    struct err err = {0};
    int r = refresher_open_storage(refresher, &err);
    if (r == 0) {
        struct source source;
        refresher->storage.call.hearth.deadline = clock_monotonic() + refresher->storage_timeout;
        api_source_init(&source, &refresher->storage, account);
        r = search_refresh(search, account, generation, &source.reading, &err);
        plug_storage_reset(&refresher->storage);
    }
    /* its person's next question does it, and fails in words if it has to */
    if (r < 0 && !atomic_load(&refresher->stop))
        log_event(HEARTH_LOG_DEBUG, "api", "search not refreshed", LOG_TEXT("account", account),
                  LOG_TEXT("error", err.text));
}

void api_refresher_stop(struct api_refresher *refresher, struct search *search)
{
    if (refresher == NULL || search == NULL)
        return;
    atomic_store(&refresher->stop, true);
    if (atomic_load(&refresher->open))
        refresher->storage.ops->interrupt(refresher->storage.handle);
    search_stop(search);
}

void api_refresher_destroy(struct api_refresher *refresher)
{
    if (refresher == NULL)
        return;
    if (atomic_load(&refresher->open))
        plug_storage_close(&refresher->storage);
    free(refresher);
}
