/* From a line of a collection to the cleartext record. */
#ifndef HEARTH_PLUGINS_SYNC_FX_BSO_H
#define HEARTH_PLUGINS_SYNC_FX_BSO_H

#include <stdbool.h>

#include "crypto.h"
#include "json_tree.h"
#include "support/buf.h"

enum { FX_ID_MAX = 65 };

struct fx_bso {
    char id[FX_ID_MAX];
    int64_t modified;    /* centiseconds */
    const char *payload; /* in the decoder's memory, until its next use */
    size_t payload_size;
};

/* A decrypted record. */
struct fx_record {
    const char *id;
    int64_t modified;           /* ms, server time */
    const struct fx_json *json; /* an object whose id is right */
    size_t size;                /* of the cleartext */
};

enum fx_bso_status {
    FX_BSO_OK = 0,
    FX_BSO_NOT_JSON,
    FX_BSO_NO_ID,
    FX_BSO_NO_MODIFIED,
    FX_BSO_NO_PAYLOAD,
    FX_BSO_BAD_FORMAT,
    FX_BSO_BAD_HMAC,
    FX_BSO_BAD_CIPHER,
    FX_BSO_BAD_TEXT,
    FX_BSO_OTHER_ID,
    FX_BSO_TOO_LARGE,
    FX_BSO_NOMEM
};

/* Buffers that are reused from record to record; one thread. */
struct fx_decoder {
    struct fx_box box;
    struct support_buf payload, work, plain;
    char other_id[FX_ID_MAX];
};

int fx_decoder_init(struct fx_decoder *decoder); /* NOMEM */
void fx_decoder_fini(struct fx_decoder *decoder);

/* The envelope. On failure ret_bso->id is the id when it could be read, else "". */
enum fx_bso_status fx_bso_read(struct fx_decoder *decoder, const char *line, size_t size,
                               struct fx_bso *ret_bso);

/* The id that a record too damaged to be read seems to have: what stands in `"id":"…"` near its
 * beginning. False: none. */
bool fx_bso_guess_id(const char *text, size_t size, char ret_id[FX_ID_MAX]);

/* 1 to FX_ID_MAX - 1 printable ASCII characters. */
bool fx_bso_is_id(const char *id, size_t size);

/* An element of a list of ids: a JSON string. False: no usable id. */
bool fx_bso_read_id(const char *line, size_t size, char ret_id[FX_ID_MAX]);

/* Decrypts and leaves the cleartext in decoder->plain. */
enum fx_bso_status fx_bso_decrypt(struct fx_decoder *decoder, const struct fx_key *key,
                                  const struct fx_bso *bso);

/* Decrypts and parses. ret_json is in the arena and in the decoder, until its next use.
 * FX_BSO_OTHER_ID: decoder->other_id is the one inside, "" when it is unusable. */
enum fx_bso_status fx_bso_open(struct fx_decoder *decoder, const struct fx_key *key,
                               const struct fx_bso *bso, struct fx_arena *arena,
                               const struct fx_json **ret_json);

const char *fx_bso_words(enum fx_bso_status status); /* "its HMAC is wrong" */

#endif
