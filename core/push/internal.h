/* What the files of push share. */
#ifndef HEARTH_CORE_PUSH_INTERNAL_H
#define HEARTH_CORE_PUSH_INTERNAL_H

#include <pthread.h>

#include "base/metrics.h"
#include "push/push.h"

enum { PUSH_NOTES = 1024, PUSH_PARALLEL = 32, PUSH_PARALLEL_ACCOUNT = 8, PUSH_ACCOUNT_SIZE = 40 };
/* ms: from a note to its message, so that one tells of several; after a storage did not answer;
 * for its calls */
enum { PUSH_SETTLE = 100, PUSH_PAUSE = 5000, PUSH_CALL_TIMEOUT = 5000 };

/* Who has something to be told. 48 KiB of them. */
struct push_waiting {
    char account[PUSH_ACCOUNT_SIZE];
    int64_t due; /* monotonic ms */
};

/* A message that is under way. Of the push thread, but for `over`. */
struct push_sending {
    struct push *push;
    bool used;
    atomic_bool over;
    struct net_exchange *exchange;
    struct call call;
    struct arena arena; /* of the row */
    char account[PUSH_ACCOUNT_SIZE];
    size_t node;
    struct hearth_push row; /* as it is to be afterwards */
    int64_t claimed;        /* the row's time while this is under way */
    int64_t told;           /* the generation that was told before */
    int status;             /* 0: no answer */
    int64_t retry_after;    /* ms; 0: none */
};

struct push {
    uint32_t magic;
    struct push_options options;
    struct net *net;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    struct node_storages storages; /* the thread's */
    struct jose_ec_key keys[NODES_MAX];
    bool has_key[NODES_MAX];
    struct push_sending sendings[PUSH_PARALLEL];
    size_t under_way;
    struct metric *noted, *dropped, *sent, *failed, *ended;
    pthread_mutex_t lock; /* a leaf; guards what follows, and options.pace */
    pthread_cond_t changed;
    bool news; /* noted or over since the thread last looked, or stop */
    struct push_waiting waiting[PUSH_NOTES];
    size_t waiting_count;
};

/* push.c: what is in force now. Any thread. */
struct push_pace push_rules(const struct push *push);

/* --- notes.c --- */

/* due: or earlier, if it waits already. */
void push_wait_until(struct push *push, const char *account, int64_t due);
/* One that is due is taken out. */
bool push_take_due(struct push *push, int64_t now, char ret_account[PUSH_ACCOUNT_SIZE]);
int64_t push_next_due(struct push *push);
void push_wake(struct push *push);

/* --- send.c: the push thread --- */

/* Sends what is to be sent to an account, and says when there is more. */
void push_serve_account(struct push *push, const char *account);
/* What is over is stored. */
void push_conclude(struct push_sending *sending);
/* Keys of all databases are there, or their storages are asked again later: ms; 0: all are. */
int64_t push_look_after_keys(struct push *push);

/* --- rows.c --- */

/* push_list(), and the others are removed: their token has ended, or nothing opens them. */
int push_list_swept(const struct push *push, struct storage *storage, const char *account,
                    struct arena *arena, struct push_rows *ret_rows, struct err *err);

/* --- outcome.c --- */

enum push_outcome { PUSH_TAKEN, PUSH_GONE, PUSH_FAILED, PUSH_GIVEN_UP };
/* What becomes of the row after an answer: status 0: none came. retry_after, now: ms. */
enum push_outcome push_settle(const struct push_pace *rules, int status, int64_t retry_after,
                              int64_t now, int64_t told, struct hearth_push *row);

#endif
