#include "queue.h"
#include "support/call.h"

bool redis_breaker_is_open(struct queue *queue)
{
    return support_now(queue->host) < atomic_load(&queue->breaker_until);
}

void redis_breaker_trip(struct queue *queue)
{
    atomic_store(&queue->breaker_until, support_now(queue->host) + queue->command_timeout);
}
