#include "queue.h"
#include "support/call.h"

bool gate_is_silent(struct queue *queue)
{
    return support_now(queue->host) < atomic_load(&queue->silent);
}

void gate_report_silence(struct queue *queue)
{
    atomic_store(&queue->silent, support_now(queue->host) + queue->command_timeout);
}
