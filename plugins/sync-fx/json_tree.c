#include "json_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/plugin.h"

/* MANY: an object with more members is searched by halving. */
enum { MANY = 16 };

struct tree {
    struct fx_arena *arena;
    struct {
        struct fx_json *container, *last;
    } stack[FX_JSON_DEPTH];
    int depth;
    struct fx_json *root;
};

/* In its place in the text: what is behind it has been read. */
static char *tree_text(const struct fx_span *span, size_t *ret_size)
{
    char *text = (char *)(uintptr_t)span->at;
    if (memchr(text, '\\', span->size) != NULL) {
        fx_span_text(span, text, span->size + 1, ret_size);
    } else {
        text[span->size] = '\0';
        *ret_size = span->size;
    }
    return text;
}

static int tree_number(const struct fx_span *span, struct fx_json *json)
{
    size_t sign = span->at[0] == '-';
    json->whole =
        span->size - sign <= 19 && strspn(span->at + sign, "0123456789") >= span->size - sign;
    errno = 0;
    if (json->whole)
        json->integer = strtoll(span->at, NULL, 10);
    json->whole = json->whole && errno == 0;
    if (json->whole)
        return 0;
    json->real = strtod(span->at, NULL); /* infinite where no double holds it, as in JavaScript */
    return 0;
}

static int tree_on_value(void *ctx, const struct fx_span *key, const struct fx_span *value)
{
    struct tree *tree = ctx;
    struct fx_json *json = fx_arena_alloc(tree->arena, sizeof(*json));
    size_t size;
    if (json == NULL)
        return HEARTH_ERR_NOMEM;
    json->kind = value->kind;
    if (tree->depth == 0) {
        tree->root = json;
    } else {
        struct fx_json *container = tree->stack[tree->depth - 1].container;
        struct fx_json *last = tree->stack[tree->depth - 1].last;
        if (container->kind == FX_JSON_OBJECT)
            json->key = tree_text(key, &size);
        *(last == NULL ? &container->first : &last->next) = json;
        tree->stack[tree->depth - 1].last = json;
        container->size++;
    }
    if (value->kind == FX_JSON_OBJECT || value->kind == FX_JSON_ARRAY) {
        tree->stack[tree->depth].container = json;
        tree->stack[tree->depth++].last = NULL;
        return 0;
    }
    if (value->kind == FX_JSON_NUMBER)
        return tree_number(value, json);
    json->text = value->at;
    json->size = value->size;
    if (value->kind == FX_JSON_STRING)
        json->text = tree_text(value, &json->size);
    return 0;
}

/* Equal keys in the order they came: nodes of one arena have no order, so that `size` of a member
 * cannot serve; the sort is one that keeps it. */
static void sort_by_key(struct fx_json **list, struct fx_json **work, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, a = 0, b = half, out = 0;
    sort_by_key(list, work, half);
    sort_by_key(list + half, work, count - half);
    memcpy(work, list, count * sizeof(struct fx_json *));
    while (out < count)
        list[out++] = b == count || (a < half && strcmp(work[a]->key, work[b]->key) <= 0)
                          ? work[a++]
                          : work[b++];
}

/* Marks all but the last of members with one key. */
static void drop_twice(struct fx_json *object, struct fx_json **sorted)
{
    bool any = false;
    if (sorted != NULL) {
        for (size_t i = 0; i + 1 < object->size; i++)
            if (strcmp(sorted[i]->key, sorted[i + 1]->key) == 0) {
                sorted[i]->key = NULL;
                any = true;
            }
    } else {
        for (struct fx_json *a = object->first; a != NULL; a = a->next)
            for (const struct fx_json *b = a->next; b != NULL && a->key != NULL; b = b->next)
                if (strcmp(a->key, b->key) == 0) {
                    a->key = NULL;
                    any = true;
                }
    }
    if (!any)
        return;
    size_t kept = 0;
    for (size_t i = 0; sorted != NULL && i < object->size; i++)
        if (sorted[i]->key != NULL)
            sorted[kept++] = sorted[i];
    kept = 0;
    for (struct fx_json **at = &object->first; *at != NULL;) {
        if ((*at)->key == NULL) {
            *at = (*at)->next;
        } else {
            kept++;
            at = &(*at)->next;
        }
    }
    object->size = kept;
}

/* All members are there: those of an array by number, those of a large object by key. */
static int tree_finish(struct fx_arena *arena, struct fx_json *json)
{
    bool array = json->kind == FX_JSON_ARRAY;
    size_t count = json->size, i = 0;
    if (!array && count <= MANY) {
        drop_twice(json, NULL);
        return 0;
    }
    json->inside = fx_arena_alloc(arena, (array ? 1 : 2) * (count + 1) * sizeof(struct fx_json *));
    if (json->inside == NULL)
        return HEARTH_ERR_NOMEM;
    for (struct fx_json *at = json->first; at != NULL; at = at->next)
        json->inside[i++] = at;
    if (!array) {
        sort_by_key(json->inside, json->inside + count, count);
        drop_twice(json, json->inside);
    }
    return 0;
}

static int tree_on_close(void *ctx, const char *end)
{
    struct tree *tree = ctx;
    (void)end;
    return tree_finish(tree->arena, tree->stack[--tree->depth].container);
}

int fx_json_parse(struct fx_arena *arena, char *text, size_t size, struct fx_json **ret_json)
{
    static const struct fx_json_events events = {tree_on_value, tree_on_close};
    struct tree tree = {.arena = arena};
    int r = fx_json_walk(text, size, &events, &tree);
    if (r == 0)
        *ret_json = tree.root;
    return r;
}

struct fx_json *fx_json_copy(struct fx_arena *arena, const struct fx_json *json)
{
    struct fx_json *copy = fx_arena_alloc(arena, sizeof(*copy)), **end = &copy->first;
    if (copy == NULL)
        return NULL;
    *copy = *json;
    copy->first = copy->next = NULL;
    copy->inside = NULL;
    if (json->key != NULL &&
        (copy->key = fx_arena_copy(arena, json->key, strlen(json->key))) == NULL)
        return NULL;
    if (json->text != NULL && (copy->text = fx_arena_copy(arena, json->text, json->size)) == NULL)
        return NULL;
    for (const struct fx_json *at = json->first; at != NULL; at = at->next) {
        if ((*end = fx_json_copy(arena, at)) == NULL)
            return NULL;
        end = &(*end)->next;
    }
    bool container = json->kind == FX_JSON_OBJECT || json->kind == FX_JSON_ARRAY;
    return !container || tree_finish(arena, copy) == 0 ? copy : NULL;
}

bool fx_json_is(const struct fx_json *json, enum fx_json_kind kind)
{
    return json != NULL && json->kind == (int)kind;
}

bool fx_json_is_true(const struct fx_json *json)
{
    return fx_json_is(json, FX_JSON_WORD) && json->text[0] == 't';
}

const char *fx_json_text(const struct fx_json *json)
{
    return fx_json_is(json, FX_JSON_STRING) ? json->text : NULL;
}

size_t fx_json_size(const struct fx_json *json)
{
    return fx_json_is(json, FX_JSON_STRING) ? json->size : 0;
}

const struct fx_json *fx_json_get(const struct fx_json *json, const char *key)
{
    if (!fx_json_is(json, FX_JSON_OBJECT) || key == NULL)
        return NULL;
    if (json->inside == NULL) {
        for (const struct fx_json *at = json->first; at != NULL; at = at->next)
            if (strcmp(at->key, key) == 0)
                return at;
        return NULL;
    }
    for (size_t low = 0, high = json->size; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(json->inside[middle]->key, key);
        if (order == 0)
            return json->inside[middle];
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

const struct fx_json *fx_json_at(const struct fx_json *json, size_t at)
{
    return at < fx_json_count(json) ? json->inside[at] : NULL;
}

size_t fx_json_count(const struct fx_json *json)
{
    return fx_json_is(json, FX_JSON_ARRAY) ? json->size : 0;
}

const struct fx_json *fx_json_first(const struct fx_json *json)
{
    return fx_json_is(json, FX_JSON_OBJECT) ? json->first : NULL;
}
