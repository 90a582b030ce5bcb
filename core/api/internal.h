/* What the resources share. */
#ifndef HEARTH_CORE_API_INTERNAL_H
#define HEARTH_CORE_API_INTERNAL_H

#include <jansson.h>
#include <pthread.h>

#include "api/api.h"
#include "api/item.h"
#include "api/messages.h"
#include "api/response_cache.h"
#include "auth/token.h"
#include "base/backoff.h"
#include "base/log.h"
#include "base/rate.h"
#include "base/str.h"
#include "search/search.h"

enum {
    API_LIMIT_DEFAULT = 50,
    API_LIMIT_MAX = 500,
    API_TEXT_MAX = 4096,
    API_ID_MAX = 64,
    API_HOST_MAX = 255
};

/* The collections of which devices and their tabs are, MERGE_CHANGED() of each. */
enum { API_ON_TABS = MERGE_CHANGED(HEARTH_CLIENTS) | MERGE_CHANGED(HEARTH_TABS) };

enum proof_kind { PROOF_TOKEN = 1, PROOF_BROWSER, PROOF_PROXY };

/* What a request brings to show who asks. */
struct proof {
    enum proof_kind kind;
    uint8_t hash[TOKEN_HASH_SIZE];
};

/* Who asks. */
struct identity {
    char account[40], token[16];
    int64_t created; /* of the token or session */
    size_t node;     /* where the account is; NODES_NONE: nowhere, the token is not known */
    enum proof_kind kind;
    bool read_only;
    bool barred; /* nowhere: the account's address is not in [auth] allow */
};

struct api_call {
    struct api *api;
    struct http_request *request;
    struct http_reply *reply;
    struct node_storages *storages; /* of this thread */
    /* of the own node; NULL on open endpoints when no handle can be opened there */
    struct storage *storage;
    const struct identity *who; /* NULL on open endpoints */
    const char *account;        /* who->account */
    int64_t generation;         /* of the account, when the call began */
    int64_t newest;             /* of what the endpoint reads */
    int64_t now;                /* when that was */
    struct err err;
};

enum api_flag {
    API_OPEN = 1,      /* no authentication */
    API_CHANGES = 2,   /* refused to read-only tokens */
    API_AT_ONCE = 4,   /* of no account, never waits: answered on the loop */
    API_EXPORTS = 8,   /* takes long: on the pool of exports */
    API_SECRET = 16,   /* what comes or goes is a secret */
    API_SUGGESTS = 32, /* the answer is of the type API_SUGGESTIONS, not plain JSON */
    API_PICKED = 64,   /* what the person has picked counts in it */
};

#define API_SUGGESTIONS "application/x-suggestions+json"

/* An endpoint: what route->data points to. Returns 0 (the reply is filled), or a negative code
 * with call->err. */
struct api_endpoint {
    struct api *api;
    int (*run)(struct api_call *call);
    /* asks the storage ahead for what it is going to read, STORAGE_ASK(); NULL */
    void (*ask)(struct api_call *call);
    unsigned flags;
    /* The answer depends on these collections and the request alone: ETag, 304, cache.
     * MERGE_CHANGED() of each; 0: it does not. */
    unsigned reads;
};

struct api {
    struct api_options options;
    struct http_route *routes;
    struct api_endpoint *endpoints;
    struct response_cache *cache;
    struct token_cache *tokens;
    struct generations *generations;
    struct rate *refused; /* wrong tokens that were logged, by address */
    /* accounts for which a proxy vouched lately, with the client's address */
    struct rate *vouched;
    struct backoff *asked; /* accounts that asked for a sync within 30 s */
    char *version;
};

/* of a GET; the path must be in the table */
const struct api_endpoint *api_endpoint_by_path(const struct api *api, const char *path);

/* --- answers (reply.c) --- */
/* Status 200 with this JSON; takes the reference. */
int api_reply_json(struct api_call *call, json_t *value);
/* A list that is rendered row by row: the prefix, e.g. "{\"items\":[", then rows, then
 * api_list_end(). */
void api_list_begin(struct api_call *call, const char *prefix);
/* takes the reference; NULL is an error at the end */
void api_list_add(struct api_call *call, json_t *row);
/* closes with "next"; NULL: null */
void api_list_end(struct api_call *call, const char *next);
/* closes with this text */
void api_list_close(struct api_call *call, const char *suffix);
int api_problem(struct api_call *call, int status, struct hearth_sentence sentence); /* returns 0 */
/* How people reach this server, without a slash at the end: as configured, else as this request
 * did. In the arena; NULL when memory is short. */
char *api_base_url(struct api_call *call);
json_t *api_text(const char *text); /* a string, or null for NULL */
json_t *api_time(int64_t ms);       /* an integer, or null for 0 */

/* --- parameters (params.c): false: call->reply is a 400 that names the parameter --- */
bool api_limit(struct api_call *call, size_t *ret_limit);
bool api_int_parameter(struct api_call *call, const char *name, int64_t fallback, int64_t *ret);
/* NULL: absent; at most 4 KiB */
bool api_text_parameter(struct api_call *call, const char *name, const char **ret);
/* The cursor's fields: up to `count` integers and a text. *ret_given: was there one? `kind`: a
 * letter that keeps listings apart. */
bool api_cursor(struct api_call *call, char kind, int64_t *ret_numbers, size_t count,
                const char **ret_text, bool *ret_given);
/* in the arena */
char *api_make_cursor(struct api_call *call, char kind, const int64_t *numbers, size_t count,
                      const char *text);
/* Letters of ASCII in lower case, as hosts are; in the arena. NULL stays NULL. */
const char *api_lower(struct api_call *call, const char *text);
/* This browser's session has ended: 204, and it forgets its cookie and what it kept. */
void api_sign_out_here(struct api_call *call);
/* an object, depth and size bounded; NULL: the reply is a 400 or 415 */
json_t *api_body(struct api_call *call);

/* --- who asks (auth.c) --- */
struct token_cache *api_token_cache_create(void);
void api_token_cache_destroy(struct token_cache *cache);
bool api_token_cache_get(struct token_cache *cache, const uint8_t hash[TOKEN_HASH_SIZE],
                         struct identity *ret_identity);
/* Before a token is looked up: what is found is kept only if nothing was forgotten meanwhile. */
uint64_t api_token_cache_begin(struct token_cache *cache);
/* begun: of api_token_cache_begin(). life: ms until the token is over; kept for ten seconds at
 * most. */
void api_token_cache_put(struct token_cache *cache, uint64_t begun,
                         const uint8_t hash[TOKEN_HASH_SIZE], const struct identity *identity,
                         int64_t life);
void api_token_cache_clear(struct token_cache *cache);
/* An API token before what a proxy says before a cookie. False: none, or malformed. */
bool api_auth_proof(struct http_request *request, struct proof *ret_proof);
/* A request that changes something, made by another site's page in somebody's signed-in browser. */
bool api_auth_is_forged(const struct api *api, const struct http_request *request,
                        const struct proof *proof);
/* Nobody who is known here: what becomes 401. A code of its own, because a storage's DENIED says
 * that it refuses this server. */
enum { AUTH_NOBODY = -1000 };
/* On a pool thread. 0, AUTH_NOBODY, API_BARRED, or why it could not be looked up. */
int api_auth_look_up(struct api_call *call, const struct proof *proof,
                     struct identity *ret_identity);
/* Somebody of this node is here. Reading writes nothing: this is a note in memory. Any thread. */
void api_auth_touch_last_seen(struct api *api, const struct identity *identity);
void api_auth_refuse(struct http_reply *reply);
/* What this was asked for with has ended since: answered as if it had not been good. */
int api_ended(struct api_call *call);
/* For those who make further rows from it (auth/doors.h). Its texts live as long as the request. */
int api_auth_door(struct http_request *request, const struct identity *identity,
                  struct door *ret_door, struct err *err);
void api_auth_refuse_barred(struct http_reply *reply);
/* Does the name that a proxy asserted, remembered as this hash, still open the account? 0,
 * NOT_FOUND, or why it could not be looked up. */
int api_auth_check_name(struct storage *storage, const char *account,
                        const uint8_t hash[TOKEN_HASH_SIZE], struct err *err);
void api_auth_refuse_forged(struct http_reply *reply);

/* What was known of who asks is forgotten: a token, session or the account has ended. In this
 * process, and its event streams end; api_forget_tokens() tells the others, too. */
void api_auth_forget_here(struct api *api, const char *account);

/* --- the audit trail (audit.c) --- */
/* What this person did: log_audit() with "address" and "account" and at most one pair more. */
#define api_audit(call, event, ...) api_audit_pairs((call), (event), LOG_PAIRS(__VA_ARGS__))
void api_audit_pairs(const struct api_call *call, const char *event, const struct log_pair *pairs);
/* code: AUTH_NOBODY or API_BARRED. */
void api_audit_refused(struct api *api, const struct http_request *request, int code);
void api_audit_proxy(const struct api_call *call, const char *account);

/* --- which node (node.c) --- */
/* Sends the client to the node that has the account: 307, or 421 for requests that change
 * something. Returns 0. */
int api_node_elsewhere(struct api_call *call, size_t node);
void api_node_set_cookie(struct api_call *call, size_t node);
/* Where the one who shows this is, if not here. 0, AUTH_NOBODY (nowhere), or why it could not be
 * found out. */
int api_node_of_proof(struct api_call *call, const struct proof *proof, size_t *ret_node);

/* --- what is current (generations.c) --- */
struct generations *api_generations_create(void);
void api_generations_destroy(struct generations *generations);
/* of[HEARTH_COLLECTION_NONE]: the account's; of[c]: of a collection, 0: it has had none. */
struct account_generations {
    int64_t of[HEARTH_COLLECTION_SLOTS];
};
/* From the storage; generation: the account's. */
int api_generations_read(struct api_call *call, int64_t generation,
                         struct account_generations *ret_of);
/* The same asked ahead, STORAGE_ASK(). */
void api_generations_ask(struct api_call *call);
/* The newest of these, MERGE_CHANGED() of each. */
int64_t api_generations_newest(const struct account_generations *of, unsigned collections);
/* False: unknown. */
bool api_generations_get(struct generations *generations, const char *account,
                         struct account_generations *ret_of);
/* As the storage says. */
void api_generations_set(struct generations *generations, const char *account,
                         const struct account_generations *of);
/* The account has got this one, nobody says what of. */
void api_generations_outdate(struct generations *generations, const char *account,
                             int64_t generation);
void api_generations_forget(struct generations *generations, const char *account); /* NULL: all */

/* --- validators and cache (validate.c) --- */
enum { API_NO_GENERATION = -1 };
struct validator {
    int64_t generation; /* API_NO_GENERATION: only its content counts */
    uint64_t request;   /* and whose */
    uint64_t content;   /* 0: not known */
    enum http_coding coding;
};
enum { API_VALIDATOR_SIZE = 64 };
struct validator api_validator(const struct http_request *request, const char *account,
                               int64_t generation);
uint64_t api_validator_content(const void *bytes, size_t size);
void api_validator_format(const struct validator *validator, char ret[API_VALIDATOR_SIZE]);
/* Gives a reply its validator, or makes it a 304: true. */
bool api_validate_compare(struct http_request *request, const struct validator *validator,
                          struct http_reply *reply);
/* generation: the newest of what the endpoint reads. True: the reply is filled. */
bool api_validate_from_cache(const struct api_endpoint *endpoint, struct http_request *request,
                             const char *account, int64_t generation, struct http_reply *reply);
/* Of an answer that was made: its validator, or 304; and it is kept. */
void api_validate_keep(struct api_call *call, const struct api_endpoint *endpoint);
/* The same of one that depends on more than collections, and is not kept. */
void api_validate_content(struct api_call *call);

/* source.c: what is in memory of the account's lists, as it is now; search_index_done(). 0, or a
 * code with call->err filled. */
int api_index(struct api_call *call, enum search_index which, struct index **ret_index);

/* --- resources --- */
void api_bookmarks_ask(struct api_call *call);
void api_devices_ask(struct api_call *call);
void api_tabs_ask(struct api_call *call);
void api_history_ask(struct api_call *call);
void api_page_ask(struct api_call *call);
int api_node_get(struct api_call *call);
int api_me_get(struct api_call *call);
int api_me_delete(struct api_call *call);
int api_sync_post(struct api_call *call);
int api_devices_get(struct api_call *call);
/* All devices with their tabs, hidden ones too, as a list behind what the body has. */
int api_devices_add_all(struct api_call *call);
int api_device_patch(struct api_call *call);
int api_changes_get(struct api_call *call);
int api_tabs_get(struct api_call *call);
int api_bookmarks_get(struct api_call *call);
int api_bookmark_get(struct api_call *call);
int api_tags_get(struct api_call *call);
int api_history_get(struct api_call *call);
int api_history_days_get(struct api_call *call);
int api_history_sites_get(struct api_call *call);
int api_page_get(struct api_call *call);
int api_search_get(struct api_call *call);
int api_search_picked_post(struct api_call *call);
int api_suggest_get(struct api_call *call);
int api_events_get(struct api_call *call);
int api_settings_get(struct api_call *call);
int api_settings_patch(struct api_call *call);
int api_sessions_get(struct api_call *call);
int api_sessions_delete(struct api_call *call);
int api_session_delete(struct api_call *call);
int api_own_session_delete(struct api_call *call);
int api_links_post(struct api_call *call);
int api_tokens_get(struct api_call *call);
int api_tokens_post(struct api_call *call);
int api_token_delete(struct api_call *call);
int api_push_get(struct api_call *call);
int api_push_post(struct api_call *call);
int api_push_delete(struct api_call *call);
int api_removals_get(struct api_call *call);
int api_removals_post(struct api_call *call);
int api_removal_delete(struct api_call *call);
int api_export_get(struct api_call *call);
int api_healthz_get(struct api_call *call);
int api_readyz_get(struct api_call *call);
int api_version_get(struct api_call *call);
int api_metrics_get(struct api_call *call);

#endif
