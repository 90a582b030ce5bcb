/* What a new release makes of the rows of older ones: once for each account of each node, whether
 * or not it is ever synced. A worker's syncs do it, too, for their account. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "jobs/jobs_internal.h"
#include "merge/upgrade.h"

/* Of the database, when all of its accounts have been looked at: by which rules. */
#define UPGRADE_PROPERTY "upgraded_to"
#define UPGRADE_RULES    "2"
enum { UPGRADE_PAUSE = 30000 };

struct upgrade_list {
    char (*ids)[40];
    size_t count, room;
    bool failed;
};

static int upgrade_on_account(void *ctx, const struct hearth_account *account)
{
    struct upgrade_list *list = ctx;
    if (!ARRAY_MAKE_ROOM(list->ids, list->count, list->room))
        return list->failed = true;
    snprintf(list->ids[list->count++], sizeof(*list->ids), "%s", account->id);
    return 0;
}

int jobs_upgrade_account(const struct sync_context *context, struct storage *storage,
                         const char *id, struct err *err)
{
    struct upgraded upgraded;
    int r = merge_upgrade_account(storage, id, &upgraded, err);
    if (upgraded.generation == 0)
        return r;
    log_event(HEARTH_LOG_INFO, "jobs", "account upgraded", LOG_TEXT("account", id),
              LOG_INT("pages", upgraded.pages));
    if (context->changed != NULL) /* caches of this process, at once */
        context->changed(context->changed_ctx, id, upgraded.generation);
    jobs_sync_tell_changed(context, id, upgraded.generation, UINT_MAX); /* all collections */
    return r;
}

/* What only this account has against it keeps no other one waiting. */
static bool is_of_account(int code)
{
    return code == HEARTH_ERR_NOT_FOUND || code == HEARTH_ERR_CORRUPT ||
           code == HEARTH_ERR_INVALID || code == HEARTH_ERR_IO;
}

static int upgrade_accounts(struct jobs *jobs, struct storage *storage,
                            const struct upgrade_list *list, bool *ret_all, struct err *err)
{
    bool all = true;
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        struct err why = {0};
        if (atomic_load(&jobs->stop))
            return HEARTH_ERR_CANCELLED;
        struct sync_context rules = jobs_rules(jobs);
        r = jobs_upgrade_account(&rules, storage, list->ids[i], &why);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
            log_event(log_level_of(&why, HEARTH_LOG_WARNING), "jobs", "account not upgraded",
                      LOG_TEXT("account", list->ids[i]), LOG_TEXT("error", why.text));
        if (r < 0 && is_of_account(r)) {
            all &= r == HEARTH_ERR_NOT_FOUND;
            r = 0;
        } else if (r < 0) {
            *err = why;
        }
    }
    *ret_all = all;
    return r;
}

static int upgrade_database(struct jobs *jobs, struct storage *storage, struct err *err)
{
    struct upgrade_list list = {0};
    const char *done;
    struct err why = {0};
    bool all = false;
    int r = STORAGE(storage, &why, property_get, UPGRADE_PROPERTY, &done);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND)
        return err_set(err, r, "%s", why.text);
    if (r == 0 && strcmp(done, UPGRADE_RULES) == 0)
        return 0;
    r = STORAGE(storage, err, account_list, upgrade_on_account, &list);
    plug_storage_reset(storage);
    if (r == 0 && list.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        r = upgrade_accounts(jobs, storage, &list, &all, err);
    if (r == 0 && all)
        r = STORAGE(storage, err, property_put, UPGRADE_PROPERTY, UPGRADE_RULES, true);
    free(list.ids);
    return r;
}

static int upgrade_node(struct jobs *jobs, size_t node)
{
    struct err err = {0};
    struct storage *storage = jobs_take_storage(jobs, node, &err);
    if (storage == NULL)
        return err.code;
    int r = upgrade_database(jobs, storage, &err);
    jobs_give_storage(jobs, node, storage);
    return r;
}

void *jobs_upgrade_main(void *arg)
{
    struct jobs *jobs = arg;
    for (size_t node = 0; node < jobs->options.nodes->count && !atomic_load(&jobs->stop); node++)
        while (upgrade_node(jobs, node) < 0 && jobs_sleep(jobs, UPGRADE_PAUSE))
            ;
    return NULL;
}
