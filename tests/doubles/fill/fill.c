/* fill-account: an account of any size, put into a storage through its plugin, without a sync.
 *
 *   fill-account PLUGIN CONFIGURATION EMAIL PAGES VISITS BOOKMARKS WIDE DEPTH
 *
 * An account that is there already, with little in it and none of its bookmarks below `wide`, is
 * filled up. CONFIGURATION: the text of a [storage main] section. The schema must be there. WIDE
 * bookmarks are in the folder "wide", the others in a chain of DEPTH folders. Texts, dates and
 * order are the same at each run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "model/url.h"
#include "plug/loader.h"
#include "plug/storage.h"

enum { BATCH = 20000, PER_SITE = 40, TAGS = 25, YEAR_DAYS = 400 };

static struct err err;

#define DO(...)                                                                                    \
    do {                                                                                           \
        if ((__VA_ARGS__) < 0) {                                                                   \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, err.text);                          \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct filling {
    struct storage storage;
    char id[64];
    bool found; /* the account was there: its cursors are those of a Sync service */
    long pages, visits, bookmarks, wide, depth;
    int64_t now;
};

static const char *word(long n)
{
    static const char *const words[] = {
        "garden",  "river",  "kettle",  "orbit",   "violin", "harbour", "lantern", "meadow",
        "granite", "pepper", "compass", "thunder", "ribbon", "walnut",  "saddle",  "quartz"};
    return words[(unsigned long)n * 2654435761u % 4294967291u % 16];
}

static void url_of(long n, char url[160], char host[64])
{
    snprintf(host, 64, "www.site%ld.example", n / PER_SITE);
    snprintf(url, 160, "https://%s/%s/%s-%ld.html", host, word(n + 3), word(n * 7), n);
}

static void put_page(struct filling *f, long n)
{
    char url[160], host[64], guid[16], title[120];
    struct hearth_visit visits[64];
    long count = f->visits / f->pages;
    int64_t added, step = (int64_t)YEAR_DAYS * 86400000 / f->visits;
    url_of(n, url, host);
    snprintf(guid, sizeof(guid), "p%011ld", n);
    snprintf(title, sizeof(title), "About the %s and the %s, part %ld", word(n), word(n * 5 + 1),
             n);
    for (long i = 0; i < count && i < 64; i++) /* spread over all of the time */
        visits[i] = (struct hearth_visit)HEARTH_VISIT(f->now - (n + i * f->pages) * step - 1000, 1);
    bool bookmarked = n < f->bookmarks;
    struct hearth_page page = {.struct_size = sizeof(page),
                               .id = model_page_id(url),
                               .url = url,
                               .host = host,
                               .guid = guid,
                               .title = title,
                               .bookmark_title = bookmarked ? title : NULL,
                               .bookmarks = bookmarked,
                               .bookmark_added = bookmarked ? f->now - n * 1000 : 0,
                               .frecency = 100 + n * 7919 % 20000,
                               .visit_count = count,
                               .last_visit = count > 0 ? visits[0].date : 0};
    DO(STORAGE(&f->storage, &err, page_put, &page));
    if (count > 0)
        DO(STORAGE(&f->storage, &err, visits_put, page.id, visits, (size_t)count, &added));
    DO(STORAGE(&f->storage, &err, page_guid_put, guid, page.id));
    plug_storage_reset(&f->storage);
}

static void put_folder(struct filling *f, const char *guid, const char *parent, int64_t position)
{
    struct hearth_bookmark folder = {.struct_size = sizeof(folder),
                                     .kind = HEARTH_FOLDER,
                                     .guid = guid,
                                     .title = guid,
                                     .parent = parent,
                                     .said_parent = parent,
                                     .position = position,
                                     .added = f->now,
                                     .modified = f->now};
    DO(STORAGE(&f->storage, &err, bookmark_put, &folder));
}

static void put_bookmark(struct filling *f, long n)
{
    char url[160], host[64], guid[16], title[120], tag[32], parent[24];
    url_of(n, url, host);
    snprintf(guid, sizeof(guid), "b%011ld", n);
    snprintf(title, sizeof(title), "A bookmark of %s, number %ld", word(n * 3), n);
    snprintf(tag, sizeof(tag), "tag%ld", n % TAGS);
    if (n < f->wide)
        snprintf(parent, sizeof(parent), "wide");
    else
        snprintf(parent, sizeof(parent), "deep%ld", n % f->depth);
    struct hearth_bookmark bookmark = {.struct_size = sizeof(bookmark),
                                       .kind = HEARTH_BOOKMARK,
                                       .guid = guid,
                                       .parent = parent,
                                       .said_parent = parent,
                                       .title = title,
                                       .url = url,
                                       .tags = n % 10 == 0 ? tag : NULL,
                                       .page = n < f->pages ? model_page_id(url) : 0,
                                       .position = 1000 + n,
                                       .added = f->now - n * 1000,
                                       .modified = f->now - n * 1000};
    DO(STORAGE(&f->storage, &err, bookmark_put, &bookmark));
    plug_storage_reset(&f->storage);
}

static void put_bookmarks(struct filling *f)
{
    static const char *const roots[] = {"toolbar", "menu", "unfiled", "mobile"};
    char guid[24], parent[24] = "menu";
    int64_t generation;
    DO(STORAGE(&f->storage, &err, batch_begin, f->id, HEARTH_BOOKMARKS, &generation));
    put_folder(f, "places", NULL, 0);
    for (int i = 0; i < 4; i++)
        put_folder(f, roots[i], "places", i);
    put_folder(f, "wide", "toolbar", 0);
    for (long i = 0; i < f->depth; i++) {
        snprintf(guid, sizeof(guid), "deep%ld", i);
        put_folder(f, guid, parent, 0);
        snprintf(parent, sizeof(parent), "%s", guid);
    }
    for (long n = 0; n < f->bookmarks; n++)
        put_bookmark(f, n);
    if (!f->found)
        DO(STORAGE(&f->storage, &err, sync_cursor_put, 0, HEARTH_BOOKMARKS, "filled"));
    DO(STORAGE(&f->storage, &err, batch_commit, true));
}

static void put_devices(struct filling *f)
{
    int64_t generation;
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = "device",
                                   .name = "A device",
                                   .type = "desktop",
                                   .last_upload = f->now};
    DO(STORAGE(&f->storage, &err, batch_begin, f->id, HEARTH_TABS, &generation));
    DO(STORAGE(&f->storage, &err, device_put, &device));
    for (int i = 0; i < 20; i++) {
        char url[160], host[64];
        url_of(i, url, host);
        struct hearth_tab tab = {.struct_size = sizeof(tab),
                                 .position = i,
                                 .title = "A tab",
                                 .url = url,
                                 .last_used = f->now - i};
        DO(STORAGE(&f->storage, &err, tab_put, "device", &tab));
    }
    DO(STORAGE(&f->storage, &err, batch_commit, true));
}

/* The configuration must live as long as the plugin. */
static void open_plugin(struct filling *f, const char *file, const char *text,
                        struct plug **ret_plug, struct conf **ret_conf)
{
    struct conf *conf;
    const struct hearth_config_value *values;
    DO(plug_load_file(file, HEARTH_STORAGE, ret_plug, &err));
    const struct hearth_plugin *descriptor = plug_descriptor(*ret_plug);
    DO(conf_load_text("fill-account", text, strlen(text), &conf, &err));
    DO(conf_plugin_values(conf, conf_section(conf, "storage", 0), descriptor->config,
                          descriptor->config_count, NULL, &values, &err));
    DO(plug_open(*ret_plug, values, NULL, NULL, &err));
    struct opened_storage opened = plug_storage(*ret_plug);
    DO(plug_storage_open(&f->storage, &opened, NULL, &err));
    *ret_conf = conf;
}

static void find_account(struct filling *f, const char *email)
{
    struct hearth_account found = {.struct_size = sizeof(found)};
    int r = STORAGE(&f->storage, &err, account_by_email, email, &found);
    f->found = r == 0;
    snprintf(f->id, sizeof(f->id), "%s", f->found ? found.id : "filled");
    if (f->found)
        return;
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = f->id,
                                     .email = email,
                                     .uid = "uid",
                                     .provider = "main",
                                     .node = "",
                                     .created = f->now};
    DO(r == HEARTH_ERR_NOT_FOUND ? STORAGE(&f->storage, &err, account_create, &account) : r);
}

int main(int argc, char **argv)
{
    struct plug *plug;
    struct conf *conf;
    if (argc != 9) {
        fprintf(
            stderr,
            "usage: fill-account PLUGIN CONFIGURATION EMAIL PAGES VISITS BOOKMARKS WIDE DEPTH\n");
        return 2;
    }
    struct filling f = {.pages = strtol(argv[4], NULL, 10),
                        .visits = strtol(argv[5], NULL, 10),
                        .bookmarks = strtol(argv[6], NULL, 10),
                        .wide = strtol(argv[7], NULL, 10),
                        .depth = strtol(argv[8], NULL, 10),
                        .now = clock_now()};
    if (f.pages < 1 || f.visits < f.pages || f.depth < 1)
        return 2;
    open_plugin(&f, argv[1], argv[2], &plug, &conf);
    find_account(&f, argv[3]);
    for (long n = 0; n < f.pages;) {
        int64_t generation;
        DO(STORAGE(&f.storage, &err, batch_begin, f.id, HEARTH_HISTORY, &generation));
        for (long end = n + BATCH; n < end && n < f.pages; n++)
            put_page(&f, n);
        DO(STORAGE(&f.storage, &err, batch_commit, true));
    }
    put_bookmarks(&f);
    put_devices(&f);
    plug_storage_close(&f.storage);
    plug_close(plug);
    conf_free(conf);
    return 0;
}
