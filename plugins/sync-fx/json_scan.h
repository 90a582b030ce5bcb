/* A strict, non-recursive JSON scanner: bounds depth and number of values, and gives the members
 * of the outermost object as spans of the text. Small documents (keys, tokens, BSOs, timestamps as
 * text) are read with it alone: it allocates nothing, so nothing secret is left behind; of records
 * json_tree.h builds a tree by it. */
#ifndef HEARTH_PLUGINS_SYNC_FX_JSON_SCAN_H
#define HEARTH_PLUGINS_SYNC_FX_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FX_JSON_DEPTH = 64, FX_JSON_VALUES = 250000 };

enum fx_json_kind {
    FX_JSON_STRING,
    FX_JSON_NUMBER,
    FX_JSON_OBJECT,
    FX_JSON_ARRAY,
    FX_JSON_WORD /* true, false, null */
};

/* A value as it is written; strings without their quotes, escapes not yet undone. */
struct fx_span {
    const char *at;
    size_t size;
    int kind; /* enum fx_json_kind */
};

/* For each member of the outermost object, or element of the outermost array (key->size 0), in
 * order. Non-zero ends the scan with that value. */
typedef int (*fx_json_member_fn)(void *ctx, const struct fx_span *key, const struct fx_span *value);

/* 0, INVALID (not JSON, too deep, too many values, or outermost neither object nor array), or
 * what `fn` returned. fn may be NULL. Members come before the rest of the text is checked: use
 * them only when the scan has returned 0. */
int fx_json_scan(const char *text, size_t size, fx_json_member_fn fn, void *ctx);

/* Every value, as the text goes. */
struct fx_json_events {
    /* A value begins: scalars are whole, of containers it is the bracket; key->size 0 outside of
     * objects. The text up to here may be written to. */
    int (*value)(void *ctx, const struct fx_span *key, const struct fx_span *value);
    /* The innermost container that is open ends just before `end`. */
    int (*close)(void *ctx, const char *end);
};
/* As fx_json_scan(), which stands on it. */
int fx_json_walk(const char *text, size_t size, const struct fx_json_events *events, void *ctx);

bool fx_span_is(const struct fx_span *span, const char *text); /* the bytes as written */
bool fx_span_is_null(const struct fx_span *span);

/* Undoes the escapes of a string; ret_text may be where it stands. U+0000 and lone surrogates
 * become U+FFFD. The result is NUL-terminated, never longer than span->size. FULL when capacity is
 * less than span->size + 1. Bytes are not checked to be UTF-8. */
int fx_span_text(const struct fx_span *span, char *ret_text, size_t capacity, size_t *ret_size);

/* Any number, rounded; no farther from 0 than FX_NUMBER_MAX. INVALID when it is none. */
int fx_span_integer(const struct fx_span *span, int64_t *ret_value);

#endif
