/* From the lines of a collection to what the sink gets, on several threads: bounded, and handed
 * over on the caller's thread in the order in which the lines came.
 *
 *   caller:   line ──► chunk ──► queued ────────────────────────────────► done ──► on_decoded
 *   threads:                       └─► HMAC, AES, JSON, translation ──┘
 *
 * The caller decodes, too, when it would have to wait for a chunk that nobody has begun. The first
 * lines are decoded where they come: a small sync has no threads. */
#ifndef HEARTH_PLUGINS_SYNC_FX_DECODE_H
#define HEARTH_PLUGINS_SYNC_FX_DECODE_H

#include "record.h"

enum { FX_DECODE_THREADS_MAX = 4 };

/* What became of one line. */
struct fx_decoded {
    enum fx_bso_status status;
    char id[FX_ID_MAX];       /* "": none that is usable */
    char other_id[FX_ID_MAX]; /* with FX_BSO_OTHER_ID: the one inside; "": unusable */
    int64_t modified;         /* ms, server time */
    size_t size;              /* of the cleartext */
    /* FX_BSO_OK, without a translation: the record, until on_decoded() returns */
    const struct fx_json *json;
    /* FX_BSO_OK, with a translation: its verdict, and what it gave the sink */
    int verdict;     /* enum fx_verdict, or NOMEM */
    const char *why; /* with FX_DAMAGED; a constant */
    const struct hearth_page_record *page;
    const struct hearth_bookmark_record *bookmark;
    bool removed;
};

struct fx_decode;

struct fx_decode_options {
    const struct fx_key *key; /* borrowed */
    /* record.h; NULL: `json` is handed over */
    int (*translate)(struct fx_translate *t, const struct fx_record *record);
    int64_t now; /* ms, wall clock */
    int threads; /* at most; -1: as many as the machine has processors, but one */
    /* Non-zero ends the decoding with that code. */
    int (*on_decoded)(void *ctx, const struct fx_decoded *decoded);
    void *ctx;
};

struct fx_decode *fx_decode_create(const struct fx_decode_options *options); /* NULL: no memory */
/* Joins the threads; what they have is dropped, and wiped. Accepts NULL. */
void fx_decode_destroy(struct fx_decode *decode);
/* A line of an answer, copied if need be; NULL: one that was too large, which began with `head`.
 * NOMEM, or what on_decoded() returned: then nothing more is handed over until
 * fx_decode_drop(). */
int fx_decode_line(struct fx_decode *decode, const char *line, size_t size, const char *head,
                   size_t head_size);
/* Waits until all that came is handed over. As fx_decode_line(). */
int fx_decode_drain(struct fx_decode *decode);
/* Whatever was not handed over is forgotten. */
void fx_decode_drop(struct fx_decode *decode);

/* --- capture.c: a translation's sink on any thread --- */

struct fx_capture {
    struct hearth_sync_sink sink;
    struct fx_arena *arena;
    struct fx_decoded *into;
};

/* What is given to capture->sink is copied into the arena, and noted in *into. */
void fx_capture_init(struct fx_capture *capture, struct fx_arena *arena);

#endif
