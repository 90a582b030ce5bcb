/* The life of it, and its thread. */
#include "push/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/magic.h"
#include "base/thread.h"
#include "push/internal.h"

enum { PUSH_MAGIC = 0x50550001, CONNECTIONS = 48 };

int push_create(const struct push_options *options, struct push **ret_push, struct err *err)
{
    struct push *push = calloc(1, sizeof(*push));
    if (push == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    /* Many accounts have one service's host: what bounds an account is its own limit. */
    struct net_options net = {.max_connections_per_host = CONNECTIONS,
                              .max_connections = CONNECTIONS,
                              .ca_file = options->ca_file};
    push->magic = PUSH_MAGIC;
    push->options = *options;
    /* apart from the one of syncs: whoever may name hosts here holds up nobody there */
    int r = net_start(&net, &push->net, err);
    if (r < 0) {
        free(push);
        return r;
    }
    push->noted = METRIC(PUSH_NOTES, "noted");
    push->dropped = METRIC(PUSH_NOTES, "dropped");
    push->sent = METRIC(PUSH_MESSAGES, "sent");
    push->failed = METRIC(PUSH_MESSAGES, "failed");
    push->ended = METRIC(PUSH_ENDED);
    nodes_storages_init(&push->storages, options->nodes);
    pthread_mutex_init(&push->lock, NULL);
    lock_init_condition(&push->changed);
    *ret_push = push;
    return 0;
}

void push_set_pace(struct push *push, const struct push_pace *pace)
{
    if (push == NULL)
        return;
    lock_take(&push->lock);
    push->options.pace = *pace;
    lock_release(&push->lock);
}

struct push_pace push_rules(const struct push *push)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&push->lock;
    lock_take(lock);
    struct push_pace rules = push->options.pace;
    lock_release(lock);
    return rules;
}

int push_key_of(const struct push *push, struct storage *storage, struct jose_ec_key *ret_key,
                struct err *err)
{
    return push_key_get(push->options.vault, storage, ret_key, err);
}

/* Until there is news, or something is due. */
static void push_wait_for_news(struct push *push, int64_t until)
{
    int r = 0;
    lock_take(&push->lock);
    while (!push->news && !atomic_load(&push->stop) && r == 0)
        r = lock_wait_until(&push->changed, &push->lock, until);
    push->news = false;
    lock_release(&push->lock);
}

static void conclude_what_is_over(struct push *push)
{
    for (size_t i = 0; i < PUSH_PARALLEL; i++)
        if (push->sendings[i].used && atomic_load(&push->sendings[i].over))
            push_conclude(&push->sendings[i]);
}

static void *push_main(void *arg)
{
    struct push *push = arg;
    char account[PUSH_ACCOUNT_SIZE];
    int64_t keys_due = 0;
    while (!atomic_load(&push->stop)) {
        int64_t now = clock_monotonic();
        if (keys_due != INT64_MAX && keys_due <= now) {
            int64_t pause = push_look_after_keys(push);
            keys_due = pause == 0 ? INT64_MAX : clock_monotonic() + pause;
        }
        conclude_what_is_over(push);
        bool room = push->under_way < PUSH_PARALLEL;
        while (room && !atomic_load(&push->stop) &&
               push_take_due(push, clock_monotonic(), account)) {
            push_serve_account(push, account);
            conclude_what_is_over(push);
            room = push->under_way < PUSH_PARALLEL;
        }
        int64_t next = room ? push_next_due(push) : INT64_MAX;
        push_wait_for_news(push, next < keys_due ? next : keys_due);
    }
    for (size_t i = 0; i < PUSH_PARALLEL; i++)
        if (push->sendings[i].used)
            push_conclude(&push->sendings[i]);
    explicit_bzero(push->keys, sizeof(push->keys));
    return NULL;
}

int push_start(struct push *push, struct err *err)
{
    ASSERT(push->magic == PUSH_MAGIC && !push->started);
    int r = pthread_create(&push->thread, NULL, push_main, push);
    if (r != 0)
        return thread_failed(err, r, "the push thread");
    pthread_setname_np(push->thread, "push");
    push->started = true;
    return 0;
}

void push_interrupt_node(struct push *push, size_t node)
{
    if (push != NULL)
        nodes_storages_interrupt_node(&push->storages, node);
}

static void interrupt_storages(void *ctx)
{
    nodes_storages_interrupt(&((struct push *)ctx)->storages);
}

void push_stop(struct push *push)
{
    if (push == NULL || atomic_exchange(&push->stop, true))
        return;
    push_wake(push);
    if (push->started)
        thread_join(push->thread, interrupt_storages, push);
    net_stop(push->net);
}

void push_destroy(struct push *push)
{
    if (push == NULL)
        return;
    ASSERT(push->magic == PUSH_MAGIC);
    push_stop(push);
    nodes_storages_close(&push->storages);
    net_destroy(push->net);
    pthread_cond_destroy(&push->changed);
    pthread_mutex_destroy(&push->lock);
    push->magic = 0;
    free(push);
}
