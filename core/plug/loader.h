/* Loading plugins: finds <kind>-<name>.so, checks everything that can be checked before it runs,
 * opens one instance of it.
 *
 * A file is looked at (object.h), then loaded in a child process (trial.h): what crashes, ends,
 * hangs or prints there is refused in a sentence. Then it is loaded here, under a guard that
 * gives a crash the file's name (guard.h).
 *
 * A plugin is never unloaded. All functions: main thread, before others start or after they
 * ended. */
#ifndef HEARTH_CORE_PLUG_LOADER_H
#define HEARTH_CORE_PLUG_LOADER_H

#include "base/err.h"
#include "hearth/storage.h"
#include "plug/host.h"
#include "plug/operations.h"
#include "plug/places.h"
#include "plug/storage.h"

struct plug;

/* kind: enum hearth_plugin_kind. Errors (INVALID, NOT_FOUND) name the file, what was found, and
 * what was needed. */
int plug_load(int kind, const char *name, const char *const *directories, size_t count,
              struct plug **ret_plug, struct err *err);
/* The same for a file. kind 0: any. */
int plug_load_file(const char *path, int kind, struct plug **ret_plug, struct err *err);
/* The same without the look and the child: for a file that was loaded like that before, by a
 * process whose crash is a result. */
int plug_load_tried(const char *path, int kind, struct plug **ret_plug, struct err *err);
void plug_patience_for_test(int64_t ms); /* how long the child may take; for tests */
/* Before plug_open(): a storage makes no database where there is none. Without this it may. */
void plug_forbid_creation(struct plug *plug);
/* Before plug_open(): a storage is only looked at, and changes nothing on the disk. */
void plug_look_only(struct plug *plug);
/* Before plug_open(): somebody listens to what the sync plugin says of its sources
 * (HEARTH_HOST_CHANGES); finds data by plug_host_of(). */
void plug_listen(struct plug *plug, const struct hearth_host_changes *changes, void *data);
/* Before plug_open(): a sync plugin may send requests ahead (HEARTH_HOST_AHEAD), with the same
 * http_data as http_fetch(). */
void plug_allow_ahead(struct plug *plug, const struct hearth_host_ahead *ahead);
/* Opens the instance. values: in the order of the plugin's keys, valid until plug_close(). http:
 * sync plugins. */
int plug_open(struct plug *plug, const struct hearth_config_value *values, host_http_fn http,
              void *http_data, struct err *err);
/* Storage plugins, not open: restore() of its extension for backups. UNSUPPORTED where the
 * plugin has none. */
int plug_restore(struct plug *plug, const struct hearth_config_value *values, const char *path,
                 bool replace, hearth_text_cb cb, void *ctx, struct err *err);
void plug_close(struct plug *plug); /* closes the instance, if open; accepts NULL */

/* As large as this host's struct: what the plugin did not know is zero. */
const struct hearth_plugin *plug_descriptor(const struct plug *plug);
const char *plug_file(const struct plug *plug);
/* struct hearth_storage, hearth_queue or hearth_sync; every entry is there */
const void *plug_ops(const struct plug *plug);
/* Its part of an extension, as large as this host's struct, every entry there; NULL: it has not. */
const void *plug_extension(const struct plug *plug, enum plug_extension_id which);
void *plug_self(const struct plug *plug); /* NULL before plug_open() */
/* of a storage, all of that together */
struct opened_storage plug_storage(const struct plug *plug);

const char *plug_kind_name(int kind); /* "storage" */

/* A file of the directories; one that is refused has the reason in `why`, and of the rest
 * nothing but `file`. */
struct plug_found {
    const char *file;
    int kind; /* enum hearth_plugin_kind */
    const char *name, *version, *description;
    const char *why; /* NULL: it is a plugin */
};

/* Every plugin of the directories, by name. None of them is loaded into this process. */
typedef void (*plug_list_cb)(void *ctx, const struct plug_found *found);
void plug_list(const char *const *directories, size_t count, plug_list_cb cb, void *ctx);

#endif
