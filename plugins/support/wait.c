#include "support/wait.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

bool support_interrupt_init(struct support_interrupt *interrupt)
{
    *interrupt = (struct support_interrupt){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (interrupt->fd < 0)
        return false;
    pthread_mutex_init(&interrupt->lock, NULL);
    return true;
}

void support_interrupt_fini(struct support_interrupt *interrupt)
{
    pthread_mutex_destroy(&interrupt->lock);
    close(interrupt->fd);
}

void support_interrupt_enter(struct support_interrupt *interrupt)
{
    pthread_mutex_lock(&interrupt->lock);
    interrupt->running = true;
    pthread_mutex_unlock(&interrupt->lock);
}

void support_interrupt_leave(struct support_interrupt *interrupt)
{
    eventfd_t count;
    pthread_mutex_lock(&interrupt->lock);
    if (interrupt->raised)
        eventfd_read(interrupt->fd, &count);
    interrupt->running = interrupt->raised = false;
    pthread_mutex_unlock(&interrupt->lock);
}

void support_interrupt_raise(struct support_interrupt *interrupt)
{
    pthread_mutex_lock(&interrupt->lock);
    if (interrupt->running && !interrupt->raised) {
        interrupt->raised = true;
        eventfd_write(interrupt->fd, 1);
    }
    pthread_mutex_unlock(&interrupt->lock);
}

bool support_interrupt_is_raised(struct support_interrupt *interrupt)
{
    pthread_mutex_lock(&interrupt->lock);
    bool raised = interrupt->raised;
    pthread_mutex_unlock(&interrupt->lock);
    return raised;
}

struct support_wait_limit support_wait_limit_for(const struct hearth_host *host,
                                                 struct hearth_call *call,
                                                 struct support_interrupt *interrupt, int64_t wait,
                                                 int64_t grace)
{
    return (struct support_wait_limit){.host = host,
                                       .call = call,
                                       .interrupt = interrupt,
                                       .until = host->monotonic_ms(host) + wait,
                                       .grace = grace};
}

static void wait_limit_cancel(struct support_wait_limit *limit, int64_t now)
{
    limit->cancelled = true;
    if (limit->until > now + limit->grace)
        limit->until = now + limit->grace;
}

/* Once cancelled, the interrupt is not looked at again: what remains is the grace. The deadline
 * has none: whoever set it waits no longer. */
enum support_waited support_wait_fd(struct support_wait_limit *limit, int fd, short events)
{
    for (;;) {
        int64_t now = limit->host->monotonic_ms(limit->host), deadline = limit->call->deadline;
        bool late = deadline != 0 && now >= deadline; /* should_stop() says so, too */
        if (!limit->cancelled && !late && limit->host->should_stop(limit->call))
            wait_limit_cancel(limit, now);
        int64_t until = deadline != 0 && deadline < limit->until ? deadline : limit->until;
        int64_t most = limit->look > 0 && !limit->cancelled ? limit->look : 60000;
        int64_t wait = until <= now ? 0 : until - now > most ? most : until - now;
        struct pollfd fds[2] = {
            {.fd = fd, .events = events},
            {.fd = limit->cancelled ? -1 : limit->interrupt->fd, .events = POLLIN}};
        int n = poll(fds, 2, (int)wait);
        if (n < 0 && errno != EINTR)
            return SUPPORT_FAILED;
        if (n > 0 && fds[1].revents != 0)
            wait_limit_cancel(limit, now);
        if (limit->cancelled && limit->grace == 0)
            return SUPPORT_CANCELLED;
        if (n > 0 && fds[0].revents != 0)
            return SUPPORT_READY;
        if (n == 0 && limit->host->monotonic_ms(limit->host) >= until)
            return limit->cancelled ? SUPPORT_CANCELLED : SUPPORT_OVER;
    }
}

int support_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    if (failed != 0)
        return failed;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failed = pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return failed;
}

void support_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until)
{
    struct timespec time = {until / 1000, until % 1000 * 1000000};
    pthread_cond_timedwait(cond, lock, &time);
}
