/* hearth/push.h: an extension of storages: where apps hear, without a stream, that something
 * changed. hearth/storage.h includes it. */
#ifndef HEARTH_PUSH_H
#define HEARTH_PUSH_H

#include "hearth/plugin.h"
#include "hearth/records.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*hearth_push_cb)(void *ctx, const struct hearth_push *push);

/* Rows that go with their account; none of them belongs to a batch. Without it nobody can register
 * for push messages. */
#define HEARTH_STORAGE_PUSH "hearth.storage.push/1"
struct hearth_storage_push {
    uint32_t struct_size;
    uint32_t reserved;
    /* Inserts or replaces by id. NOT_FOUND: there is no such account. */
    int (*push_put)(void *handle, struct hearth_call *call, const char *account,
                    const struct hearth_push *push);
    /* Replaces the row of that id if it is there and its `not_before` is this one, atomic over all
     * processes; else CONFLICT. */
    int (*push_claim)(void *handle, struct hearth_call *call, const char *account,
                      const struct hearth_push *push, int64_t not_before);
    /* missing is fine */
    int (*push_remove)(void *handle, struct hearth_call *call, const char *account, const char *id);
    /* Oldest first, ties by id. */
    int (*push_list)(void *handle, struct hearth_call *call, const char *account, hearth_push_cb cb,
                     void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
