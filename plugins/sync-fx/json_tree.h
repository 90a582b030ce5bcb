/* A record's JSON as a tree in an arena: strings stay where they are in the text, which is written
 * to, so that nothing is allocated for a value but its node. */
#ifndef HEARTH_PLUGINS_SYNC_FX_JSON_TREE_H
#define HEARTH_PLUGINS_SYNC_FX_JSON_TREE_H

#include "json_scan.h"
#include "mem.h"

/* Of one value. Functions below accept NULL, which is no value. */
struct fx_json {
    int kind;         /* enum fx_json_kind */
    bool whole;       /* a number: `integer` is exact */
    const char *key;  /* in an object; NUL-terminated, escapes undone */
    const char *text; /* a string, NUL-terminated; a word as it is written */
    size_t size;      /* of the text; or how many are inside */
    int64_t integer;
    double real;
    struct fx_json *next;    /* in the same container */
    struct fx_json *first;   /* in this container */
    struct fx_json **inside; /* an array: all of them; an object with many: by key */
};

/* `text` has a NUL behind it, is valid UTF-8 without lone surrogates (fx_text_repair_json()), and
 * has to live as long as the tree. INVALID as fx_json_scan(); NOMEM. Of members with the same
 * key the last counts. */
int fx_json_parse(struct fx_arena *arena, char *text, size_t size, struct fx_json **ret_json);
/* The whole of it, texts too, in another arena. NULL: no memory. */
struct fx_json *fx_json_copy(struct fx_arena *arena, const struct fx_json *json);

bool fx_json_is(const struct fx_json *json, enum fx_json_kind kind);
bool fx_json_is_true(const struct fx_json *json);
const char *fx_json_text(const struct fx_json *json); /* of a string; else NULL */
size_t fx_json_size(const struct fx_json *json);      /* its bytes */
/* NULL: not an object, or no such member */
const struct fx_json *fx_json_get(const struct fx_json *json, const char *key);
const struct fx_json *fx_json_at(const struct fx_json *json,
                                 size_t at);                     /* of an array; else NULL */
size_t fx_json_count(const struct fx_json *json);                /* of an array; else 0 */
const struct fx_json *fx_json_first(const struct fx_json *json); /* of an object; then ->next */

#endif
