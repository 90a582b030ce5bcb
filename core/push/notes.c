/* Accounts that have something to be told, in memory. */
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "push/internal.h"

void push_wait_until(struct push *push, const char *account, int64_t due)
{
    size_t i = 0;
    if (account[0] == '\0' || strlen(account) >= PUSH_ACCOUNT_SIZE) /* no account is called so */
        return;
    lock_take(&push->lock);
    while (i < push->waiting_count && strcmp(push->waiting[i].account, account) != 0)
        i++;
    if (i == PUSH_NOTES) {
        metrics_add(push->dropped, 1);
    } else {
        struct push_waiting *waiting = &push->waiting[i];
        if (i == push->waiting_count) {
            push->waiting_count++;
            snprintf(waiting->account, sizeof(waiting->account), "%s", account);
            waiting->due = due;
        }
        if (due < waiting->due)
            waiting->due = due;
        push->news = true;
        pthread_cond_signal(&push->changed);
    }
    lock_release(&push->lock);
}

void push_note(struct push *push, const char *account)
{
    if (push == NULL)
        return;
    metrics_add(push->noted, 1);
    push_wait_until(push, account, clock_monotonic() + PUSH_SETTLE);
}

bool push_take_due(struct push *push, int64_t now, char ret_account[PUSH_ACCOUNT_SIZE])
{
    bool found = false;
    lock_take(&push->lock);
    for (size_t i = 0; i < push->waiting_count && !found; i++) {
        if (push->waiting[i].due > now)
            continue;
        memcpy(ret_account, push->waiting[i].account, PUSH_ACCOUNT_SIZE);
        push->waiting[i] = push->waiting[--push->waiting_count];
        found = true;
    }
    lock_release(&push->lock);
    return found;
}

int64_t push_next_due(struct push *push)
{
    int64_t next = INT64_MAX;
    lock_take(&push->lock);
    for (size_t i = 0; i < push->waiting_count; i++)
        if (push->waiting[i].due < next)
            next = push->waiting[i].due;
    lock_release(&push->lock);
    return next;
}

void push_wake(struct push *push)
{
    lock_take(&push->lock);
    push->news = true;
    pthread_cond_signal(&push->changed);
    lock_release(&push->lock);
}
