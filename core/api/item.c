/* Records as JSON, each in one place, in the order of the bodies; and which fields of
 * hearth/records.h are served, and why others are not. */
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "api/item.h"

static const char *kind_name(int kind)
{
    static const char *const names[] = {"bookmark",  "bookmark", "folder",
                                        "separator", "query",    "livemark"};
    return kind >= HEARTH_BOOKMARK && kind <= HEARTH_LIVEMARK ? names[kind] : names[0];
}

const char *api_item_root_title(const char *guid)
{
    static const char *const roots[][2] = {{"places", ""},
                                           {"toolbar", "Bookmarks Toolbar"},
                                           {"menu", "Bookmarks Menu"},
                                           {"unfiled", "Other Bookmarks"},
                                           {"mobile", "Mobile Bookmarks"}};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (strcmp(roots[i][0], guid) == 0)
            return roots[i][1];
    return NULL;
}

static json_t *item_tags_json(const char *tags)
{
    json_t *list = json_array();
    for (const char *p = tags; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, "\n");
        if (n > 0)
            json_array_append_new(list, json_stringn(p, n));
        p += n + (p[n] == '\n');
    }
    return list;
}

static const char *account_state_json(int64_t state)
{
    static const char *const names[] = {"ok", "waiting", "signin_needed", "paused", "error"};
    return state >= 0 && state < (int64_t)(sizeof(names) / sizeof(names[0])) ? names[state]
                                                                             : "error";
}

static json_t *page_id(int64_t id)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)id);
    return json_string(text);
}

static const char *const removed_here_names[] = {"span", "visit", "page", "site", "span"};

static const char *removed_here_word(int kind)
{
    return removed_here_names[kind >= HEARTH_REMOVED_HERE_VISIT && kind <= HEARTH_REMOVED_HERE_SPAN
                                  ? kind
                                  : 0];
}

int32_t api_removed_here_kind(const char *name)
{
    for (int32_t i = HEARTH_REMOVED_HERE_VISIT; name != NULL && i <= HEARTH_REMOVED_HERE_SPAN; i++)
        if (strcmp(removed_here_names[i], name) == 0)
            return i;
    return 0;
}

/* {"id", "parameters"}; null where the state has no words, or words without an id. */
static json_t *state_message(const struct hearth_account *account)
{
    if (account->state_message == NULL || account->state_message[0] == '\0')
        return json_null();
    json_t *parameters =
        account->state_parameters == NULL ? NULL : json_loads(account->state_parameters, 0, NULL);
    return json_pack("{s:s, s:o}", "id", account->state_message, "parameters",
                     json_is_object(parameters) ? parameters
                                                : (json_decref(parameters), json_object()));
}

/* clang-format off */
/* S(record, name in JSON, field, value), where `r` is the record. */
#define ITEM_ACCOUNT(S) \
    S(account, "id",           id,           json_string(r->id)) \
    S(account, "email",        email,        json_string(r->email)) \
    S(account, "name",         name,         api_text(r->name)) \
    S(account, "state",        state,        json_string(account_state_json(r->state))) \
    S(account, "state_detail", state_detail, api_text(r->state_detail)) \
    S(account, "message",      state_message, state_message(r)) \
    S(account, "node",         node,         json_string(r->node)) \
    S(account, "created",      created,      json_integer(r->created)) \
    S(account, "last_sync",    last_sync,    api_time(r->last_sync)) \
    S(account, "last_attempt", last_attempt, api_time(r->last_attempt)) \
    /* 1: as soon as possible */ \
    S(account, "next_sync",    next_sync,    api_time(r->next_sync > 1 ? r->next_sync : 0))

#define ITEM_DEVICE(S) \
    S(device, "id",          id,          json_string(r->id)) \
    S(device, "name",        name,        json_string(r->name)) \
    S(device, "type",        type,        json_string(r->type)) \
    S(device, "os",          os,          api_text(r->os)) \
    S(device, "version",     version,     api_text(r->version)) \
    S(device, "last_upload", last_upload, api_time(r->last_upload)) \
    S(device, "hidden",      hidden,      json_boolean(r->hidden))

/* group: that it is in; NULL. */
#define ITEM_TAB(S) \
    S(tab, "title",     title,     json_string(r->title)) \
    S(tab, "url",       url,       json_string(r->url)) \
    S(tab, "icon",      icon,      api_text(r->icon)) \
    S(tab, "last_used", last_used, api_time(r->last_used)) \
    S(tab, "inactive",  inactive,  json_boolean(r->inactive)) \
    S(tab, "pinned",    pinned,    json_boolean(r->pinned)) \
    S(tab, "active",    active,    json_boolean(r->active)) \
    S(tab, "window",    window,    json_integer(r->window)) \
    S(tab, "place",     place,     json_integer(r->place)) \
    S(tab, "group_id",  group,     api_text(group == NULL ? NULL : group->id))

#define ITEM_TAB_GROUP(S) \
    S(tab_group, "id",        id,        json_string(r->id)) \
    S(tab_group, "name",      name,      json_string(r->name)) \
    S(tab_group, "color",     color,     api_text(r->color)) \
    S(tab_group, "collapsed", collapsed, json_boolean(r->collapsed))

#define ITEM_VISIT(S) \
    S(visit, "date", date, json_integer(r->date)) \
    S(visit, "type", type, json_integer(r->type))

#define ITEM_PAGE(S) \
    S(page, "id",          id,             page_id(r->id)) \
    S(page, "url",         url,            json_string(r->url)) \
    S(page, "title",       bookmark_title, \
      api_text(r->bookmark_title != NULL ? r->bookmark_title : r->title)) \
    S(page, "frecency",    frecency,       json_integer(r->frecency)) \
    S(page, "visit_count", visit_count,    json_integer(r->visit_count)) \
    S(page, "last_visit",  last_visit,     api_time(r->last_visit))

#define ITEM_BOOKMARK_NAMED(S) \
    S(bookmark, "id",          guid,        json_string(r->guid)) \
    S(bookmark, "kind",        kind,        json_string(kind_name((int)r->kind))) \
    S(bookmark, "title",       title, \
      api_text(api_item_root_title(r->guid) != NULL ? api_item_root_title(r->guid) : r->title)) \
    S(bookmark, "url",         url,         api_text(r->url))

#define ITEM_BOOKMARK_PLACED(S) \
    S(bookmark, "parent",      parent,      api_text(r->parent)) \
    S(bookmark, "position",    position,    json_integer(r->position)) \
    S(bookmark, "tags",        tags,        item_tags_json(r->tags)) \
    S(bookmark, "keyword",     keyword,     api_text(r->keyword)) \
    S(bookmark, "added",       added,       api_time(r->added)) \
    S(bookmark, "modified",    modified,    api_time(r->modified))

#define ITEM_BOOKMARK(S) \
    ITEM_BOOKMARK_NAMED(S) \
    ITEM_BOOKMARK_PLACED(S) \
    S(bookmark, "children",    children, \
      r->kind == HEARTH_FOLDER ? json_integer(r->children) : json_null()) \
    S(bookmark, "last_visit",  last_visit, \
      r->kind == HEARTH_BOOKMARK ? api_time(r->last_visit) : json_null()) \
    S(bookmark, "visit_count", visit_count, \
      r->kind == HEARTH_BOOKMARK ? json_integer(r->visit_count) : json_null())

/* What a copy has of a page (GET /changes): all that its lists need, without what others say. */
#define ITEM_COPIED_PAGE(S) \
    S(page, "id",             id,             page_id(r->id)) \
    S(page, "url",            url,            json_string(r->url)) \
    S(page, "host",           host,           json_string(r->host)) \
    S(page, "title",          title,          api_text(r->title)) \
    S(page, "bookmark_title", bookmark_title, api_text(r->bookmark_title)) \
    S(page, "bookmarks",      bookmarks,      json_integer(r->bookmarks)) \
    S(page, "frecency",       frecency,       json_integer(r->frecency)) \
    S(page, "visit_count",    visit_count,    json_integer(r->visit_count)) \
    S(page, "last_visit",     last_visit,     api_time(r->last_visit)) \
    S(page, "typed",          typed,          json_boolean(r->typed)) \
    S(page, "hidden",         hidden,         json_boolean(r->hidden))

/* The same of a bookmark: without what is its page's, and how many a folder has. */
#define ITEM_COPIED_BOOKMARK(S) \
    ITEM_BOOKMARK_NAMED(S) \
    S(bookmark, "page",        page,        r->page == 0 ? json_null() : page_id(r->page)) \
    ITEM_BOOKMARK_PLACED(S)

/* What is served in copies alone, or of which they alone say it whole. */
#define ITEM_COPY(S) \
    S(page,     "host",      host,      ) \
    S(page,     "title",     title,     ) \
    S(page,     "bookmarks", bookmarks, ) \
    S(page,     "typed",     typed,     ) \
    S(page,     "hidden",    hidden,    ) \
    S(bookmark, "page",      page,      ) \
    S(removal,  "kind",      kind,      ) \
    S(removal,  "id",        key,       ) \
    S(removal,  "page",      page,      ) \
    S(removal,  "date",      date,      ) \
    S(removal,  "type",      type,      )

#define ITEM_TOKEN(S) \
    S(token, "id",        id,        json_string(r->id)) \
    S(token, "name",      name,      json_string(r->name)) \
    S(token, "scope",     scope,     json_string(r->scope == HEARTH_TOKEN_FULL ? "full" : "read")) \
    S(token, "created",   created,   json_integer(r->created)) \
    S(token, "last_used", last_used, api_time(r->last_used)) \
    S(token, "expires",   expires,   api_time(r->expires))

#define ITEM_REMOVED_HERE(S) \
    S(removed_here, "id",      id,        json_string(r->id)) \
    S(removed_here, "kind",    kind,      json_string(removed_here_word((int)r->kind))) \
    S(removed_here, "page",    page,      r->page == 0 ? json_null() : page_id(r->page)) \
    S(removed_here, "date",    date, \
      r->kind == HEARTH_REMOVED_HERE_VISIT ? json_integer(r->date) : json_null()) \
    S(removed_here, "type",    type,      api_time(r->type)) \
    S(removed_here, "host",    host,      api_text(r->host[0] == '\0' ? NULL : r->host)) \
    S(removed_here, "since",   from_date, api_time(r->from_date)) \
    S(removed_here, "until",   to_date,   api_time(r->to_date)) \
    S(removed_here, "created", created,   json_integer(r->created))

#define ITEM_PUSH(S) \
    S(push, "id",        id,        json_string(r->id)) \
    S(push, "token",     token,     json_string(r->token)) \
    S(push, "created",   created,   json_integer(r->created)) \
    S(push, "last_sent", last_sent, api_time(r->last_sent)) \
    S(push, "failures",  failures,  json_integer(r->failures))

/* I(record, field, because): what is stored and not served, or not by these. */
#define ITEM_INTERNAL(I) \
    I(account, state_parameters, "they are served in the message") \
    I(account, uid, "the provider's id of a person is nobody's business") \
    I(account, provider, "a word of the operator's configuration") \
    I(account, last_seen, "it says when somebody was here") \
    I(account, generation, "it stands beside the account in every body that has one") \
    I(account, failures, "the scheduler counts; state and next_sync say what comes of it") \
    I(account, resync, "a note to the next sync") \
    I(account, asked, "requests for a sync, for who waits for one") \
    I(account, answered, "requests for a sync, for who waits for one") \
    I(account, placement, "where newcomers go, for the nodes of a fleet") \
    I(account_identity, issuer, "proofs of who somebody is are for signing in") \
    I(account_identity, subject, "proofs of who somebody is are for signing in") \
    I(account_identity, created, "proofs of who somebody is are for signing in") \
    I(device, fxa_device_id, \
      "the accounts server's name for it; finds devices that replace each other") \
    I(device, source, "no feature makes another source yet") \
    I(visit, source, "no feature makes another source yet") \
    I(bookmark, source, "no feature makes another source yet") \
    I(tab, position, "decides between tabs of the same place; it is part of their key") \
    I(page, guid, "the history record's, on the Sync service") \
    I(page, tags, "of its bookmarks, which are served with it; a hit of a search has them") \
    I(page, bookmark_added, "they are served themselves") \
    I(page, generation, "it stands beside the rows in every body that has one") \
    I(page, gone, "of pages_changed(); what is gone is not served") \
    I(bookmark, said_parent, "what the record says; served is where the repaired tree has it") \
    I(bookmark, said_tags, "what the record says; served are the tags of its URL") \
    I(bookmark, said_keyword, "what the record says; served is the keyword of its URL") \
    I(bookmark, said_kind, "what the record says; what is not shown is not served") \
    I(bookmark, tag_query, "the url of a query says the same") \
    I(token, account, "one's own") \
    I(token, hash, "of a secret") \
    I(removal, position, "of a tab: a copy is given all tabs when one has changed") \
    I(removal, generation, "a copy is given what is newer than its own") \
    I(source, id, "no feature makes another source yet") \
    I(source, name, "no feature makes another source yet") \
    I(source, kind, "no feature makes another source yet") \
    I(source, provider, "no feature makes another source yet") \
    I(source, uid, "no feature makes another source yet") \
    I(source, created, "no feature makes another source yet") \
    I(source, ended, "no feature makes another source yet") \
    I(source, state, "no feature makes another source yet") \
    I(source, state_detail, "no feature makes another source yet") \
    I(source, last_sync, "no feature makes another source yet") \
    I(source, last_attempt, "no feature makes another source yet") \
    I(source, next_sync, "no feature makes another source yet") \
    I(source, failures, "no feature makes another source yet") \
    I(source, resync, "no feature makes another source yet") \
    I(pick, input, "picks order what a search finds") \
    I(pick, page, "picks order what a search finds") \
    I(pick, use_count, "picks order what a search finds") \
    I(pick, used, "picks order what a search finds") \
    I(push, endpoint, "who has it can send to it; its host is served") \
    I(push, failing, "failures and last_sent say so") \
    I(push, generation, "a note to the next message") \
    I(push, not_before, "a note to the next message")
/* clang-format on */

#define ITEM_SERVED(record, name, field, value) {#record, #field, name, NULL},
#define ITEM_HIDDEN(record, field, because)     {#record, #field, NULL, because},
const struct item_field api_item_fields[] = {
    ITEM_ACCOUNT(ITEM_SERVED) ITEM_DEVICE(ITEM_SERVED) ITEM_TAB(ITEM_SERVED)
        ITEM_TAB_GROUP(ITEM_SERVED) ITEM_VISIT(ITEM_SERVED) ITEM_PAGE(ITEM_SERVED)
            ITEM_BOOKMARK(ITEM_SERVED) ITEM_TOKEN(ITEM_SERVED) ITEM_REMOVED_HERE(ITEM_SERVED)
                ITEM_PUSH(ITEM_SERVED) ITEM_COPY(ITEM_SERVED) ITEM_INTERNAL(ITEM_HIDDEN)};
const size_t api_item_field_count = sizeof(api_item_fields) / sizeof(api_item_fields[0]);

/* A text that is no UTF-8, or no memory: no row. */
static json_t *whole_or_null(json_t *row, int failed)
{
    if (failed == 0)
        return row;
    json_decref(row);
    return NULL;
}

#define ITEM_ADD(record, name, field, value) failed |= json_object_set_new(row, name, value);
#define ITEM_FUNCTION(function, record, ITEM, ...)                                                 \
    json_t *function(const struct hearth_##record *r __VA_OPT__(, ) __VA_ARGS__)                   \
    {                                                                                              \
        json_t *row = json_object();                                                               \
        int failed = 0;                                                                            \
        ITEM(ITEM_ADD)                                                                             \
        return whole_or_null(row, failed);                                                         \
    }
/* clang-format off */
ITEM_FUNCTION(api_account_json, account, ITEM_ACCOUNT)
ITEM_FUNCTION(api_item_json, bookmark, ITEM_BOOKMARK)
ITEM_FUNCTION(api_tab_group_json, tab_group, ITEM_TAB_GROUP)
ITEM_FUNCTION(api_visit_json, visit, ITEM_VISIT)
ITEM_FUNCTION(api_page_json, page, ITEM_PAGE)
ITEM_FUNCTION(api_removed_here_json, removed_here, ITEM_REMOVED_HERE)
ITEM_FUNCTION(api_token_json, token, ITEM_TOKEN)
static ITEM_FUNCTION(copied_bookmark_json, bookmark, ITEM_COPIED_BOOKMARK)
static ITEM_FUNCTION(push_fields_json, push, ITEM_PUSH)
static ITEM_FUNCTION(tab_fields_json, tab, ITEM_TAB, const struct hearth_tab_group *group)
static ITEM_FUNCTION(device_fields_json, device, ITEM_DEVICE)

#define ITEM_COPIED_NAME(record, name, field, value) name,
const char *const api_copied_page_fields[] = {ITEM_COPIED_PAGE(ITEM_COPIED_NAME)};
const size_t api_copied_page_field_count =
    sizeof(api_copied_page_fields) / sizeof(api_copied_page_fields[0]);
/* clang-format on */

#define ITEM_ADD_WANTED(record, name, field, value)                                                \
    if ((wanted & bit) != 0)                                                                       \
        failed |= json_object_set_new(row, name, value);                                           \
    bit <<= 1;
json_t *api_copied_page_json(const struct hearth_page *r, unsigned wanted)
{
    json_t *row = json_object();
    unsigned bit = 1;
    int failed = 0;
    ITEM_COPIED_PAGE(ITEM_ADD_WANTED)
    return whole_or_null(row, failed);
}

json_t *api_device_json(const struct hearth_device *device, int64_t tabs)
{
    json_t *row = device_fields_json(device);
    json_object_set_new(row, "tabs", json_integer(tabs));
    return row;
}

json_t *api_push_json(const struct hearth_push *push, const char *host)
{
    json_t *row = push_fields_json(push);
    return whole_or_null(row, json_object_set_new(row, "host", api_text(host)));
}

json_t *api_tab_json(const struct hearth_tab *tab, const struct hearth_tab_group *group)
{
    json_t *row = tab_fields_json(tab, group);
    const char *name = group == NULL || group->name[0] == '\0' ? NULL : group->name;
    return whole_or_null(row, json_object_set_new(row, "group", api_text(name)));
}

json_t *api_copied_bookmark_json(const struct hearth_bookmark *bookmark)
{
    return bookmark->kind == HEARTH_NOT_SHOWN
               ? json_pack("{s:s, s:b}", "id", bookmark->guid, "removed", 1)
               : copied_bookmark_json(bookmark);
}

json_t *api_removal_json(const struct hearth_removal *removal)
{
    json_t *row = NULL;
    if (removal->kind == HEARTH_REMOVAL_BOOKMARK)
        row = json_pack("{s:s, s:s}", "kind", "bookmark", "id", removal->key);
    else if (removal->kind == HEARTH_REMOVAL_PAGE)
        row = json_pack("{s:s, s:o}", "kind", "page", "page", page_id(removal->page));
    else if (removal->kind == HEARTH_REMOVAL_VISIT)
        row = json_pack("{s:s, s:o, s:I, s:I}", "kind", "visit", "page", page_id(removal->page),
                        "date", (json_int_t)removal->date, "type", (json_int_t)removal->type);
    return row;
}
