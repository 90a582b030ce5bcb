#include "queue.h"

#include <string.h>

enum { FIRST_PAUSE = 100, LONGEST_PAUSE = 2000 };

int gate_pass(struct queue *queue, struct hearth_call *call)
{
    struct gate *gate = &queue->gate;
    pthread_mutex_lock(&gate->lock);
    int failures = gate->failures;
    char why[sizeof(gate->why)];
    memcpy(why, gate->why, sizeof(why));
    int64_t left = gate->next - queue->host->monotonic_ms(queue->host);
    pthread_mutex_unlock(&gate->lock);
    if (failures == 0 || left <= 0)
        return 0;
    call->retry_after = left;
    return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "%s", why);
}

/* The pause before attempt n: none, 100 ms, 200 ms … 2 s, a quarter more or less, so that processes do not come back together. */
void gate_report(struct queue *queue, bool connected, const char *why)
{
    struct gate *gate = &queue->gate;
    uint32_t dice;
    queue->host->random(queue->host, &dice, sizeof(dice));
    pthread_mutex_lock(&gate->lock);
    gate->failures = connected ? 0 : gate->failures + 1;
    snprintf(gate->why, sizeof(gate->why), "%s", connected ? "" : why);
    int doublings = gate->failures - 2;
    int64_t pause = doublings < 0 ? 0 : doublings > 6 ? LONGEST_PAUSE : FIRST_PAUSE << doublings;
    if (pause > LONGEST_PAUSE)
        pause = LONGEST_PAUSE;
    gate->next = queue->host->monotonic_ms(queue->host) + pause * 3 / 4 + (int64_t)(dice % (uint32_t)(pause / 2 + 1));
    pthread_mutex_unlock(&gate->lock);
}

bool gate_is_silent(struct queue *queue)
{
    pthread_mutex_lock(&queue->gate.lock);
    bool silent = queue->host->monotonic_ms(queue->host) < queue->gate.silent;
    pthread_mutex_unlock(&queue->gate.lock);
    return silent;
}

void gate_report_silence(struct queue *queue)
{
    pthread_mutex_lock(&queue->gate.lock);
    queue->gate.silent = queue->host->monotonic_ms(queue->host) + queue->command_timeout;
    pthread_mutex_unlock(&queue->gate.lock);
}
