#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "sync_kit.h"
#include "watched.h"

enum { CONFIG_MAX = 1 << 20 };

/* The file as it is, and behind it the directory of this test. */
static void target_read_config(const struct kit_options *options, struct buf *text)
{
    FILE *file = options->config == NULL ? NULL : fopen(options->config, "re");
    char piece[4096];
    if (options->config != NULL && file == NULL)
        fail_msg("cannot read %s: %s", options->config, strerror(errno));
    for (size_t n;
         file != NULL && (n = fread(piece, 1, sizeof(piece), file)) > 0 && text->size < CONFIG_MAX;)
        buf_add(text, piece, n);
    if (file != NULL)
        fclose(file);
    buf_printf(text, "\n[hearth]\nstate_dir = %s\n", options->directory);
}

void kit_target_configure(struct kit *kit)
{
    struct buf text = {0};
    struct err err = {0};
    target_read_config(kit->options, &text);
    const char *name = kit->options->config == NULL ? "default" : kit->options->config;
    const char *kind = plug_kind_name(kit->descriptor->kind);
    int r = conf_load_text(name, text.data, text.size, &kit->conf, &err);
    if (r == 0)
        r = conf_plugin_values(kit->conf, conf_section(kit->conf, kind, 0), kit->descriptor->config,
                               kit->descriptor->config_count, NULL, &kit->values, &err);
    buf_fini(&text);
    if (r < 0)
        fail_msg("the configuration does not suit the plugin: %s (give a file with a [%s check] "
                 "section by --config)",
                 err.text, kind);
}

static void *host_alloc(struct hearth_call *call, size_t size)
{
    kit_memory_happens();
    if (kit_memory_must_fail())
        return NULL;
    struct arena *arena = &plug_call_of(call)->arena;
    return arena_alloc(arena, size);
}

static void host_log(const struct hearth_host *host, int level, const char *text)
{
    (void)host;
    if (level < HEARTH_LOG_ERROR || level > HEARTH_LOG_DEBUG)
        fail_msg("the plugin logs at level %d, which does not exist", level);
    if (text == NULL)
        fail_msg("the plugin logs nothing, NULL");
}

void kit_target_load(struct kit *kit)
{
    struct err err = {0};
    /* The loader has a limit of its own the first time. */
    int r = kit->options->accepted
                ? WATCHED("hearth_plugin_v2",
                          plug_load_tried(kit->options->plugin, 0, &kit->plug, &err))
                : plug_load_file(kit->options->plugin, 0, &kit->plug, &err);
    if (r < 0)
        fail_msg("%s", err.text);
    kit->descriptor = plug_descriptor(kit->plug);
    const void *ops = plug_ops(kit->plug);
    if (kit->descriptor->kind == HEARTH_STORAGE)
        kit->storage_ops = kit_watched_storage(ops);
    else if (kit->descriptor->kind == HEARTH_QUEUE)
        kit->queue = kit_watched_queue(ops);
    else
        kit->sync = kit_watched_sync(ops);
    kit->signin = plug_extension(kit->plug, PLUG_SYNC_SIGNIN);
    kit->describe = plug_extension(kit->plug, PLUG_SYNC_DESCRIBE);
    char module[80];
    snprintf(module, sizeof(module), "%s-%s", plug_kind_name(kit->descriptor->kind),
             kit->descriptor->name);
    plug_host_init(&kit->host, module, kit->sync != NULL ? kit_sync_fetch : NULL, NULL);
    kit->host.changes = kit->sync != NULL ? &kit_sync_changes : NULL;
    kit->host.ahead = kit->sync != NULL ? &kit_sync_ahead : NULL;
    kit->host.hearth.alloc = host_alloc;
    kit->host.hearth.log = host_log;
}

void kit_target_open(struct kit *kit)
{
    kit_open(kit);
    if (kit->storage_ops != NULL)
        kit_storage_prepare(kit);
    else if (kit->queue != NULL)
        kit_queue_prepare(kit);
}

void kit_target_free(struct kit *kit)
{
    if (kit->conf != NULL)
        conf_free(kit->conf);
}

void kit_target_report(struct kit *kit)
{
    char kind[16];
    snprintf(kind, sizeof(kind), "%d", (int)kit->descriptor->kind);
    kit_skip(kind);
}
