#include "plug/places.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

static const char *const built_plugins[] = {"plugins/storage-sqlite", "plugins/storage-pg",
                                            "plugins/queue-inproc", "plugins/queue-redis",
                                            "plugins/sync-fx"};
enum { BUILT = sizeof(built_plugins) / sizeof(built_plugins[0]), SHOWN = 180 };

/* The folder of the running program; "." when nobody can tell. */
static void program_folder(char *ret, size_t size)
{
    char program[3000];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[length > 0 ? length : 0] = '\0';
    str_folder(program, ret, size);
}

static void beside_program(const char *path, char *ret, size_t size)
{
    char folder[3000], above[3000];
    program_folder(folder, sizeof(folder));
    while (strncmp(path, "../", 3) == 0) {
        /* the folder is a real path: what is above it is what stands before it */
        str_folder(folder, above, sizeof(above));
        str_copy(folder, sizeof(folder), above);
        path += 3;
    }
    if (path[0] == '/')
        str_copy(ret, size, path);
    else
        snprintf(ret, size, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, path);
}

static bool in_build_tree(void)
{
    char path[4096];
    beside_program("meson-private", path, sizeof(path));
    return access(path, F_OK) == 0;
}

void plug_part(const char *built, const char *installed, char *ret, size_t size)
{
    beside_program(in_build_tree() ? built : installed, ret, size);
}

size_t plug_directories(const char *first, const char *const **ret_directories)
{
    static char configured[4096], directory[BUILT][4096];
    static const char *directories[1 + BUILT];
    size_t n = 0, own = in_build_tree() ? BUILT : 1;
    if (first != NULL) {
        str_copy(configured, sizeof(configured), first); /* CONF_PATH_MAX at most */
        directories[n++] = configured;
    }
    for (size_t i = 0; i < own; i++) {
        plug_part(built_plugins[i], HEARTH_PLUGIN_DIR, directory[i], sizeof(directory[i]));
        directories[n++] = directory[i];
    }
    *ret_directories = directories;
    return n;
}

/* One of several neighbours, which are shown as FOLDER/…: is it in the folder of the one before? */
static bool is_neighbour(const char *a, const char *b)
{
    const char *end = strrchr(a, '/');
    return end != NULL && strncmp(a, b, (size_t)(end - a) + 1) == 0 &&
           strchr(b + (end - a) + 1, '/') == NULL;
}

const char *plug_places_shown(const char *const *directories, size_t count, char ret[PLACES_SHOWN])
{
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0, next; i < count; i = next) {
        char shown[SHOWN], folder[4096];
        for (next = i + 1; next < count && is_neighbour(directories[i], directories[next]);)
            next++;
        str_folder(directories[i], folder, sizeof(folder));
        str_ends(shown, sizeof(shown), next > i + 1 ? folder : directories[i]);
        int n = snprintf(ret + at, PLACES_SHOWN - at, "%s%s%s",
                         i == 0         ? ""
                         : next < count ? ", "
                                        : " or ",
                         shown, next > i + 1 ? "/*" : "");
        at += n > 0 && (size_t)n < PLACES_SHOWN - at ? (size_t)n : 0;
    }
    return ret;
}
