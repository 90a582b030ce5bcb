/* Allocation failures. The executable's own malloc() stands before the C library's for everything in the process, the plugin and its
 * libraries included; glibc offers its allocator under other names for this purpose. Counting is per thread, so that only the call
 * under test is hit. */
#include "kit.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static _Thread_local long countdown; /* 0: not armed */
static _Thread_local bool reached;

void memory_fail_at(long n)
{
    reached = false;
    countdown = n;
}

bool memory_failed(void)
{
    countdown = 0;
    return reached;
}

bool memory_must_fail(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    reached = true;
    return true;
}

#ifdef SANITIZED
bool memory_can_fail(void)
{
    return false;
}
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

bool memory_can_fail(void)
{
    return true;
}

static bool fails(void)
{
    if (!memory_must_fail())
        return false;
    errno = ENOMEM;
    return true;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
    return size > 0 && fails() ? NULL : __libc_realloc(old, size);
}

__attribute__((visibility("default"))) int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *p = memory_must_fail() ? NULL : __libc_memalign(alignment, size);
    if (p == NULL)
        return ENOMEM;
    *ret = p;
    return 0;
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}
#endif
