/* GET /changes: what is new since a generation, for whoever keeps a copy of an account. An answer
 * is a bounded piece of a walk through pages, bookmarks and removals, each by generation; what
 * changes during the walk moves to its end, or behind the generation that the copy is of then. So
 * something may come twice, and nothing is left out. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "api/internal.h"

/* CHUNK: pages whose visits are asked for together */
enum { ROWS_MAX = 20000, CHUNK = 256 };

enum changes_part { PART_PAGES = 0, PART_BOOKMARKS = 1, PART_REMOVALS = 2, PART_END = 3 };

/* Where the walk is: behind the row that came last. What a cursor says, and all of it. */
struct changes_place {
    int64_t part;       /* enum changes_part */
    int64_t since;      /* the generation that the copy is of */
    int64_t until;      /* and that it is of at the end */
    int64_t generation; /* of the last row; and what it is: */
    int64_t page, kind, date, type, position;
    const char *key; /* a guid, or a removal's key */
};
enum { PLACE_NUMBERS = 9 };

struct changes {
    struct api_call *call;
    struct changes_place at;
    size_t left;     /* rows that the answer may have yet */
    unsigned fields; /* of pages: bits, as page_field_bit() says */
    /* pages that wait for their visits */
    json_t *rows[CHUNK];
    int64_t ids[CHUNK];
    size_t count, found;          /* found: the one that a visit was of last */
    bool failed;                  /* memory */
    char key[HEARTH_KEY_MAX + 1]; /* of the row that came last */
};

/* --- the cursor --- */

static void changes_put_numbers(const struct changes_place *at, int64_t numbers[PLACE_NUMBERS])
{
    const int64_t all[PLACE_NUMBERS] = {at->part, at->since, at->until, at->generation, at->page,
                                        at->kind, at->date,  at->type,  at->position};
    memcpy(numbers, all, sizeof(all));
}

static bool changes_take_numbers(const int64_t n[PLACE_NUMBERS], const char *key,
                                 struct changes_place *ret_at)
{
    *ret_at = (struct changes_place){.part = n[0],
                                     .since = n[1],
                                     .until = n[2],
                                     .generation = n[3],
                                     .page = n[4],
                                     .kind = n[5],
                                     .date = n[6],
                                     .type = n[7],
                                     .position = n[8],
                                     .key = key};
    return n[0] >= PART_PAGES && n[0] < PART_END && n[1] >= 0 && n[2] >= n[1] && n[3] >= 0;
}

/* The next part begins at its first row. */
static void changes_next_part(struct changes_place *at)
{
    *at = (struct changes_place){
        .part = at->part + 1, .since = at->since, .until = at->until, .key = ""};
    /* a copy that had nothing has nothing to take away */
    if (at->part == PART_REMOVALS && at->since == 0)
        at->part = PART_END;
}

/* --- pages with their visits --- */

/* By the order of the fields; its visits are none of the row, and come behind them. */
#define WANTED_ID  1u
#define WANTED_ALL UINT_MAX

static unsigned wanted_visits(void)
{
    return 1u << api_copied_page_field_count;
}

static bool is_word(const char *word, const char *at, size_t size)
{
    return strncmp(word, at, size) == 0 && word[size] == '\0';
}

/* 0: there is no such field */
static unsigned page_field_bit(const char *name, size_t size)
{
    for (size_t i = 0; i < api_copied_page_field_count; i++)
        if (is_word(api_copied_page_fields[i], name, size))
            return 1u << i;
    return is_word("visits", name, size) ? wanted_visits() : 0;
}

/* "url,title"; a page has its id always. */
static bool changes_read_fields(struct api_call *call, unsigned *ret_fields)
{
    const char *fields;
    if (!api_text_parameter(call, "fields", &fields))
        return false;
    *ret_fields = fields == NULL ? WANTED_ALL : WANTED_ID;
    while (fields != NULL && *fields != '\0') {
        size_t size = strcspn(fields, ",");
        unsigned bit = page_field_bit(fields, size);
        if (bit == 0) {
            api_problem(call, 400, api_says_parameter_fields());
            return false;
        }
        *ret_fields |= bit;
        fields += size + (fields[size] == ',');
    }
    return true;
}

static int changes_on_page(void *ctx, const struct hearth_page *page)
{
    struct changes *changes = ctx;
    json_t *row = api_copied_page_json(page, changes->fields);
    bool visited = (changes->fields & wanted_visits()) != 0;
    if (row == NULL || (visited && json_object_set_new(row, "visits", json_array()) != 0)) {
        changes->failed = true;
        json_decref(row);
        return 1;
    }
    changes->rows[changes->count] = row;
    changes->ids[changes->count++] = page->id;
    changes->at.generation = page->generation;
    changes->at.page = page->id;
    changes->left--;
    return changes->count == CHUNK || changes->left == 0;
}

static int changes_on_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct changes *changes = ctx;
    size_t i = changes->found; /* those of one page come together, mostly */
    for (size_t k = 0; k < changes->count && changes->ids[i] != page; k++)
        i = (i + 1) % changes->count;
    if (changes->ids[i] != page)
        return 0;
    changes->found = i;
    json_t *visits = json_object_get(changes->rows[i], "visits");
    changes->failed |= json_array_append_new(visits, json_pack("[I, I]", (json_int_t)visit->date,
                                                               (json_int_t)visit->type)) != 0;
    changes->left -= changes->left > 0;
    return changes->failed;
}

static void changes_add_pages(struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        api_list_add(changes->call, changes->rows[i]);
    changes->count = changes->found = 0;
}

/* Until the answer is full, or there are no more. */
static int changes_list_pages(struct changes *changes)
{
    struct api_call *call = changes->call;
    struct changes_place *at = &changes->at;
    bool more = at->part == PART_PAGES;
    int r = 0;
    api_list_begin(call, "\"pages\":[");
    while (r == 0 && more && changes->left > 0 && !changes->failed) {
        r = STORAGE_OF(call->storage, changes, &call->err, pages_since, call->account, at->since,
                       at->generation, at->page, changes_on_page, changes);
        more = changes->count == CHUNK || changes->left == 0;
        if (r == 0 && changes->count > 0 && (changes->fields & wanted_visits()) != 0)
            r = STORAGE_OF(call->storage, changes, &call->err, visits_since, call->account,
                           at->since, changes->ids, changes->count, changes_on_visit, changes);
        plug_storage_reset(call->storage);
        changes_add_pages(changes);
    }
    if (!more && at->part == PART_PAGES)
        changes_next_part(at);
    return r;
}

/* --- bookmarks --- */

static int changes_on_bookmark(void *ctx, int64_t generation,
                               const struct hearth_bookmark *bookmark)
{
    struct changes *changes = ctx;
    api_list_add(changes->call, api_copied_bookmark_json(bookmark));
    changes->at.generation = generation;
    if (--changes->left > 0)
        return 0;
    snprintf(changes->key, sizeof(changes->key), "%s", bookmark->guid);
    changes->at.key = changes->key;
    return 1;
}

static int changes_list_bookmarks(struct changes *changes)
{
    struct api_call *call = changes->call;
    struct changes_place *at = &changes->at;
    int r = 0;
    api_list_begin(call, "],\"bookmarks\":[");
    if (at->part != PART_BOOKMARKS || changes->left == 0)
        return 0;
    r = STORAGE_OF(call->storage, changes, &call->err, bookmarks_since, call->account, at->since,
                   at->generation, at->key[0] == '\0' ? NULL : at->key, changes_on_bookmark,
                   changes);
    if (changes->left > 0)
        changes_next_part(at);
    return r;
}

/* --- removals --- */

/* Is this one told already? In the order of removals_since(). */
static bool removal_is_told(const struct changes_place *at, const struct hearth_removal *removal)
{
    const int64_t had[] = {at->page, at->date, at->type, at->position},
                  is[] = {removal->page, removal->date, removal->type, removal->position};
    if (at->generation != removal->generation)
        return removal->generation < at->generation;
    if (at->kind != removal->kind)
        return removal->kind < at->kind;
    int keys = strcmp(removal->key, at->key);
    for (size_t i = 0; keys == 0 && i < sizeof(had) / sizeof(had[0]); i++)
        keys = (is[i] > had[i]) - (is[i] < had[i]);
    return keys <= 0;
}

static int changes_on_removal(void *ctx, const struct hearth_removal *removal)
{
    struct changes *changes = ctx;
    struct changes_place *at = &changes->at;
    if (at->generation != 0 && removal_is_told(at, removal))
        return 0;
    if (changes->left == 0)
        return 1;
    if (removal->kind <= HEARTH_REMOVAL_BOOKMARK) {
        api_list_add(changes->call, api_removal_json(removal));
        changes->left--;
    }
    snprintf(changes->key, sizeof(changes->key), "%s", removal->key);
    at->generation = removal->generation;
    at->kind = removal->kind;
    at->page = removal->page;
    at->date = removal->date;
    at->type = removal->type;
    at->position = removal->position;
    at->key = changes->key;
    return 0;
}

/* From the generation of the last one on: what was told of it before is stepped over. */
static int changes_list_removals(struct changes *changes)
{
    struct api_call *call = changes->call;
    struct changes_place *at = &changes->at;
    int64_t since = at->generation > at->since ? at->generation - 1 : at->since;
    if (at->part != PART_REMOVALS || changes->left == 0)
        return 0;
    int r = STORAGE(call->storage, &call->err, removals_since, call->account, since,
                    changes_on_removal, changes);
    if (changes->left > 0)
        at->part = PART_END;
    return r;
}

/* --- all of it --- */

/* Devices change seldom, and are few: all of them, in the first answer. */
static int changes_list_devices(struct changes *changes, bool first)
{
    struct api_call *call = changes->call;
    struct account_generations of;
    int64_t newest = 0;
    int r = first ? api_generations_read(call, call->generation, &of) : 0;
    if (r == 0 && first)
        newest = api_generations_newest(&of, API_ON_TABS);
    api_list_begin(call, "],\"devices\":");
    if (r == 0 && first && (newest > changes->at.since || changes->at.since == 0))
        return api_devices_add_all(call);
    api_list_close(call, "null");
    return r;
}

static int changes_list(struct changes *changes, bool first)
{
    struct api_call *call = changes->call;
    struct changes_place *at = &changes->at;
    char begin[80];
    snprintf(begin, sizeof(begin), "{\"generation\":%" PRId64 ",\"since\":%" PRId64 ",", at->until,
             at->since);
    api_list_begin(call, begin);
    int r = changes_list_pages(changes);
    if (r == 0)
        r = changes_list_bookmarks(changes);
    if (r == 0)
        r = changes_list_devices(changes, first);
    api_list_begin(call, ",\"removals\":[");
    if (r == 0)
        r = changes_list_removals(changes);
    if (r == 0 && changes->failed)
        r = err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    if (r < 0)
        return r;
    int64_t numbers[PLACE_NUMBERS];
    changes_put_numbers(at, numbers);
    api_list_end(call, at->part == PART_END
                           ? NULL
                           : api_make_cursor(call, 'n', numbers, PLACE_NUMBERS, at->key));
    return 0;
}

static int changes_none(void *ctx, const struct hearth_removal *removal)
{
    (void)ctx;
    (void)removal;
    return 1;
}

static int changes_are_unknown(struct api_call *call, int64_t since)
{
    char number[24];
    snprintf(number, sizeof(number), "%" PRId64, since);
    return api_problem(call, 410, api_says_too_old(number));
}

static bool changes_read_place(struct api_call *call, struct changes_place *ret_at, bool *ret_first)
{
    int64_t since, numbers[PLACE_NUMBERS];
    const char *key = "";
    bool given;
    if (!api_int_parameter(call, "since", 0, &since) ||
        !api_cursor(call, 'n', numbers, PLACE_NUMBERS, &key, &given))
        return false;
    if (since < 0) {
        api_problem(call, 400, api_says_parameter_range("since", 0, INT64_MAX));
        return false;
    }
    *ret_first = !given;
    *ret_at = (struct changes_place){.since = since, .until = call->generation, .key = ""};
    if (!given || changes_take_numbers(numbers, key, ret_at))
        return true;
    api_problem(call, 400, api_says_parameter_cursor());
    return false;
}

int api_changes_get(struct api_call *call)
{
    struct changes changes = {.call = call};
    int64_t limit;
    bool first;
    if (!api_int_parameter(call, "limit", ROWS_MAX, &limit) ||
        !changes_read_fields(call, &changes.fields) ||
        !changes_read_place(call, &changes.at, &first))
        return 0;
    if (limit < 1 || limit > ROWS_MAX)
        return api_problem(call, 400, api_says_parameter_range("limit", 1, ROWS_MAX));
    if (call->storage->changes == NULL)
        return api_problem(call, 501, api_says_no_changes());
    changes.left = (size_t)limit;
    int64_t since = changes.at.since;
    int r = since == 0 ? 0
                       : STORAGE(call->storage, &call->err, removals_since, call->account, since,
                                 changes_none, NULL);
    if (r == 0)
        r = changes_list(&changes, first);
    for (size_t i = 0; i < changes.count; i++)
        json_decref(changes.rows[i]);
    return r == HEARTH_ERR_NOT_FOUND ? changes_are_unknown(call, since) : r;
}
