#include "signin/gate.h"

#include "base/clock.h"
#include "base/lock.h"

void gate_init(struct gate *gate)
{
    *gate = (struct gate){0};
    pthread_mutex_init(&gate->lock, NULL);
    lock_init_condition(&gate->left);
}

void gate_fini(struct gate *gate)
{
    pthread_cond_destroy(&gate->left);
    pthread_mutex_destroy(&gate->lock);
}

/* With the lock: a free place, or the one that was taken first. */
static int first_place(const struct gate *gate)
{
    int first = 0;
    for (int i = 1; i < GATE_ROOM; i++)
        if (gate->since[i] < gate->since[first])
            first = i;
    return first;
}

int gate_enter(struct gate *gate)
{
    int place;
    lock_take(&gate->lock);
    while (gate->since[place = first_place(gate)] != 0) {
        int64_t slow = gate->since[place] + GATE_SLOW;
        if (clock_monotonic() >= slow) {
            place = -1;
            break;
        }
        lock_wait_until(&gate->left, &gate->lock, slow);
    }
    if (place >= 0)
        gate->since[place] = clock_monotonic();
    lock_release(&gate->lock);
    return place;
}

void gate_leave(struct gate *gate, int place)
{
    lock_take(&gate->lock);
    gate->since[place] = 0;
    pthread_cond_signal(&gate->left);
    lock_release(&gate->lock);
}
