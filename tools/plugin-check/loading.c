/* What the loader demands is checked before any test runs; here is what it cannot see. */
#include "kit.h"

#include <dirent.h>
#include <dlfcn.h>

#include "base/buf.h"
#include "symbols.h"

static size_t count_entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t n = 0;
    while (directory != NULL && readdir(directory) != NULL)
        n++;
    if (directory != NULL)
        closedir(directory);
    return n;
}

static const struct hearth_plugin *descriptor_of(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE),
         *symbol = handle == NULL ? NULL : dlsym(handle, "hearth_plugin_v2");
    hearth_plugin_entry entry;
    if (symbol == NULL)
        fail_msg("%s", dlerror());
    memcpy(&entry, &symbol, sizeof(entry));
    return entry();
}

static void no_side_effects(struct kit *kit)
{
    expect_number(count_entries("/proc/self/task"), 3); /* this thread, and . and .. */
    expect_number(count_entries(kit->options->directory), 2);
}

struct exported {
    char names[600];
    size_t count;
    bool entry;
};

static bool is_of_checkers(const char *name)
{
    static const char *const prefixes[] = {"__asan",      "__odr_asan", "__tsan",  "__ubsan",
                                           "__sanitizer", "__gcov",     "__llvm_", "___asan"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* Some linkers define these in every object. */
static bool is_of_linker(const char *name)
{
    static const char *const names[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static int note_symbol(void *ctx, const char *name, bool defined)
{
    struct exported *exported = ctx;
    if (!defined || is_of_checkers(name) || is_of_linker(name))
        return 0;
    if (strcmp(name, "hearth_plugin_v2") == 0) {
        exported->entry = true;
        return 0;
    }
    size_t used = strlen(exported->names);
    if (exported->count++ < 8)
        snprintf(exported->names + used, sizeof(exported->names) - used, "%s%.60s",
                 used == 0 ? "" : ", ", name);
    return 0;
}

/* An object that exports more than its entry gives its names away to the executable, whose
 * libraries come first: a library that it brings along is then replaced, function by function,
 * by the one that hearthd has. */
static void one_symbol(struct kit *kit)
{
    struct exported exported = {.count = 0};
    if (!kit_symbols_each(kit->options->plugin, note_symbol, &exported))
        fail_msg("the dynamic symbols of %s cannot be read", kit->options->plugin);
    expect(exported.entry);
    if (exported.count > 0)
        fail_msg("besides hearth_plugin_v2 it exports %zu symbol%s: %s%s. One of a library that "
                 "hearthd has, too, would be called there "
                 "instead of here; hide them: -fvisibility=hidden -Wl,--exclude-libs,ALL, and a "
                 "version script where that is not enough",
                 exported.count, exported.count == 1 ? "" : "s", exported.names,
                 exported.count > 8 ? " …" : "");
}

static void descriptor_is_constant(struct kit *kit)
{
    const struct hearth_plugin *first = descriptor_of(kit->options->plugin),
                               *again = descriptor_of(kit->options->plugin);
    expect(first == again);
    struct hearth_plugin copy; /* of the plugin's own: the host's has another array of keys */
    size_t known = first->struct_size < sizeof(copy) ? first->struct_size : sizeof(copy);
    memcpy(&copy, first, known);
    kit_open(kit);
    kit_close(kit);
    if (memcmp(&copy, first, known) != 0)
        fail_msg("opening the plugin changed its descriptor");
}

static bool is_line(const char *text)
{
    return text[0] != '\0' && strpbrk(text, "\r\n\t") == NULL;
}

static void texts_are_lines(struct kit *kit)
{
    const struct hearth_plugin *d = kit->descriptor;
    if (!is_line(d->version))
        fail_msg("the version \"%s\" is not one line", d->version);
    if (!is_line(d->description))
        fail_msg("the description \"%s\" is not one line", d->description);
}

static void opens_and_closes(struct kit *kit)
{
    size_t files = 0;
    for (int i = 0; i < 20; i++) {
        kit_open(kit);
        kit_close(kit);
        size_t n = count_entries("/proc/self/fd");
        if (i == 4)
            files = n;
        if (i > 4 && n > files)
            fail_msg("opening and closing leaves descriptors behind: %zu, then %zu", files, n);
    }
}

static void capabilities_are_known(struct kit *kit)
{
    uint64_t known = HEARTH_SHARED | HEARTH_DURABLE | HEARTH_ORDERED;
    if ((kit->descriptor->capabilities & ~known) != 0)
        fail_msg("the capabilities 0x%llx are not among those of hearth/plugin.h",
                 (unsigned long long)(kit->descriptor->capabilities & ~known));
    if (kit->descriptor->kind != HEARTH_QUEUE &&
        (kit->descriptor->capabilities & HEARTH_ORDERED) != 0)
        fail_msg("ORDERED is a capability of queues");
}

const struct kit_test kit_loading_tests[] = {
    {"loading: no thread and no file comes of it", no_side_effects, KIT_CLOSED},
    {"loading: its entry is the one symbol that it exports", one_symbol, KIT_CLOSED | KIT_BARE},
    {"loading: texts are single lines", texts_are_lines, KIT_CLOSED},
    {"loading: capabilities are known ones", capabilities_are_known, KIT_CLOSED},
    {"loading: the descriptor is a constant", descriptor_is_constant, KIT_CLOSED},
    {"loading: opening and closing leaves nothing behind", opens_and_closes, KIT_CLOSED},
    {NULL, NULL},
};
