#include "merge/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "model/source_id.h"
#include "model/url.h"
#include "model/url_canonical.h"
#include "plug/fields.h"

/* --- ids, which become those of the account here and nowhere else --- */

const char *merge_records_root_name(const char *id)
{
    static const char *const roots[][2] = {{"root________", "places"},  {"menu________", "menu"},
                                           {"toolbar_____", "toolbar"}, {"unfiled_____", "unfiled"},
                                           {"mobile______", "mobile"},  {"tags________", "tags"}};
    for (size_t i = 0; id != NULL && i < sizeof(roots) / sizeof(roots[0]); i++)
        if (strcmp(id, roots[i][0]) == 0)
            return roots[i][1];
    return id;
}

static void put_id(struct spool *spool, const char *id)
{
    id = merge_records_root_name(id);
    char own[MODEL_SOURCE_ID_SIZE];
    size_t longest = spool->longest > 0 ? spool->longest : HEARTH_KEY_MAX;
    merge_spool_put_text(spool,
                         id == NULL ? NULL : model_source_id(spool->source, id, longest, own));
}

/* A group's id is unique on its device, which says whose it is. */
static bool field_is_id(const struct fields *fields, const struct hearth_field *field)
{
    return fields != &plug_fields_tab_group &&
           (field->role == HEARTH_FIELD_KEY || strcmp(field->name, "parent_guid") == 0);
}

/* --- URLs, which become what Firefox makes of them here and nowhere else --- */

/* NULL, when it has none, or none that Firefox would take. */
static int canonical_url(struct spool *spool, const char *url, unsigned how, const char **ret_url,
                         struct err *err)
{
    int r =
        url == NULL ? HEARTH_ERR_INVALID : model_url_canonical(url, strlen(url), how, &spool->url);
    if (r == HEARTH_ERR_NOMEM)
        return err_set(err, r, "out of memory");
    *ret_url = r == 0 ? spool->url.data : NULL;
    return 0;
}

/* --- the fields of a record, in the order of its table --- */

/* url: instead of the record's own, for which `says_url` stands. */
struct own_url {
    bool says_url;
    const char *url;
};

static void put_text(struct spool *spool, const struct fields *fields,
                     const struct hearth_field *field, const char *text, struct own_url own)
{
    if (own.says_url && strcmp(field->name, "url") == 0)
        merge_spool_put_text(spool, own.url);
    else if (field_is_id(fields, field))
        put_id(spool, text);
    else
        merge_spool_put_text(spool, text);
}

static void records_put_fields(struct spool *spool, const struct fields *fields, const void *record,
                               struct own_url own)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        const uint8_t *hash;
        int64_t bits;
        double real;
        switch (field->kind) {
        case HEARTH_FIELD_TEXT:
            put_text(spool, fields, field, plug_fields_text(field, record), own);
            break;
        case HEARTH_FIELD_HASH:
            hash = plug_fields_hash(field, record);
            merge_spool_put_bytes(spool, hash == NULL ? (const uint8_t *)"" : hash,
                                  hash == NULL ? 0 : (size_t)field->most);
            break;
        case HEARTH_FIELD_REAL:
            real = plug_fields_real(field, record);
            memcpy(&bits, &real, sizeof(bits));
            merge_spool_put_int(spool, bits);
            break;
        default:
            merge_spool_put_int(spool, plug_fields_number(field, record));
            break;
        }
    }
}

/* What else the struct has is 0. */
static void get_fields(struct spool *spool, const struct fields *fields, void *ret_record)
{
    memset(ret_record, 0, fields->size);
    memcpy(ret_record, &(uint32_t){(uint32_t)fields->size}, sizeof(uint32_t));
    for (size_t i = 0; i < fields->count; i++) {
        const struct hearth_field *field = &fields->list[i];
        const void *hash;
        size_t size;
        int64_t bits;
        double real;
        switch (field->kind) {
        case HEARTH_FIELD_TEXT:
            plug_fields_set_text(field, ret_record, merge_spool_get_text(spool));
            break;
        case HEARTH_FIELD_HASH:
            hash = merge_spool_get_bytes(spool, &size);
            plug_fields_set_hash(field, ret_record, size == 0 ? NULL : hash);
            break;
        case HEARTH_FIELD_REAL:
            bits = merge_spool_get_int(spool);
            memcpy(&real, &bits, sizeof(real));
            plug_fields_set_real(field, ret_record, real);
            break;
        default:
            plug_fields_set_number(field, ret_record, merge_spool_get_int(spool));
            break;
        }
    }
}

/* --- records --- */

int merge_records_put_device(struct spool *spool, const struct hearth_device *device,
                             struct err *err)
{
    merge_spool_begin(spool, RECORD_DEVICE);
    records_put_fields(spool, &plug_fields_device, device, (struct own_url){0});
    return merge_spool_end(spool, err);
}

void merge_records_get_device(struct spool *spool, struct hearth_device *ret_device)
{
    get_fields(spool, &plug_fields_device, ret_device);
    ret_device->source = spool->source; /* whatever the provider says */
}

int merge_records_put_tab(struct spool *spool, const char *device, const struct hearth_tab *tab,
                          struct err *err)
{
    const char *url;
    int r = canonical_url(spool, tab->url, 0, &url, err);
    if (r < 0)
        return r;
    merge_spool_begin(spool, RECORD_TAB);
    put_id(spool, device);
    /* one that is none stays as it is: its title may say something */
    records_put_fields(spool, &plug_fields_tab, tab, (struct own_url){url != NULL, url});
    return merge_spool_end(spool, err);
}

void merge_records_get_tab(struct spool *spool, const char **ret_device, struct hearth_tab *ret_tab)
{
    *ret_device = merge_spool_get_text(spool);
    get_fields(spool, &plug_fields_tab, ret_tab);
}

int merge_records_put_tab_group(struct spool *spool, const char *device,
                                const struct hearth_tab_group *group, struct err *err)
{
    merge_spool_begin(spool, RECORD_TAB_GROUP);
    put_id(spool, device);
    records_put_fields(spool, &plug_fields_tab_group, group, (struct own_url){0});
    return merge_spool_end(spool, err);
}

void merge_records_get_tab_group(struct spool *spool, const char **ret_device,
                                 struct hearth_tab_group *ret_group)
{
    *ret_device = merge_spool_get_text(spool);
    get_fields(spool, &plug_fields_tab_group, ret_group);
}

int merge_records_put_page(struct spool *spool, const struct hearth_page_record *record,
                           struct err *err)
{
    const char *url;
    int r = canonical_url(spool, record->url, MODEL_URL_DROP_USER, &url, err);
    if (r < 0)
        return r;
    if (url == NULL) /* of no use: what is stored under its id stays */
        return merge_records_put_kept(spool, record->guid, err);
    merge_spool_begin(spool, RECORD_PAGE);
    records_put_fields(spool, &plug_fields_page_record, record, (struct own_url){true, url});
    merge_spool_put_int(spool, strcmp(url, record->url) == 0 ? 0 : model_page_id(record->url));
    merge_spool_put_int(spool, (int64_t)record->visit_count);
    for (size_t i = 0; i < record->visit_count; i++)
        records_put_fields(spool, &plug_fields_visit, HEARTH_AT(record->visits, i),
                           (struct own_url){0});
    return merge_spool_end(spool, err);
}

int merge_records_get_page(struct spool *spool, struct arena *arena,
                           struct hearth_page_record *ret_record, int64_t *ret_said)
{
    struct hearth_page_record record;
    get_fields(spool, &plug_fields_page_record, &record);
    int64_t said = merge_spool_get_int(spool);
    record.visit_count = (size_t)merge_spool_get_int(spool);
    struct hearth_visit *visits = arena_alloc(arena, record.visit_count * sizeof(*visits));
    if (visits == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < record.visit_count; i++) {
        get_fields(spool, &plug_fields_visit, &visits[i]);
        visits[i].source = spool->source;
    }
    record.visits = visits;
    *ret_record = record;
    *ret_said = said;
    return 0;
}

static void put_list(struct spool *spool, void (*put)(struct spool *spool, const char *text),
                     const char *const *texts, size_t count)
{
    merge_spool_put_int(spool, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        put(spool, texts[i]);
}

static int get_list(struct spool *spool, struct arena *arena, const char *const **ret_texts,
                    size_t *ret_count)
{
    size_t count = (size_t)merge_spool_get_int(spool);
    const char **texts = arena_alloc(arena, count * sizeof(*texts));
    if (texts == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        texts[i] = merge_spool_get_text(spool);
    *ret_texts = texts;
    *ret_count = count;
    return 0;
}

int merge_records_put_bookmark(struct spool *spool, const struct hearth_bookmark_record *record,
                               struct err *err)
{
    const char *url;
    int r = canonical_url(spool, record->url, 0, &url, err);
    if (r < 0)
        return r;
    merge_spool_begin(spool, RECORD_BOOKMARK);
    records_put_fields(spool, &plug_fields_bookmark_record, record, (struct own_url){true, url});
    put_list(spool, merge_spool_put_text, record->tags, record->tag_count);
    put_list(spool, put_id, record->children, record->child_count);
    return merge_spool_end(spool, err);
}

int merge_records_get_bookmark(struct spool *spool, struct arena *arena,
                               struct hearth_bookmark_record *ret_record)
{
    struct hearth_bookmark_record record;
    get_fields(spool, &plug_fields_bookmark_record, &record);
    int r = get_list(spool, arena, &record.tags, &record.tag_count);
    if (r == 0)
        r = get_list(spool, arena, &record.children, &record.child_count);
    if (r == 0)
        *ret_record = record;
    return r;
}

int merge_records_put_removed(struct spool *spool, const char *guid, int64_t modified,
                              struct err *err)
{
    merge_spool_begin(spool, RECORD_REMOVED);
    put_id(spool, guid);
    merge_spool_put_int(spool, modified);
    return merge_spool_end(spool, err);
}

void merge_records_get_removed(struct spool *spool, const char **ret_guid, int64_t *ret_modified)
{
    *ret_guid = merge_spool_get_text(spool);
    *ret_modified = merge_spool_get_int(spool);
}

int merge_records_put_kept(struct spool *spool, const char *guid, struct err *err)
{
    merge_spool_begin(spool, RECORD_KEPT);
    put_id(spool, guid);
    return merge_spool_end(spool, err);
}

const char *merge_records_get_kept(struct spool *spool)
{
    return merge_spool_get_text(spool);
}

/* --- do they keep to their tables? --- */

bool merge_records_check_key(const char *what, const char *key, const struct hearth_limits *limits,
                             char *ret_why, size_t size)
{
    size_t length = key == NULL ? 0 : strlen(key);
    int64_t longest = plug_fields_longest(HEARTH_KEY_MAX, limits);
    if (length > 0 && length <= (size_t)longest && str_is_utf8(key, length))
        return true;
    if (length == 0)
        snprintf(ret_why, size, "%s is missing", what);
    else
        snprintf(ret_why, size, "%s has %zu bytes, more than %" PRId64 ", or is not UTF-8", what,
                 length, longest);
    return false;
}

bool merge_records_check_device(const struct hearth_device *device,
                                const struct hearth_limits *limits, char *ret_why, size_t size)
{
    return plug_fields_check(&plug_fields_device, device, limits, ret_why, size);
}

bool merge_records_check_tab(const char *device, const struct hearth_tab *tab,
                             const struct hearth_limits *limits, char *ret_why, size_t size)
{
    return merge_records_check_key("the id of its device", device, limits, ret_why, size) &&
           plug_fields_check(&plug_fields_tab, tab, limits, ret_why, size);
}

bool merge_records_check_tab_group(const char *device, const struct hearth_tab_group *group,
                                   const struct hearth_limits *limits, char *ret_why, size_t size)
{
    return merge_records_check_key("the id of its device", device, limits, ret_why, size) &&
           plug_fields_check(&plug_fields_tab_group, group, limits, ret_why, size);
}

bool merge_records_check_page(const struct hearth_page_record *record,
                              const struct hearth_limits *limits, char *ret_why, size_t size)
{
    bool sound = plug_fields_check(&plug_fields_page_record, record, limits, ret_why, size);
    for (size_t i = 0; sound && i < record->visit_count; i++)
        sound = plug_fields_check(&plug_fields_visit, HEARTH_AT(record->visits, i), limits, ret_why,
                                  size);
    return sound;
}

bool merge_records_check_bookmark(const struct hearth_bookmark_record *record,
                                  const struct hearth_limits *limits, char *ret_why, size_t size)
{
    bool sound = plug_fields_check(&plug_fields_bookmark_record, record, limits, ret_why, size);
    size_t bytes = 0; /* of the tags joined, as they are stored */
    int64_t longest = plug_fields_longest(HEARTH_TEXT_MAX, limits);
    for (size_t i = 0; sound && i < record->tag_count; i++) {
        bytes += record->tags[i] == NULL ? 0 : strlen(record->tags[i]) + 1;
        if (record->tags[i] != NULL && bytes <= (size_t)longest &&
            str_is_utf8(record->tags[i], strlen(record->tags[i])))
            continue;
        snprintf(ret_why, size, "one of its tags is missing, too long, or not UTF-8");
        sound = false;
    }
    for (size_t i = 0; sound && i < record->child_count; i++)
        sound = merge_records_check_key("the id of one of its children", record->children[i],
                                        limits, ret_why, size);
    return sound;
}
