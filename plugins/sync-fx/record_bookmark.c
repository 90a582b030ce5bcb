/* Bookmarks: repaired as Firefox's own clients repair them, never thrown away for an odd field. */
#include "record.h"

#include <string.h>
#include <strings.h>

#include "text.h"
#include "codec/codec.h"
#include "support/text.h"

static int bookmark_kind_of(const char *type)
{
    static const struct {
        const char *type;
        int kind;
    } kinds[] = {{"bookmark", HEARTH_BOOKMARK},
                 {"query", HEARTH_QUERY},
                 {"folder", HEARTH_FOLDER},
                 {"livemark", HEARTH_LIVEMARK},
                 {"separator", HEARTH_SEPARATOR}};
    for (size_t i = 0; type != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].kind;
    return 0;
}

static const char *usable_url(const char *url)
{
    return url == NULL || url[0] == '\0' || strlen(url) > FX_URL_BYTES ? NULL : url;
}

static bool is_top(const char *id)
{
    return strcmp(id, "places") == 0 || strcmp(id, "root________") == 0;
}

static bool is_junk(const char *id)
{
    return id != NULL && (strcmp(id, "pinned") == 0 || strcmp(id, "readinglist") == 0);
}

static int bookmark_read_children(struct fx_translate *t, const struct fx_json *json,
                                  struct hearth_bookmark_record *b)
{
    const struct fx_json *list = fx_json_get(json, "children");
    size_t count = fx_json_count(list);
    const char **children = fx_arena_alloc(t->arena, (count + 1) * sizeof(*children));
    if (children == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct fx_json *child = fx_json_at(list, i);
        const char *id = fx_json_is(child, FX_JSON_STRING) ? fx_json_text(child) : "";
        if (fx_json_size(child) == strlen(id) && fx_bso_is_id(id, strlen(id)) && !is_junk(id))
            children[b->child_count++] = id;
    }
    b->children = children;
    return 0;
}

static int read_tags(struct fx_translate *t, const struct fx_json *json,
                     struct hearth_bookmark_record *b)
{
    const struct fx_json *list = fx_json_get(json, "tags");
    size_t count = fx_json_count(list);
    if (count > FX_TAGS_MAX)
        count = FX_TAGS_MAX;
    const char **tags = fx_arena_alloc(t->arena, (count + 1) * sizeof(*tags));
    if (tags == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const char *text = fx_record_string(t, fx_json_at(list, i));
        size_t size = text == NULL ? 0 : strlen(text);
        codec_trim(&text, &size);
        if (size == 0 || support_utf8_cut(text, size, FX_TAG_UNITS) != size)
            continue;
        char *tag = fx_arena_copy(t->arena, text, size);
        if (tag == NULL)
            return HEARTH_ERR_NOMEM;
        fx_text_plain(tag); /* the core joins tags by line feeds */
        bool known = false;
        for (size_t k = 0; k < b->tag_count && !known; k++)
            known = strcmp(tags[k], tag) == 0;
        if (!known)
            tags[b->tag_count++] = tag;
    }
    b->tags = tags;
    return 0;
}

static const char *read_keyword(struct fx_translate *t, const struct fx_json *json)
{
    const char *text = fx_record_text(t, json, "keyword");
    size_t size = text == NULL ? 0 : strlen(text);
    codec_trim(&text, &size);
    char *keyword = size == 0 || size > FX_URL_BYTES ? NULL : fx_arena_copy(t->arena, text, size);
    for (char *c = keyword; c != NULL && *c != '\0'; c++)
        *c = codec_lower(*c);
    return keyword;
}

/* The value of the only parameter `name` in a place: URL, percent-decoded; NULL: none, or
 * several, or not text. */
static char *place_parameter(struct fx_translate *t, const char *url, const char *name)
{
    const char *found = NULL;
    size_t found_size = 0;
    for (const char *at = url + strlen("place:"); *at != '\0';) {
        size_t size = strcspn(at, "&"), n = strlen(name);
        if (size > n && strncmp(at, name, n) == 0 && at[n] == '=') {
            if (found != NULL)
                return NULL;
            found = at + n + 1;
            found_size = size - n - 1;
        }
        at += size + (at[size] == '&');
    }
    if (found_size == 0)
        return NULL;
    char *text = fx_arena_alloc(t->arena, found_size + 1);
    size_t size = 0;
    if (text != NULL)
        codec_percent_decode(CODEC_LENIENT, found, found_size, text, found_size + 1, &size);
    return size == 0 || !codec_utf8_valid(text, size) || strlen(text) != size ? NULL : text;
}

/* The first value of the parameter `name` in a place: URL, as the query of any URL is read; NULL:
 * it has none. */
static const char *query_parameter(struct fx_translate *t, const char *url, const char *name)
{
    const char *at = url + strlen("place:");
    char *text = fx_arena_alloc(t->arena, strlen(at) + 1);
    for (at += *at == '?'; text != NULL && *at != '\0';) {
        size_t size = strcspn(at, "&"), key = strcspn(at, "=&"), value = key + (key < size);
        codec_percent_decode(CODEC_PLUS, at, key, text, key + 1, NULL);
        if (strcmp(text, name) == 0) {
            codec_percent_decode(CODEC_PLUS, at + value, size - value, text, size - value + 1,
                                 NULL);
            return text;
        }
        at += size + (at[size] == '&');
    }
    return NULL;
}

static bool is_of_tag(struct fx_translate *t, const char *url)
{
    double number;
    const char *type = query_parameter(t, url, "type");
    return type != NULL && fx_record_number(type, &number) && number == 7;
}

/* Which tag a query shows. The name inside the URL is right; folderName of old records can be
 * UTF-8 that was encoded twice. */
static const char *read_tag_query(struct fx_translate *t, const struct fx_json *json,
                                  const char *url)
{
    if (url == NULL || strncasecmp(url, "place:", 6) != 0)
        return NULL;
    const char *tag = place_parameter(t, url, "tag");
    if (tag == NULL && is_of_tag(t, url)) {
        const char *name = fx_record_text(t, json, "folderName");
        char *copy = name == NULL ? NULL : fx_arena_copy(t->arena, name, strlen(name));
        if (copy != NULL)
            fx_text_ungarble(copy);
        tag = copy;
    }
    size_t size = tag == NULL ? 0 : strlen(tag);
    codec_trim(&tag, &size);
    char *plain = size == 0 || support_utf8_cut(tag, size, FX_TAG_UNITS) != size
                      ? NULL
                      : fx_arena_copy(t->arena, tag, size);
    if (plain != NULL)
        fx_text_plain(plain);
    return plain;
}

static char *join_texts(struct fx_translate *t, const char *a, const char *b)
{
    char *text = fx_arena_alloc(t->arena, strlen(a) + strlen(b) + 1);
    if (text != NULL)
        stpcpy(stpcpy(text, a), b);
    return text;
}

/* Old ones name what they show by numbers of another database. */
static int read_place_query(struct fx_translate *t, const struct fx_json *json,
                            struct hearth_bookmark_record *b)
{
    const char *url = b->url;
    if (url == NULL || strncasecmp(url, "place:", 6) != 0)
        return 0;
    const char *folder = query_parameter(t, url, "folder");
    b->tag_query = read_tag_query(t, json, url);
    if (is_of_tag(t, url))
        b->url = b->tag_query == NULL ? NULL : join_texts(t, "place:tag=", b->tag_query);
    else if (folder != NULL && *folder != '\0' && query_parameter(t, url, "excludeItems") == NULL)
        b->url = join_texts(t, url, "&excludeItems=1");
    return b->url == NULL && b->tag_query != NULL ? HEARTH_ERR_NOMEM : 0;
}

static int64_t read_added(const struct fx_json *json, int64_t modified)
{
    int64_t added;
    if (!fx_record_integer(fx_json_get(json, "dateAdded"), true, &added) ||
        added <= FX_EARLIEST_DATE)
        return 0;
    return added < modified ? added : modified;
}

static int read_fields(struct fx_translate *t, const struct fx_json *json,
                       struct hearth_bookmark_record *b)
{
    const char *site;
    switch (b->kind) {
    case HEARTH_FOLDER:
        return bookmark_read_children(t, json, b);
    case HEARTH_LIVEMARK:
        site = usable_url(fx_record_text(t, json, "siteUri"));
        b->url = site != NULL ? site : usable_url(fx_record_text(t, json, "feedUri"));
        return 0;
    case HEARTH_SEPARATOR:
        b->title = NULL;
        return 0;
    case HEARTH_QUERY:
        return read_place_query(t, json, b);
    default:
        b->tag_query = read_tag_query(t, json, b->url);
        b->keyword = read_keyword(t, json);
    }
    return read_tags(t, json, b);
}

int fx_record_bookmark(struct fx_translate *t, const struct fx_record *record)
{
    const struct fx_json *json = record->json;
    const char *parent = fx_record_text(t, json, "parentid");
    if (is_top(record->id) || is_junk(record->id))
        return FX_SKIPPED; /* Firefox removes these when it sees them */
    int kind = bookmark_kind_of(fx_record_text(t, json, "type"));
    if (kind == 0 || is_junk(parent)) {
        /* as one that is not there, also when an earlier version of it was of use */
        int r = t->sink->removed(t->sink->ctx, record->id, record->modified);
        t->why = "its type is unknown";
        if (r < 0)
            return r;
        return fx_record_is_tombstone(record) ? FX_TAKEN : kind == 0 ? FX_DAMAGED : FX_SKIPPED;
    }
    const char *url = usable_url(fx_record_text(t, json, "bmkUri"));
    struct hearth_bookmark_record b = {
        .struct_size = sizeof(b),
        .kind = kind,
        .guid = record->id,
        .parent_guid = parent == NULL || fx_bso_is_id(parent, strlen(parent)) ? parent : NULL,
        .title = fx_record_cut(t, fx_record_text(t, json, "title"), FX_TITLE_UNITS),
        .added = read_added(json, record->modified),
        .modified = record->modified,
    };
    if (b.kind == HEARTH_BOOKMARK || b.kind == HEARTH_QUERY)
        b.url = url;
    int r = read_fields(t, json, &b);
    if (r == 0)
        r = t->sink->bookmark(t->sink->ctx, &b);
    return r < 0 ? r : FX_TAKEN;
}
