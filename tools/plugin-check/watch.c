#include "watch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 64, DEPTH = 4, SUSPECTS = 16, SLOW_FACTOR = 4, SHORT = 1000 };

/* The literals of a child are where its parent has them: it was forked and runs the same
 * program. */
struct watch_frame {
    const char *operation, *file;
    int line;
    bool after; /* the line is the last one known, not that of the call */
    int64_t since, limit;
};

/* Of one thread that is inside the plugin. */
struct watch_slot {
    atomic_int thread;    /* its id; 0: free */
    atomic_uint sequence; /* odd while the owner writes */
    atomic_int depth;     /* of the frames that are open, also those that there is no room for */
    struct watch_frame frames[DEPTH];
};

static struct watch_shared {
    struct watch_slot slots[SLOTS];
} * shared;

static int64_t patience;
/* Operations that hung before: who waits a second time for each of them learns nothing new. */
static const char *suspects[SUSPECTS];
static size_t suspect_count;

static _Thread_local struct {
    struct watch_slot *slot;
    const char *file, *from_file;
    int line, from_line, from_depth;
} mine;

static int64_t watch_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool kit_watch_init(int64_t ms)
{
    void *memory =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    shared = memory;
    patience = ms;
    return true;
}

void kit_watch_reset(void)
{
    memset(shared, 0, sizeof(*shared));
}

/* --- the child --- */

static bool is_suspect(const char *operation)
{
    for (size_t i = 0; i < suspect_count; i++)
        if (strcmp(suspects[i], operation) == 0)
            return true;
    return false;
}

/* Work of any size, or waiting for the work of others. */
static bool is_slow(const char *operation)
{
    static const char *const slow[] = {"open",           "migrate", "batch_begin", "batch_commit",
                                       "account_remove", "verify",  "backup",      "pull",
                                       "start",          "next"};
    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
        if (strcmp(slow[i], operation) == 0)
            return true;
    return false;
}

static struct watch_slot *slot_take(void)
{
    int thread = (int)syscall(SYS_gettid);
    for (int i = 0; i < SLOTS; i++) {
        int free_one = 0;
        if (atomic_compare_exchange_strong(&shared->slots[i].thread, &free_one, thread))
            return &shared->slots[i];
    }
    return NULL;
}

/* A process that was forked inside a callback has its parent's slot, and it is not its own. */
static bool slot_is_mine(void)
{
    return mine.slot != NULL && atomic_load(&mine.slot->thread) == (int)syscall(SYS_gettid);
}

void kit_watch_enter(const char *operation, const char *file, int line, int64_t wait)
{
    if (shared == NULL)
        return;
    if (!slot_is_mine())
        mine.slot = slot_take();
    struct watch_slot *slot = mine.slot;
    bool after = file == NULL;
    if (!after) {
        mine.file = file;
        mine.line = line;
    }
    if (slot == NULL)
        return;
    int64_t limit = is_suspect(operation) && patience > SHORT ? SHORT
                    : is_slow(operation)                      ? patience * SLOW_FACTOR
                                                              : patience;
    int depth = atomic_load(&slot->depth);
    atomic_fetch_add(&slot->sequence, 1);
    if (depth < DEPTH)
        slot->frames[depth] =
            (struct watch_frame){.operation = operation,
                                 .file = mine.from_depth > 0 ? mine.from_file : mine.file,
                                 .line = mine.from_depth > 0 ? mine.from_line : mine.line,
                                 .after = after && mine.from_depth == 0,
                                 .since = watch_now(),
                                 .limit = limit + wait};
    atomic_store(&slot->depth, depth + 1);
    atomic_fetch_add(&slot->sequence, 1);
}

void kit_watch_leave(void)
{
    if (shared == NULL || !slot_is_mine())
        return;
    struct watch_slot *slot = mine.slot;
    int depth = atomic_load(&slot->depth) - 1;
    atomic_fetch_add(&slot->sequence, 1);
    atomic_store(&slot->depth, depth);
    if (depth > 0 && depth <= DEPTH) /* that one goes on, and its time begins anew */
        slot->frames[depth - 1].since = watch_now();
    atomic_fetch_add(&slot->sequence, 1);
    if (depth == 0) {
        mine.slot = NULL;
        atomic_store(&slot->thread, 0);
    }
}

int kit_watch_left(int code)
{
    kit_watch_leave();
    return code;
}

void kit_watch_from(const char *file, int line)
{
    if (mine.from_depth++ > 0)
        return;
    mine.from_file = file;
    mine.from_line = line;
}

void kit_watch_from_ends(void)
{
    mine.from_depth--;
}

bool kit_watch_came_from(const char **ret_file, int *ret_line)
{
    if (mine.from_depth == 0)
        return false;
    *ret_file = mine.from_file;
    *ret_line = mine.from_line;
    return true;
}

/* --- the parent --- */

/* The open frames of a slot at one moment; their number, 0 when nothing runs or it changes just
 * now. */
static int slot_read(struct watch_slot *slot, struct watch_frame ret_frames[DEPTH])
{
    unsigned sequence = atomic_load(&slot->sequence);
    int thread = atomic_load(&slot->thread), depth = atomic_load(&slot->depth);
    memcpy(ret_frames, slot->frames, sizeof(slot->frames));
    atomic_thread_fence(memory_order_seq_cst);
    if (thread == 0 || sequence % 2 != 0 || atomic_load(&slot->sequence) != sequence)
        return 0;
    return depth < DEPTH ? depth : DEPTH;
}

/* A test may have killed a process of its own while it was inside. */
static bool thread_lives(int thread)
{
    char path[64], state[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t n = fread(state, 1, sizeof(state) - 1, file);
    fclose(file);
    state[n] = '\0';
    const char *end = strrchr(state, ')');
    return end != NULL && end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

static const char *base_name(const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    return slash != NULL ? slash + 1 : path == NULL ? "the kit" : path;
}

/* "publish(), called at FILE:LINE, in a callback of peek()" */
static void watch_describe(const struct watch_frame *frames, int depth, char *ret, size_t size)
{
    const struct watch_frame *frame = &frames[depth - 1];
    int n = snprintf(ret, size, "%s(), called %s %s:%d", frame->operation,
                     frame->after ? "after" : "at", base_name(frame->file), frame->line);
    if (depth > 1 && n > 0 && (size_t)n < size)
        snprintf(ret + n, size - (size_t)n, ", in a callback of %s()", frames[depth - 2].operation);
}

static void note_suspect(const char *operation)
{
    if (!is_suspect(operation) && suspect_count < SUSPECTS)
        suspects[suspect_count++] = operation;
}

bool kit_watch_late(char *ret, size_t size)
{
    struct watch_frame frames[DEPTH];
    for (int i = 0; i < SLOTS; i++) {
        struct watch_slot *slot = &shared->slots[i];
        int depth = slot_read(slot, frames);
        if (depth == 0 || watch_now() - frames[depth - 1].since < frames[depth - 1].limit)
            continue;
        if (!thread_lives(atomic_load(&slot->thread)))
            continue;
        char where[300];
        watch_describe(frames, depth, where, sizeof(where));
        snprintf(ret, size, "%s, did not return within %lld ms", where,
                 (long long)frames[depth - 1].limit);
        note_suspect(frames[depth - 1].operation);
        return true;
    }
    return false;
}

void kit_watch_running(char *ret, size_t size)
{
    struct watch_frame frames[DEPTH];
    int told = 0;
    ret[0] = '\0';
    for (int i = 0; i < SLOTS && told < 3; i++) {
        int depth = slot_read(&shared->slots[i], frames);
        if (depth == 0)
            continue;
        char where[300];
        size_t used = strlen(ret);
        watch_describe(frames, depth, where, sizeof(where));
        snprintf(ret + used, size - used, "%s%s", told++ == 0 ? ", in " : "; in ", where);
    }
}
