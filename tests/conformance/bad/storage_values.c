/* Storage plugins that lose a part of what they are given: values at the border of a column's
 * type. */
#include "bad.h"

#include <ctype.h>

#include "hearth/storage.h"

static struct hearth_storage ops;
static const struct hearth_storage *good;

/* A column of three bytes a character, as MySQL's "utf8" is: what needs four becomes a question
 * mark. */
static char *poorer(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text), *to = copy;
    for (const char *from = text; from != NULL && *from != '\0';) {
        bool four = (unsigned char)*from >= 0xf0;
        *to++ = four ? '?' : *from;
        from += four ? 4 : 1;
    }
    if (to != NULL)
        *to = '\0';
    return copy;
}

static char *cut(const char *text, size_t size)
{
    return text == NULL ? NULL : strndup(text, size);
}

/* OPERATION(call's further arguments) with one text of its record made anew. */
#define SPOILS_TEXT(name, operation, record_type, member, made, parameters, ...)                   \
    static int name parameters                                                                     \
    {                                                                                              \
        struct hearth_##record_type other = *record;                                               \
        char *text = made;                                                                         \
        other.member = text;                                                                       \
        int r = good->operation(handle, call, __VA_ARGS__);                                        \
        free(text);                                                                                \
        return r;                                                                                  \
    }
#define OF_TAB                                                                                     \
    (void *handle, struct hearth_call *call, const char *device, const struct hearth_tab *record)
#define OF_PAGE     (void *handle, struct hearth_call *call, const struct hearth_page *record)
#define OF_BOOKMARK (void *handle, struct hearth_call *call, const struct hearth_bookmark *record)
#define OF_PICK                                                                                    \
    (void *handle, struct hearth_call *call, const char *account, const struct hearth_pick *record)
SPOILS_TEXT(poor_tab, tab_put, tab, title, poorer(record->title), OF_TAB, device, &other)
SPOILS_TEXT(poor_page, page_put, page, title, poorer(record->title), OF_PAGE, &other)
SPOILS_TEXT(poor_bookmark, bookmark_put, bookmark, title, poorer(record->title), OF_BOOKMARK,
            &other)
SPOILS_TEXT(cut_title, page_put, page, title, cut(record->title, 65536), OF_PAGE, &other)
SPOILS_TEXT(cut_megabyte, page_put, page, url, cut(record->url, 1 << 20), OF_PAGE, &other)
SPOILS_TEXT(cut_input, pick_put, pick, input, cut(record->input, 250), OF_PICK, account, &other)
SPOILS_TEXT(cut_guid, bookmark_put, bookmark, guid, cut(record->guid, 250), OF_BOOKMARK, &other)

static int poor_settings(void *handle, struct hearth_call *call, const char *account,
                         const char *json)
{
    char *text = poorer(json);
    int r = good->settings_put(handle, call, account, text);
    free(text);
    return r;
}

static int cut_page_guid(void *handle, struct hearth_call *call, const char *guid, int64_t page)
{
    char *text = cut(guid, 250);
    int r = good->page_guid_put(handle, call, text, page);
    free(text);
    return r;
}

/* A VARCHAR(20) of tags. */
static int cut_tags(void *handle, struct hearth_call *call, const struct hearth_bookmark *record)
{
    struct hearth_bookmark other = *record;
    char *tags = record->tags == NULL ? NULL : strdup(record->tags), *to = tags;
    size_t length = 0;
    for (const char *from = record->tags; from != NULL && *from != '\0'; from++) {
        length = *from == '\n' ? 0 : length + 1;
        if (length <= 20)
            *to++ = *from;
    }
    if (to != NULL)
        *to = '\0';
    other.tags = tags;
    int r = good->bookmark_put(handle, call, &other);
    free(tags);
    return r;
}

#define SPOILS_NUMBER(name, operation, record_type, member, as, parameters, ...)                   \
    static int name parameters                                                                     \
    {                                                                                              \
        struct hearth_##record_type other = *record;                                               \
        other.member = (as)record->member;                                                         \
        return good->operation(handle, call, __VA_ARGS__);                                         \
    }
#define OF_UPDATE                                                                                  \
    (void *handle, struct hearth_call *call, const struct hearth_account *record, uint64_t fields)
SPOILS_NUMBER(narrow_frecency, page_put, page, frecency, int32_t, OF_PAGE, &other)
SPOILS_NUMBER(narrow_position, bookmark_put, bookmark, position, int16_t, OF_BOOKMARK, &other)
SPOILS_NUMBER(double_added, bookmark_put, bookmark, added, double, OF_BOOKMARK, &other)
SPOILS_NUMBER(float_use_count, pick_put, pick, use_count, float, OF_PICK, account, &other)
SPOILS_NUMBER(narrow_update, account_update, account, next_sync, int32_t, OF_UPDATE, &other, fields)

static int narrow_used(void *handle, struct hearth_call *call, const char *account, const char *id,
                       int64_t when)
{
    return good->token_used(handle, call, account, id, (uint32_t)when);
}

static int narrow_place(void *handle, struct hearth_call *call, const char *guid,
                        const char *parent, int64_t position)
{
    return good->bookmark_place(handle, call, guid, parent, (int32_t)position);
}

/* Sealed bytes as a text. */
static int seal_text(void *handle, struct hearth_call *call, const char *account, int64_t source,
                     const void *sealed, size_t size)
{
    return good->credentials_put(handle, call, account, source, sealed, strnlen(sealed, size));
}

static int fold_host(void *handle, struct hearth_call *call, const char *account,
                     const struct hearth_visit_query *query, hearth_visit_row_cb cb, void *ctx)
{
    struct hearth_visit_query other = *query;
    char *host = query->host == NULL ? NULL : strdup(query->host);
    for (char *p = host; p != NULL && *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    other.host = host;
    int r = good->visit_list(handle, call, account, &other, cb, ctx);
    free(host);
    return r;
}

/* Takes the configuration for an array of its own structs. */
static int index_values(const struct hearth_host *host, struct hearth_call *call,
                        const struct hearth_config_value *values, void **ret)
{
    static struct hearth_config_value copies[32];
    for (size_t i = 0; i < good_descriptor->config_count; i++) {
        copies[i] = values[i];
        copies[i].struct_size = sizeof(copies[i]);
    }
    return good->open(host, call, copies, ret);
}

static void set_table(void)
{
    good = good_descriptor->operations;
}

#define RULES(X)                                                                                   \
    X(tabfoxes, tab_put, poor_tab)                                                                 \
    X(pagefoxes, page_put, poor_page)                                                              \
    X(bookmarkfoxes, bookmark_put, poor_bookmark)                                                  \
    X(settingfoxes, settings_put, poor_settings)                                                   \
    X(cuttitle, page_put, cut_title)                                                               \
    X(cuturl, page_put, cut_megabyte)                                                              \
    X(cutinput, pick_put, cut_input)                                                               \
    X(cutguid, bookmark_put, cut_guid)                                                             \
    X(cutpageguid, page_guid_put, cut_page_guid)                                                   \
    X(cuttags, bookmark_put, cut_tags)                                                             \
    X(frecency, page_put, narrow_frecency)                                                         \
    X(position, bookmark_put, narrow_position)                                                     \
    X(added, bookmark_put, double_added)                                                           \
    X(usecount, pick_put, float_use_count)                                                         \
    X(update, account_update, narrow_update)                                                       \
    X(used, token_used, narrow_used)                                                               \
    X(place, bookmark_place, narrow_place)                                                         \
    X(sealedtext, credentials_put, seal_text)                                                      \
    X(foldhost, visit_list, fold_host)                                                             \
    X(stride, open, index_values)

#define X(rule, operation, function)                                                               \
    static void apply_##rule(void *table)                                                          \
    {                                                                                              \
        set_table();                                                                               \
        ((struct hearth_storage *)table)->operation = function;                                    \
    }
RULES(X)
#undef X

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {
#define X(rule, operation, function) {#rule, apply_##rule},
        RULES(X)
#undef X
    };
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}
