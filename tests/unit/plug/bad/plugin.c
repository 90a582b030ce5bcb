/* A queue plugin that does nothing, and, built with -DBAD_…, breaks one rule. None of its
 * operations is ever called. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hearth/queue.h"
#include "hearth/sync.h"

/* What it does when its code first runs: as a constructor, or as its entry. */
static void misbehave(void)
{
#if defined(BAD_CRASH) || defined(BAD_CTOR_CRASH)
    raise(SIGSEGV);
#elif defined(BAD_EXIT) || defined(BAD_CTOR_EXIT)
    exit(0);
#elif defined(BAD_CTOR_LEAVE)
    _exit(0);
#elif defined(BAD_HANG) || defined(BAD_CTOR_HANG)
    for (;;)
        pause();
#elif defined(BAD_STOP) || defined(BAD_CTOR_STOP)
    raise(SIGSTOP);
#elif defined(BAD_PRINT) || defined(BAD_CTOR_PRINT)
    printf("hello from here\n");
#elif defined(BAD_CTOR_COMPLAIN)
    fprintf(stderr, "no such thing\n");
#elif defined(BAD_CTOR_CLOSE)
    for (int fd = 0; fd < 64; fd++)
        close(fd);
#elif defined(BAD_CTOR_CHILD) /* what holds every pipe of this process, and stays */
    if (fork() == 0)
        for (;;)
            pause();
    abort();
#endif
}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void at_load(void)
{
    misbehave();
}
#endif
#ifdef BAD_UNDEFINED
void nobody_has_this(void);
#endif

static int nothing(void)
{
    return 0;
}

#define OP(name) .name = (void *)nothing

#pragma GCC diagnostic ignored "-Wpedantic"

static const struct hearth_queue operations = {
#ifdef BAD_TABLE_SIZE
    .struct_size = 3,
#elif defined(LARGER_TABLE)
    .struct_size = sizeof(operations) + 64,
#else
    .struct_size = sizeof(operations),
#endif
    OP(open),
    OP(close),
    OP(handle_open),
    OP(handle_close),
    OP(interrupt),
    OP(ping),
    OP(publish),
    OP(reserve),
    OP(extend),
    OP(finish),
    OP(counts),
    OP(peek),
    OP(remove),
#ifndef BAD_OPERATION
    OP(clear),
#endif
    OP(event_publish),
    OP(event_wait),
};

#define KEY(...)                                                                                   \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .help = "x", __VA_ARGS__                  \
    }
static const struct hearth_config_key keys[] = {
#if defined(BAD_KEYTWICE)
    KEY(.name = "x", .type = HEARTH_CONFIG_STRING), KEY(.name = "x", .type = HEARTH_CONFIG_STRING)
#elif defined(BAD_KEYNAME)
    KEY(.name = "The key", .type = HEARTH_CONFIG_STRING)
#elif defined(BAD_KEYFILE)
    KEY(.name = "cert_file", .type = HEARTH_CONFIG_PATH)
#elif defined(BAD_KEYOWN)
    KEY(.name = "plugin", .type = HEARTH_CONFIG_STRING)
#elif defined(BAD_KEYHELP)
    {.struct_size = sizeof(struct hearth_config_key), .name = "x", .help = "two\nlines"}
#elif defined(BAD_KEYNEEDED)
    KEY(.name = "x", .type = HEARTH_CONFIG_STRING, .fallback = "y", .required = 1)
#elif defined(BAD_KEYRANGE)
    KEY(.name = "x", .type = HEARTH_CONFIG_INT, .minimum = 5, .maximum = 3)
#elif defined(BAD_KEYSIZE)
    KEY(.name = "x", .type = HEARTH_CONFIG_STRING), {.struct_size = 8, .name = "y", .help = "y"}
#elif defined(BAD_FALLBACK)
    KEY(.name = "wait", .type = HEARTH_CONFIG_DURATION, .fallback = "soon")
#elif defined(BAD_CHOICE)
    KEY(.name = "mode", .type = HEARTH_CONFIG_ENUM, .choices = "fast safe", .fallback = "best")
#elif defined(BAD_OUTSIDE)
    KEY(.name = "size", .type = HEARTH_CONFIG_INT, .minimum = 1, .maximum = 9, .fallback = "10")
#else
    KEY(.name = "x", .type = 99)
#endif
};

#ifdef BAD_LIMITS
static const struct hearth_limits limits = {.struct_size = sizeof(limits), .key_bytes = -1};
#elif defined(BAD_LIMITSIZE)
static const struct hearth_limits limits = {.struct_size = 4};
#endif

#ifdef BAD_EXTENSION
/* Whatever it is asked for, a part of it. The table above is good for this kind, too: it is
 * longer. */
static const void *extension(const char *name)
{
    static const struct hearth_sync_signin signin = {
        .struct_size = sizeof(signin), OP(methods), OP(start)};
    (void)name;
    return &signin;
}
#endif

static const struct hearth_plugin plugin = {
#ifdef BAD_SIZE
    .struct_size = 16,
#elif defined(BAD_LARGE)
    .struct_size = 2147483647,
#else
    .struct_size = sizeof(plugin),
#endif
#ifdef BAD_EPOCH
    .abi_epoch = HEARTH_ABI_EPOCH + 1,
#else
    .abi_epoch = HEARTH_ABI_EPOCH,
#endif
#ifdef ABI_VERSION
    .abi_version = ABI_VERSION,
#else
    .abi_version = HEARTH_ABI_VERSION,
#endif
#ifdef BAD_KIND
    .kind = 9,
#elif defined(BAD_MODEL)
    .kind = HEARTH_STORAGE,
#elif defined(BAD_EXTENSION)
    .kind = HEARTH_SYNC,
#else
    .kind = HEARTH_QUEUE,
#endif
#ifdef BAD_NAME
    .name = "another",
#else
    .name = NAME,
#endif
    .version = "1",
    .description = "does nothing",
#ifdef BAD_COUNT
    .config_count = 1,
#elif defined(KEYS)
    .config = keys,
    .config_count = sizeof(keys) / sizeof(keys[0]),
#endif
#if defined(BAD_LIMITS) || defined(BAD_LIMITSIZE)
    .limits = &limits,
#endif
#ifndef BAD_TABLE
    .operations = &operations,
#endif
#ifdef BAD_EXTENSION
    .extension = extension,
#endif
};

#ifdef BAD_SYMBOL
HEARTH_EXPORT const struct hearth_plugin *hearth_plugin_v0(void);
const struct hearth_plugin *hearth_plugin_v0(void)
#else
const struct hearth_plugin *hearth_plugin_v2(void)
#endif
{
    (void)keys;
    (void)operations;
    (void)misbehave;
#ifdef BAD_UNDEFINED
    nobody_has_this();
#endif
#ifndef CONSTRUCTOR
    misbehave();
#endif
#ifdef BAD_NULL
    (void)plugin;
    return NULL;
#else
    return &plugin;
#endif
}
