/* A scripted host and a recording sink for sync-fx: no network. */
#ifndef HEARTH_TESTS_PLUGINS_SYNC_FX_FAKE_H
#define HEARTH_TESTS_PLUGINS_SYNC_FX_FAKE_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto.h"
#include "hearth/sync.h"
#include "json_tree.h"

enum { FAKE_STEPS = 128, FAKE_HEADERS = 8, FAKE_LOG = 1 << 16 };

/* One expected request and its answer. Texts are borrowed until the pull is over, unless
 * fake_text() made them. */
struct fake_step {
    /* "GET https://…": must match exactly; a trailing '*' matches any rest */
    const char *request;
    /* headers that must be there: "x-if-modified-since: 1700000000.00", "name: *part of the
     * value"; "!name": must not */
    const char *wants[4];
    int status;                        /* < 0: http_fetch() fails with it */
    int64_t retry_after;               /* ms that the host names when it does */
    const char *headers[FAKE_HEADERS]; /* "name: value" */
    const char *body;
    size_t chunk;         /* bytes a call of on_body; 0: all at once */
    void (*before)(void); /* runs when the request comes; or NULL */
};

struct fake {
    struct hearth_host host;
    struct hearth_call call;
    char error[512];
    struct fake_step steps[FAKE_STEPS];
    size_t step_count, next;
    int64_t now, monotonic, last_sync;
    bool stop;
    bool ahead; /* the host sends requests ahead: steps are in the order in which they are sent */
    const struct fake_step *under_way; /* one that was; NULL */
    int cancelled;                     /* so many of them */
    char log[4096];                    /* of the plugin */
    char events[FAKE_LOG];             /* of the sink: a line each */
    int fail_commit;                   /* code of the next commit; 0 */
    int32_t open;                      /* collection; the sink checks the order of the calls */
    char cursors[5][4096];             /* "" none: go to the next pull */
    void *allocations[1 << 14];
    size_t allocation_count;
    const struct hearth_sync *ops;
    void *self, *handle;
    const char *credentials;
    struct hearth_pull_result result;
    char words[HEARTH_MESSAGE_TEXT_MAX]; /* of fake_words() */
};

/* the plugin is open with its defaults, client_id "0123456789abcdef" */
struct fake *fake_create(void);
/* one key of the configuration changed (number or text) */
struct fake *fake_create_with(const char *key, const char *value);
/* fails the test if steps are left */
void fake_destroy(struct fake *f);
struct fake_step *fake_expect(struct fake *f, const char *request, int status, const char *body);
char *fake_text(struct fake *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct hearth_sync_sink fake_sink(struct fake *f);
void *fake_alloc(struct fake *f, size_t size); /* zeroed, until fake_destroy() */
const char *fake_words(struct fake *f);        /* what the result says, in English; "": nothing */
int fake_pull(struct fake *f);                 /* checks that every step was used */

/* A pull that returns 0 with this state, and these words in its detail. */
void fake_pull_ends(struct fake *f, int state, const char *words);
/* A back-off: least, and up to a quarter more. */
void fake_between(int64_t value, int64_t least);

/* A cleartext as a translation sees it, in the arena; fails the test when it is no JSON. */
const struct fx_json *fake_json(struct fx_arena *arena, const char *text);

/* Data of one account: sync key, bulk keys, records. */
extern const struct fx_key fake_sync_key, fake_bulk_key, fake_other_key;
/* {"ciphertext", …} */
char *fake_seal(struct fake *f, const struct fx_key *key, const char *cleartext);
/* A line of application/newlines, with its line feed. */
char *fake_bso(struct fake *f, const struct fx_key *key, const char *id, const char *modified,
               const char *cleartext);
char *fake_keys_bso(struct fake *f, const struct fx_key *sync_key, const struct fx_key *bulk,
                    const char *modified);
char *fake_meta_bso(struct fake *f, const char *sync_id, int version, const char *engines,
                    const char *declined);

/* A usual exchange, request by request. The storage server is FAKE_NODE. */
#define FAKE_TOKEN "GET https://token.services.mozilla.com/1.0/sync/1.5"
#define FAKE_NODE  "https://node.example/1.5/7"
#define FAKE_GET   "GET " FAKE_NODE "/"
#define FAKE_INFO                                                                                  \
    "{\"meta\":1795417400.10,\"crypto\":1795417400.20,\"clients\":1795417401,\"tabs\":1795417402." \
    "0,\"bookmarks\":1795417403.5,"                                                                \
    "\"history\":1795417404.04,\"forms\":1795417399.99}"
#define FAKE_ENGINES                                                                               \
    "\"clients\":{\"version\":1,\"syncID\":\"c1\"},\"tabs\":{\"version\":1,\"syncID\":\"t1\"},"    \
    "\"bookmarks\":{\"version\":2,\"syncID\":"                                                     \
    "\"b1\"},"                                                                                     \
    "\"history\":{\"version\":1,\"syncID\":\"h1\"}"
struct fake_step *fake_expect_token(struct fake *f);
struct fake_step *fake_expect_info(struct fake *f, const char *body);
struct fake_step *fake_expect_meta(struct fake *f);
struct fake_step *fake_expect_keys(struct fake *f);
struct fake_step *fake_expect_configuration(struct fake *f);
/* token, info, meta, keys, configuration */
void fake_expect_start(struct fake *f, const char *info);
/* A page: path behind storage/, X-Last-Modified, body of lines. headers[2], [3] are free for
 * more. */
struct fake_step *fake_expect_page(struct fake *f, const char *path, const char *last_modified,
                                   const char *body);
/* Devices, bookmarks, history as in FAKE_INFO, one record each. */
void fake_expect_devices(struct fake *f);
void fake_expect_bookmarks(struct fake *f);
void fake_expect_history(struct fake *f);
void fake_first_pull(struct fake *f); /* runs a whole first pull; everything is up to date then */

#endif
