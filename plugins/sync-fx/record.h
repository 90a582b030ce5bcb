/* Translation of cleartext records to the core's, one file a collection. */
#ifndef HEARTH_PLUGINS_SYNC_FX_RECORD_H
#define HEARTH_PLUGINS_SYNC_FX_RECORD_H

#include "bso.h"
#include "hearth/sync.h"
#include "mem.h"

enum {
    FX_TITLE_UNITS = 4096,
    FX_URL_BYTES = 65536, /* Firefox's own limit */
    FX_TAG_UNITS = 100,
    FX_TAGS_MAX = 1000,
    FX_NAME_UNITS = 256,
    FX_WINDOWS_MAX = 1000, /* of a device; what is beyond is in the last one */
    FX_GROUPS_MAX = 1000   /* of a device; what is beyond is in none */
};

#define FX_EARLIEST_DATE INT64_C(727747200000) /* 1993-01-23, ms: nothing in a browser is older */

enum fx_verdict { FX_TAKEN = 0, FX_SKIPPED = 1, FX_DAMAGED = 2 };

/* Where the pieces of one record come from and go to. */
struct fx_translate {
    struct fx_arena *arena; /* reset by the caller after each record */
    const struct hearth_sync_sink *sink;
    int64_t now;     /* ms, wall clock */
    const char *why; /* set with FX_DAMAGED: "it has no URL" */
};

/* Each hands the record to the sink (or its tombstone). Returns enum fx_verdict, or a negative
 * code (of the sink; NOMEM). */
int fx_record_bookmark(struct fx_translate *t, const struct fx_record *record);
int fx_record_history(struct fx_translate *t, const struct fx_record *record);
/* Tabs: `json` is the whole record; hands over each group and each tab. */
int fx_record_tabs(struct fx_translate *t, const struct fx_record *record);
/* Fills ret_device from a record of clients; its texts live as long as json and arena. */
int fx_record_client(struct fx_translate *t, const struct fx_record *record,
                     struct hearth_device *ret_device);

/* --- shared --- */
bool fx_record_is_tombstone(const struct fx_record *record);
bool fx_record_is_deleted(const struct fx_json *json); /* the same */
/* The string member `name` with U+0000 replaced; NULL: none, or not a string. */
const char *fx_record_text(struct fx_translate *t, const struct fx_json *json, const char *name);
const char *fx_record_string(struct fx_translate *t, const struct fx_json *string);
/* Cut to `units` UTF-16 units. */
const char *fx_record_cut(struct fx_translate *t, const char *text, size_t units);
/* As JavaScript makes a number of a text; false: it is none. */
bool fx_record_number(const char *text, double *ret_number);
/* Integer, whole float, or with `strings` any number, in a text as well; else false. */
bool fx_record_integer(const struct fx_json *value, bool strings, int64_t *ret_value);
/* url begins with one of the schemes ("about:" …, NULL ends the list), without regard to case. */
bool fx_record_has_scheme(const char *url, const char *const *schemes);

#endif
