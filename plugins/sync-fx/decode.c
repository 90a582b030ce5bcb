#include "decode.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hearth/plugin.h"
#include "support/buf.h"

/* FEW: so many are decoded where they come. CHUNK_*: what goes to a thread at once; a record
 * beyond LARGE is decoded alone, when all before it are through, so that no more than one is in
 * memory. */
enum { FEW = 256, CHUNK_LINES = 128, CHUNK_BYTES = 64 << 10, LARGE = 256 << 10, SPARE = 3 };

enum chunk_state { CHUNK_EMPTY, CHUNK_QUEUED, CHUNK_BUSY, CHUNK_DONE };

struct chunk {
    enum chunk_state state; /* under the lock */
    struct support_buf text;
    size_t count, end[CHUNK_LINES]; /* of each line in `text` */
    struct fx_decoded decoded[CHUNK_LINES];
    struct fx_arena arena; /* of what they point to */
};

/* What a thread decodes with. */
struct bench {
    struct fx_decode *decode;
    struct fx_decoder decoder;
    pthread_t thread;
};

struct fx_decode {
    struct fx_decode_options options;
    struct bench own;
    struct fx_arena arena; /* of a line that is decoded where it comes */
    int64_t lines;
    int failed;           /* what on_decoded() returned */
    pthread_mutex_t lock; /* guards the states and what follows; a leaf */
    pthread_cond_t work, done;
    bool stop;
    struct bench threads[FX_DECODE_THREADS_MAX];
    int thread_count; /* -1: not yet started */
    struct chunk *ring;
    /* chunks since the beginning: [first, filling) are queued, busy or done */
    size_t size, first, filling;
};

/* --- one line --- */

static void decode_record(struct bench *bench, struct fx_arena *arena, const struct fx_json *json,
                          struct fx_decoded *ret_decoded)
{
    const struct fx_decode_options *options = &bench->decode->options;
    struct fx_record record = {.id = ret_decoded->id,
                               .modified = ret_decoded->modified,
                               .json = json,
                               .size = ret_decoded->size};
    struct fx_capture capture;
    fx_capture_init(&capture, arena);
    capture.into = ret_decoded;
    struct fx_translate t = {.arena = arena, .sink = &capture.sink, .now = options->now};
    ret_decoded->verdict = options->translate(&t, &record);
    ret_decoded->why = t.why;
}

static void decode_line(struct bench *bench, struct fx_arena *arena, const char *line, size_t size,
                        struct fx_decoded *ret_decoded)
{
    struct fx_bso bso;
    const struct fx_json *json = NULL;
    memset(ret_decoded, 0, sizeof(*ret_decoded));
    ret_decoded->status = fx_bso_read(&bench->decoder, line, size, &bso);
    if (ret_decoded->status == FX_BSO_OK)
        ret_decoded->status =
            fx_bso_open(&bench->decoder, bench->decode->options.key, &bso, arena, &json);
    memcpy(ret_decoded->id, bso.id, sizeof(bso.id));
    if (ret_decoded->status == FX_BSO_OTHER_ID)
        memcpy(ret_decoded->other_id, bench->decoder.other_id, sizeof(ret_decoded->other_id));
    if (ret_decoded->status != FX_BSO_OK)
        return;
    ret_decoded->modified = bso.modified * 10;
    ret_decoded->size = bench->decoder.plain.size;
    if (bench->decode->options.translate == NULL)
        ret_decoded->json = json;
    else
        decode_record(bench, arena, json, ret_decoded);
}

static void decode_too_large(const char *head, size_t size, struct fx_decoded *ret_decoded)
{
    memset(ret_decoded, 0, sizeof(*ret_decoded));
    ret_decoded->status = FX_BSO_TOO_LARGE;
    if (!fx_bso_guess_id(head, size, ret_decoded->id))
        ret_decoded->id[0] = '\0';
}

static int decode_hand_over(struct fx_decode *decode, struct fx_decoded *decoded)
{
    if (decode->failed == 0)
        decode->failed = decode->options.on_decoded(decode->options.ctx, decoded);
    return decode->failed;
}

static int decode_here(struct fx_decode *decode, const char *line, size_t size, const char *head,
                       size_t head_size)
{
    struct fx_decoded decoded;
    if (line == NULL)
        decode_too_large(head, head_size, &decoded);
    else
        decode_line(&decode->own, &decode->arena, line, size, &decoded);
    int r = decode_hand_over(decode, &decoded);
    fx_arena_reset(&decode->arena);
    return r;
}

/* --- chunks --- */

static void decode_chunk(struct bench *bench, struct chunk *chunk)
{
    size_t start = 0;
    for (size_t i = 0; i < chunk->count; start = chunk->end[i++])
        if (chunk->decoded[i].status != FX_BSO_TOO_LARGE)
            decode_line(bench, &chunk->arena, chunk->text.data + start, chunk->end[i] - start,
                        &chunk->decoded[i]);
}

static void chunk_clear(struct chunk *chunk)
{
    chunk->count = chunk->text.size = 0;
    fx_arena_reset(&chunk->arena);
}

static struct chunk *chunk_at(struct fx_decode *decode, size_t at)
{
    return &decode->ring[at % decode->size];
}

/* The oldest chunk that nobody has begun becomes BUSY; NULL: there is none. With the lock. */
static struct chunk *chunk_take(struct fx_decode *decode)
{
    for (size_t i = decode->first; i < decode->filling; i++)
        if (chunk_at(decode, i)->state == CHUNK_QUEUED) {
            chunk_at(decode, i)->state = CHUNK_BUSY;
            return chunk_at(decode, i);
        }
    return NULL;
}

static void *decode_thread_main(void *arg)
{
    struct bench *bench = arg;
    struct fx_decode *decode = bench->decode;
    pthread_mutex_lock(&decode->lock);
    while (!decode->stop) {
        struct chunk *chunk = chunk_take(decode);
        if (chunk == NULL) {
            pthread_cond_wait(&decode->work, &decode->lock);
            continue;
        }
        pthread_mutex_unlock(&decode->lock);
        decode_chunk(bench, chunk);
        pthread_mutex_lock(&decode->lock);
        chunk->state = CHUNK_DONE;
        pthread_cond_signal(&decode->done);
    }
    pthread_mutex_unlock(&decode->lock);
    return NULL;
}

/* Without threads, or without memory for what they need, lines are decoded where they come. */
static void decode_start_threads(struct fx_decode *decode)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    long wanted = decode->options.threads >= 0 ? decode->options.threads : processors - 1;
    decode->thread_count = 0;
    if (wanted < 1)
        return;
    wanted = wanted > FX_DECODE_THREADS_MAX ? FX_DECODE_THREADS_MAX : wanted;
    decode->size = (size_t)wanted * 2 + SPARE;
    decode->ring = calloc(decode->size, sizeof(*decode->ring));
    for (long i = 0; decode->ring != NULL && i < wanted; i++) {
        struct bench *bench = &decode->threads[i];
        bench->decode = decode;
        if (fx_decoder_init(&bench->decoder) != 0)
            break;
        if (pthread_create(&bench->thread, NULL, decode_thread_main, bench) != 0) {
            fx_decoder_fini(&bench->decoder);
            break;
        }
        pthread_setname_np(bench->thread, "decoder");
        decode->thread_count++;
    }
}

/* Hands over the oldest chunk. `wait`: also when it is not done yet; false: it is not. */
static bool decode_finish_oldest(struct fx_decode *decode, bool wait)
{
    struct chunk *chunk = chunk_at(decode, decode->first);
    pthread_mutex_lock(&decode->lock);
    bool mine = wait && chunk->state == CHUNK_QUEUED;
    if (mine)
        chunk->state = CHUNK_BUSY;
    while (wait && !mine && chunk->state != CHUNK_DONE)
        pthread_cond_wait(&decode->done, &decode->lock);
    bool done = chunk->state == CHUNK_DONE;
    pthread_mutex_unlock(&decode->lock);
    if (!mine && !done)
        return false;
    if (mine)
        decode_chunk(&decode->own, chunk);
    for (size_t i = 0; i < chunk->count; i++)
        decode_hand_over(decode, &chunk->decoded[i]);
    chunk_clear(chunk);
    pthread_mutex_lock(&decode->lock);
    chunk->state = CHUNK_EMPTY;
    decode->first++;
    pthread_mutex_unlock(&decode->lock);
    return true;
}

/* The chunk that is being filled goes to the threads. The next one is free: what is oldest is
 * waited for. */
static int decode_submit(struct fx_decode *decode)
{
    if (chunk_at(decode, decode->filling)->count > 0) {
        pthread_mutex_lock(&decode->lock);
        chunk_at(decode, decode->filling++)->state = CHUNK_QUEUED;
        pthread_cond_signal(&decode->work);
        pthread_mutex_unlock(&decode->lock);
    }
    while (decode->first < decode->filling &&
           decode_finish_oldest(decode, decode->filling - decode->first == decode->size))
        ;
    return decode->failed;
}

static int chunk_add(struct chunk *chunk, const char *line, size_t size, const char *head,
                     size_t head_size)
{
    struct fx_decoded *decoded = &chunk->decoded[chunk->count];
    if (line == NULL)
        decode_too_large(head, head_size, decoded);
    else if (support_buf_append(&chunk->text, line, size) != 0)
        return HEARTH_ERR_NOMEM;
    else
        decoded->status = FX_BSO_OK;
    chunk->end[chunk->count++] = chunk->text.size;
    return 0;
}

int fx_decode_line(struct fx_decode *decode, const char *line, size_t size, const char *head,
                   size_t head_size)
{
    if (decode->failed != 0)
        return decode->failed;
    if (decode->lines++ < FEW || decode->options.translate == NULL)
        return decode_here(decode, line, size, head, head_size);
    if (decode->thread_count < 0)
        decode_start_threads(decode);
    if (decode->thread_count == 0)
        return decode_here(decode, line, size, head, head_size);
    if (size > LARGE) {
        int r = fx_decode_drain(decode);
        return r != 0 ? r : decode_here(decode, line, size, head, head_size);
    }
    struct chunk *chunk = chunk_at(decode, decode->filling);
    if (chunk->count > 0 && chunk->text.size + size > CHUNK_BYTES) {
        int r = decode_submit(decode);
        if (r != 0)
            return r;
        chunk = chunk_at(decode, decode->filling);
    }
    int r = chunk_add(chunk, line, size, head, head_size);
    return r == 0 && chunk->count == CHUNK_LINES ? decode_submit(decode) : r;
}

int fx_decode_drain(struct fx_decode *decode)
{
    if (decode->thread_count > 0) {
        decode_submit(decode);
        while (decode->first < decode->filling)
            decode_finish_oldest(decode, true);
    }
    return decode->failed;
}

void fx_decode_drop(struct fx_decode *decode)
{
    decode->failed = HEARTH_ERR_CANCELLED; /* nothing is handed over */
    if (decode->thread_count > 0) {
        chunk_clear(chunk_at(decode, decode->filling));
        fx_decode_drain(decode);
    }
    decode->failed = 0;
}

/* --- life --- */

struct fx_decode *fx_decode_create(const struct fx_decode_options *options)
{
    struct fx_decode *decode = calloc(1, sizeof(*decode));
    if (decode == NULL || fx_decoder_init(&decode->own.decoder) != 0) {
        free(decode);
        return NULL;
    }
    decode->options = *options;
    decode->own.decode = decode;
    decode->thread_count = -1;
    pthread_mutex_init(&decode->lock, NULL);
    pthread_cond_init(&decode->work, NULL);
    pthread_cond_init(&decode->done, NULL);
    return decode;
}

void fx_decode_destroy(struct fx_decode *decode)
{
    if (decode == NULL)
        return;
    pthread_mutex_lock(&decode->lock);
    decode->stop = true;
    pthread_cond_broadcast(&decode->work);
    pthread_mutex_unlock(&decode->lock);
    for (int i = 0; i < decode->thread_count; i++) {
        pthread_join(decode->threads[i].thread, NULL);
        fx_decoder_fini(&decode->threads[i].decoder);
    }
    for (size_t i = 0; decode->ring != NULL && i < decode->size; i++) {
        support_buf_fini(&decode->ring[i].text);
        fx_arena_fini(&decode->ring[i].arena);
    }
    free(decode->ring);
    fx_arena_fini(&decode->arena);
    fx_decoder_fini(&decode->own.decoder);
    pthread_cond_destroy(&decode->done);
    pthread_cond_destroy(&decode->work);
    pthread_mutex_destroy(&decode->lock);
    free(decode);
}
