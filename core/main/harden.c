#include "main/harden.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* JSON is where secrets pass through: tokens that are made, answers of accounts servers. */
static void free_wiped(void *p)
{
    if (p != NULL)
        explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

void main_harden_process(void)
{
    json_set_alloc_funcs(malloc, free_wiped);
    const struct rlimit none = {0, 0};
    const char *dumpable = getenv("HEARTH_DUMPABLE");
    setrlimit(RLIMIT_CORE, &none);
    if (SANITIZED || (dumpable != NULL && strcmp(dumpable, "1") == 0))
        return;
    prctl(PR_SET_DUMPABLE, 0);
}
