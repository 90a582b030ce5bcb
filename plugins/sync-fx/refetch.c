/* Records that arrived damaged are asked for by their ids. */
#include "fx.h"

#include <stdio.h>
#include <string.h>

#include "codec/codec.h"

enum { IDS_MAX = 100, IDS_TEXT = 1600 };

int64_t fx_now_s(const struct fx_pull *p)
{
    return p->host->now_ms(p->host) / 1000;
}

bool fx_refetch_due(const struct fx_pull *p, int collection)
{
    return fx_account_wants(p, collection) &&
           fx_failed_any_due(&p->failed[collection], fx_now_s(p));
}

struct asking {
    char ids[IDS_TEXT];          /* as in the address */
    char of[IDS_MAX][FX_ID_MAX]; /* the same */
    size_t count;
};

/* The next ids, from *at on. */
static void refetch_choose_ids(const struct fx_failed_list *todo, size_t *at, int64_t now,
                               struct asking *ret_asking)
{
    size_t used = 0;
    ret_asking->count = 0;
    for (; *at < todo->count && ret_asking->count < IDS_MAX; (*at)++) {
        const struct fx_failed *failed = &todo->items[*at];
        char encoded[3 * FX_ID_MAX];
        if (failed->fresh || !fx_failed_is_due(failed, now) ||
            codec_percent_encode(failed->id, "", encoded, sizeof(encoded)) != 0)
            continue;
        size_t size = strlen(encoded);
        if (used + size + 2 > sizeof(ret_asking->ids))
            return;
        used += (size_t)snprintf(ret_asking->ids + used, sizeof(ret_asking->ids) - used, "%s%s",
                                 used == 0 ? "" : ",", encoded);
        memcpy(ret_asking->of[ret_asking->count++], failed->id, FX_ID_MAX);
    }
}

/* Those that did not come, sound or damaged, are gone; unless (`unsure`) something came that
 * nobody recognised, or the answer did not say how many records it has. */
static int note_rest(struct fx_failed_list *failed, const struct asking *asking, bool unsure,
                     int64_t now)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < asking->count; i++) {
        bool came = true;
        for (size_t k = 0; k < failed->count; k++)
            if (strcmp(failed->items[k].id, asking->of[i]) == 0)
                came = failed->items[k].fresh;
        if (!came && unsure)
            r = fx_failed_add(failed, asking->of[i], now);
        else if (!came)
            fx_failed_remove(failed, asking->of[i]);
    }
    return r;
}

int fx_refetch(struct fx_pull *p, int collection, struct fx_failed_list *failed,
               const struct fx_reader_ops *ops, void *ctx)
{
    struct fx_failed_list todo = {0}; /* `failed` changes while they come */
    struct asking asking;
    int64_t now = fx_now_s(p);
    int r = fx_failed_copy(&todo, failed);
    for (size_t at = 0; r == 0 && at < todo.count;) {
        refetch_choose_ids(&todo, &at, now, &asking);
        if (asking.count == 0)
            break;
        struct fx_reader reader = {.p = p,
                                   .collection = collection,
                                   .ids = asking.ids,
                                   .translate = fx_collections[collection].translate,
                                   .ops = ops,
                                   .ctx = ctx};
        r = fx_reader_run(&reader);
        if (r == 0)
            r = note_rest(failed, &asking, reader.nameless > 0 || reader.uncounted, now);
    }
    fx_failed_fini(&todo);
    return r;
}
