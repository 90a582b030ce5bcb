/* The extension for push messages: rows of an account, one of which a caller of several gets. */
#include <string.h>

#include "database.h"

/* Puts the row if the one that is there has this time; NULL: whatever is there. */
static int push_row_put(struct handle *handle, struct hearth_call *call, const char *account,
                        const struct hearth_push *push, const int64_t *not_before)
{
    size_t place;
    int r = mem_key_check(call, PUSH, push);
    struct row *row = r < 0 ? NULL : mem_row_create(PUSH, push);
    if (r == 0 && row == NULL)
        r = mem_no_memory(call);
    struct world *world = r < 0 ? NULL : mem_write_begin(handle, call, &r);
    if (world == NULL) {
        mem_row_unref(row);
        return r;
    }
    struct account *found = mem_world_account(world, account);
    const struct row *old = found == NULL ? NULL
                                          : mem_table_find(found->tables[PUSH], PUSH,
                                                           KEY(.push = {.id = push->id}), &place);
    if (not_before != NULL && (old == NULL || old->push.not_before != *not_before))
        r = hearth_fail(call, HEARTH_ERR_CONFLICT, "somebody else has claimed or removed it");
    else if (found == NULL)
        r = mem_no_account(call);
    struct account *own = r < 0 ? NULL : mem_world_own(world, account);
    if (r == 0 && (own == NULL || !mem_account_put(own, PUSH, row)))
        r = mem_no_memory(call);
    if (r < 0)
        mem_row_unref(row);
    return mem_write_end(handle, world, r);
}

static int push_put(void *handle, struct hearth_call *call, const char *account,
                    const struct hearth_push *push)
{
    return push_row_put(handle, call, account, push, NULL);
}

static int push_claim(void *handle, struct hearth_call *call, const char *account,
                      const struct hearth_push *push, int64_t not_before)
{
    return push_row_put(handle, call, account, push, &not_before);
}

static int push_remove(void *handle, struct hearth_call *call, const char *account, const char *id)
{
    int r = 0;
    if (id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "there is no id");
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    if (mem_world_account(world, account) == NULL)
        return mem_write_end(handle, world, 0);
    struct account *own = mem_world_own(world, account);
    bool done = own != NULL && mem_account_drop(own, PUSH, KEY(.push = {.id = id}));
    return mem_write_end(handle, world, done ? 0 : mem_no_memory(call));
}

struct deliver_push {
    hearth_push_cb cb;
    void *ctx;
};

static int deliver_push(void *ctx, const struct row *row)
{
    struct deliver_push *d = ctx;
    return d->cb(d->ctx, &row->push);
}

static int by_registered(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    int64_t p = x->push.created, q = y->push.created;
    return p != q ? (p < q ? -1 : 1) : strcmp(x->push.id, y->push.id);
}

static int push_list(void *handle, struct hearth_call *call, const char *account, hearth_push_cb cb,
                     void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, PUSH, NULL, NULL, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_registered);
    return mem_list_deliver(handle, call, &list, deliver_push, &(struct deliver_push){cb, ctx});
}

const void *mem_extension(const char *name)
{
    static const struct hearth_storage_push push = {.struct_size = sizeof(push),
                                                    .push_put = push_put,
                                                    .push_claim = push_claim,
                                                    .push_remove = push_remove,
                                                    .push_list = push_list};
    return strcmp(name, HEARTH_STORAGE_PUSH) == 0 ? &push : NULL;
}
