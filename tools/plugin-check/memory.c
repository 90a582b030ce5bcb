/* Allocation failures, and counting what is alive. The executable's own malloc() stands before
 * the C library's for everything in the process, the plugin and its libraries included; glibc
 * offers its allocator under other names for this purpose. Failures are counted per thread, so
 * that only the call under test is hit.
 *
 * A checker that was preloaded (AddressSanitizer's library, valgrind) has to see every block:
 * then these functions hand on to it, and neither fail nor count. */
#include "kit.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Thread_local long countdown; /* 0: not armed */
static _Thread_local bool reached;
static _Thread_local void (*hook)(void);
static _Thread_local bool hook_everywhere;
static atomic_long live;

void kit_memory_fail_at(long n)
{
    reached = false;
    countdown = n;
}

bool kit_memory_failed(void)
{
    countdown = 0;
    return reached;
}

void kit_memory_meanwhile(void (*function)(void), bool everywhere)
{
    hook = function;
    hook_everywhere = everywhere;
}

void kit_memory_happens(void)
{
    void (*function)(void) = hook;
    if (__builtin_expect(function == NULL, true))
        return;
    hook = NULL; /* not for what it allocates itself */
    function();
    hook = function;
}

bool kit_memory_must_fail(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    reached = true;
    return true;
}

long kit_memory_live(void)
{
    return atomic_load(&live);
}

#ifdef KIT_SANITIZED
bool kit_memory_can_fail(void)
{
    return false;
}
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

/* The next allocator in the order of symbols. */
static struct {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *old, size_t size);
    void *(*memalign)(size_t alignment, size_t size);
    void (*free)(void *block);
} next;

static enum { UNDECIDED, OWN, ASIDE } mode;

static void libc_find_next(const char *name, void *ret_function)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    memcpy(ret_function, &found, sizeof(found));
}

/* At the first allocation of the process: there is one thread. What a lookup that fails
 * allocates is the C library's, and so is what follows. */
static void allocator_decide(void)
{
    mode = OWN;
    if (dlsym(RTLD_DEFAULT, "__asan_init") == NULL && dlsym(RTLD_DEFAULT, "__tsan_init") == NULL &&
        dlsym(RTLD_DEFAULT, "_vgnU_freeres") == NULL)
        return;
    libc_find_next("malloc", &next.malloc);
    libc_find_next("calloc", &next.calloc);
    libc_find_next("realloc", &next.realloc);
    libc_find_next("memalign", &next.memalign);
    libc_find_next("free", &next.free);
    mode = ASIDE;
}

static inline bool stands_aside(void)
{
    if (__builtin_expect(mode == UNDECIDED, false))
        allocator_decide();
    return __builtin_expect(mode == ASIDE, false);
}

bool kit_memory_can_fail(void)
{
    return !stands_aside();
}

static bool allocation_fails(void)
{
    if (__builtin_expect(hook_everywhere, false))
        kit_memory_happens();
    if (!kit_memory_must_fail())
        return false;
    errno = ENOMEM;
    return true;
}

static void *block_counted(void *block)
{
    if (block != NULL)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return block;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    if (stands_aside())
        return next.malloc(size);
    return allocation_fails() ? NULL : block_counted(__libc_malloc(size));
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    if (stands_aside())
        return next.calloc(count, size);
    return allocation_fails() ? NULL : block_counted(__libc_calloc(count, size));
}

__attribute__((visibility("default"))) void free(void *block)
{
    if (stands_aside()) {
        next.free(block);
        return;
    }
    if (block != NULL)
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    __libc_free(block);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
    if (stands_aside())
        return next.realloc(old, size);
    if (size > 0 && allocation_fails())
        return NULL;
    if (old == NULL)
        return block_counted(__libc_realloc(NULL, size));
    if (size == 0) /* glibc frees it */
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    return __libc_realloc(old, size);
}

static void *block_aligned(size_t alignment, size_t size)
{
    return stands_aside() ? next.memalign(alignment, size)
                          : block_counted(__libc_memalign(alignment, size));
}

__attribute__((visibility("default"))) int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *p = allocation_fails() ? NULL : block_aligned(alignment, size);
    if (p == NULL)
        return ENOMEM;
    *ret = p;
    return 0;
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size)
{
    return allocation_fails() ? NULL : block_aligned(alignment, size);
}

__attribute__((visibility("default"))) void *memalign(size_t alignment, size_t size)
{
    return allocation_fails() ? NULL : block_aligned(alignment, size);
}
#endif
