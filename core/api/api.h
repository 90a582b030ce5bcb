/* The JSON services of docs/openapi.yaml, one file for each resource.
 *
 * A request is answered on the HTTP loop when its token is known and its answer is in the cache
 * or unchanged; else on a thread of the storage pool, by straight-line code with a storage
 * handle. */
#ifndef HEARTH_CORE_API_API_H
#define HEARTH_CORE_API_API_H

#include <jansson.h>

#include "auth/doors.h"
#include "auth/session.h"
#include "http/http.h"
#include "merge/collections.h"
#include "nodes/nodes.h"

struct api;
struct conf_list;
struct hearth_removed_here;
struct push;
struct removed_here_result;
struct search;

struct api_options {
    struct nodes *nodes; /* borrowed; this process answers for the accounts of nodes->own */
    struct search *search;
    int64_t storage_timeout; /* ms that the storage has for a request */
    int64_t export_timeout;  /* ms that it has for a download */
    /* makes downloads: they take long, and must not keep readers waiting */
    struct http_pool export_pool;
    size_t cache_memory;  /* bytes for answers that are still valid */
    const char *base_url; /* the address people use; NULL: unknown */
    struct session_limits sessions;
    struct allow *allow; /* [auth] allow; borrowed, NULL: whoever has an account */
    const char *version; /* JSON text of GET /version */
    /* What the rest of the daemon does for the services; ctx first. All may block, on a pool
     * thread, except is_syncing and touch_last_seen: these look at memory. token: the id of what
     * was shown; "". */
    int (*request_sync)(void *ctx, const char *account, struct err *err);
    void (*touch_last_seen)(void *ctx, const char *account, const char *token);
    bool (*is_syncing)(void *ctx, const char *account);
    /* why the next sync is when it is; looks at memory */
    struct hearth_sentence (*explain_next)(void *ctx, const struct hearth_account *account);
    /* An account's data have ended, here or as another process or a command says: its sync
     * plugin knows it no more. Also on the thread that hears events. */
    void (*account_removed)(void *ctx, const char *account);
    /* A token, session or the account itself has ended: event streams of the account show again
     * who they are. Must not block. */
    void (*authority_ended)(void *ctx, const char *account);
    /* The same for the other processes: an event of the queue, which they give to
     * api_heard_end(). For two seconds at most. */
    int (*notify_others)(void *ctx, const char *account, const char *event, struct err *err);
    /* The data of an account changed: an event of the queue, which every process hears, this one,
     * too. */
    void (*notify_all)(void *ctx, const char *account, const char *event);
    /* The same for apps without a stream; NULL: nobody sends push messages here. Borrowed. */
    struct push *push;
    /* What is known at the moment, for /readyz, on the loop: must not block. Appends a sentence
     * to `reasons` for each thing without which this process is of no use, and to `queue` what
     * is the matter with the queue. NULL: always ready. */
    void (*readiness)(void *ctx, struct buf *reasons, struct buf *queue);
    void *ctx;
};

/* Brings what is in memory for search up to date in the background; made before the engine,
 * whose search_config has api_refresh() and this as its ctx. */
struct api_refresher;
int api_refresher_create(struct nodes *nodes, int64_t storage_timeout,
                         struct api_refresher **ret_refresher, struct err *err);
void api_refresh(void *refresher, struct search *search, const char *account, int64_t generation);
/* Ends what runs, and search_stop(). At the daemon's end, before the storage is closed; accepts
 * NULL. */
void api_refresher_stop(struct api_refresher *refresher, struct search *search);
/* after search_destroy(); accepts NULL */
void api_refresher_destroy(struct api_refresher *refresher);

int api_create(const struct api_options *options, struct api **ret_api, struct err *err);
void api_destroy(struct api *api); /* accepts NULL */
/* Its routes, for all listeners; they live as long as api. Their workers are
 * struct node_storages *. */
const struct http_route *api_routes(struct api *api, size_t *ret_count);
/* http_options.auth_free. */
void api_auth_free(void *auth);
/* The data of an account changed: its answers of older generations are out of date. Any thread. */
void api_changed(struct api *api, const char *account, int64_t generation);
/* The same by somebody here, not by a sync: what is kept in memory is out of date at once, and all
 * processes and event streams hear of it. changed: as merge_changed_event() has it. Any thread that
 * may wait for the queue. */
void api_tell_changed(struct api *api, const char *account, int64_t generation, unsigned changed);
/* What a removal changes. */
enum { API_REMOVAL_CHANGES = MERGE_CHANGED(HEARTH_HISTORY) };
/* A removal as somebody says it, in JSON or in a form. 0, NULL: not said. since, until: ms; below 0
 * where what was said is no time. */
struct api_removal_said {
    const char *kind, *host; /* kind: as in /api/v1/removals */
    int64_t page, date, type, since, until;
};
enum { API_REMOVAL_HOST = 256, API_REMOVAL_TYPE_MAX = 9 };
/* What is meant by it: nothing but what belongs to its kind, the host as pages have it. host: what
 * ret_removed->host points to then. False: nothing that can be removed; ret_why: the reason, for
 * the person. */
bool api_removal_check(const struct api_removal_said *said, char host[API_REMOVAL_HOST],
                       struct hearth_removed_here *ret_removed, struct hearth_sentence *ret_why);
/* merge_removed_here_put() for a person, with all that has to hear of it. Of `removed` kind and
 * what it says are given; id (in ret_result) and created are filled in. */
int api_removal_put(struct api *api, struct node_storages *storages, struct storage *storage,
                    const char *account, struct hearth_removed_here *removed,
                    struct removed_here_result *ret_result, struct err *err);
/* Why that was FULL: the account has as many as there can be. Else it is a disk's word. */
bool api_removals_are_full(struct storage *storage, const char *account);
/* Kept out no longer; the next sync is a complete one, which brings what its source still has.
 * NOT_FOUND: there is none of that id. */
int api_removal_take_back(struct storage *storage, const char *account, const char *id,
                          struct err *err);
/* Who asks for a page, on a pool thread: an account of this node, or of another (ret_node). 0,
 * DENIED: nobody, API_BARRED: somebody whose address [auth] allow does not name, or why it could
 * not be found out. `session`: the id of the browser's session; "" with another proof. */
enum { API_BARRED = -1001 };
struct api_person {
    char account[40], session[16];
    size_t node;
    bool read_only;   /* what they have shown lets them change nothing */
    struct door door; /* what they have shown; its texts live as long as the request */
};
int api_who(struct api *api, struct http_request *request, struct node_storages *storages,
            struct api_person *ret_person, struct err *err);
/* Hides a device of the account, or shows it again, and tells everybody. On a pool thread, the
 * account of this node. NOT_FOUND: there is no such device. */
int api_hide_device(struct api *api, struct storage *storage, const char *account,
                    const char *device, bool hidden, struct err *err);
/* A GET of a service, from inside and on behalf of an account of this node. path: as in the
 * table of services, "/api/v1/bookmarks/" with its argument apart. 0 with the JSON of a 200
 * (json_decref()), NOT_FOUND, INVALID, or why there was none. */
struct api_internal_request {
    const char *path, *argument;
    const char *const *names, *const *values;
    size_t count;
};
int api_internal_get(struct api *api, struct node_storages *storages, const char *account,
                     const struct api_internal_request *inner, json_t **ret_answer,
                     struct err *err);
/* Forgets what is kept in memory of an account, or of all (NULL), and who its people's tokens,
 * sessions and names are, here and in the other processes: event streams end. Any thread that
 * may wait for the queue. */
void api_forget(struct api *api, const char *account);
/* A token or session of the account has ended: who its people's tokens are is forgotten,
 * everywhere, and its event streams end. */
void api_forget_tokens(struct api *api, const char *account);
/* The same, or with_data as api_forget(); an error when the others could not be told. */
int api_end(struct api *api, const char *account, bool with_data, struct err *err);
/* Somebody else did that. Any thread. */
void api_heard_end(struct api *api, const char *account, bool with_data);
/* The event that says so: JSON with "event":"ended", perhaps "data":true. A constant. */
const char *api_ended_event(bool with_data);

#endif
