/* What the loader demands is checked before any test runs; here is what it cannot see. */
#include "kit.h"

#include <dirent.h>
#include <dlfcn.h>

#include "base/buf.h"

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
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), *symbol = handle == NULL ? NULL : dlsym(handle, "hearth_plugin_v2");
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

static void descriptor_is_constant(struct kit *kit)
{
    const struct hearth_plugin *first = descriptor_of(kit->options->plugin), *again = descriptor_of(kit->options->plugin);
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
    if (kit->descriptor->kind != HEARTH_QUEUE && (kit->descriptor->capabilities & HEARTH_ORDERED) != 0)
        fail_msg("ORDERED is a capability of queues");
}

const struct kit_test loading_tests[] = {
    {"loading: no thread and no file comes of it", no_side_effects, KIT_CLOSED},
    {"loading: texts are single lines", texts_are_lines, KIT_CLOSED},
    {"loading: capabilities are known ones", capabilities_are_known, KIT_CLOSED},
    {"loading: the descriptor is a constant", descriptor_is_constant, KIT_CLOSED},
    {"loading: opening and closing leaves nothing behind", opens_and_closes, KIT_CLOSED},
    {NULL, NULL},
};
