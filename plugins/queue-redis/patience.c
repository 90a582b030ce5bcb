#include "patience.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool interrupt_init(struct interrupt *interrupt)
{
    *interrupt = (struct interrupt){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (interrupt->fd < 0)
        return false;
    pthread_mutex_init(&interrupt->lock, NULL);
    return true;
}

void interrupt_fini(struct interrupt *interrupt)
{
    pthread_mutex_destroy(&interrupt->lock);
    close(interrupt->fd);
}

void interrupt_enter(struct interrupt *interrupt)
{
    pthread_mutex_lock(&interrupt->lock);
    interrupt->running = true;
    pthread_mutex_unlock(&interrupt->lock);
}

void interrupt_leave(struct interrupt *interrupt)
{
    eventfd_t count;
    pthread_mutex_lock(&interrupt->lock);
    if (interrupt->raised)
        eventfd_read(interrupt->fd, &count);
    interrupt->running = interrupt->raised = false;
    pthread_mutex_unlock(&interrupt->lock);
}

void interrupt_raise(struct interrupt *interrupt)
{
    pthread_mutex_lock(&interrupt->lock);
    if (interrupt->running && !interrupt->raised) {
        interrupt->raised = true;
        eventfd_write(interrupt->fd, 1);
    }
    pthread_mutex_unlock(&interrupt->lock);
}

bool interrupt_is_raised(struct interrupt *interrupt)
{
    pthread_mutex_lock(&interrupt->lock);
    bool raised = interrupt->raised;
    pthread_mutex_unlock(&interrupt->lock);
    return raised;
}

struct patience patience_for(const struct hearth_host *host, struct hearth_call *call, struct interrupt *interrupt, int64_t wait,
                             int64_t grace)
{
    return (struct patience){.host = host, .call = call, .interrupt = interrupt, .until = host->monotonic_ms(host) + wait, .grace = grace};
}

static void cancel(struct patience *patience, int64_t now)
{
    patience->cancelled = true;
    if (patience->until > now + patience->grace)
        patience->until = now + patience->grace;
}

/* Once cancelled, the interrupt is not looked at again: what remains is the grace. The deadline has none: whoever set it waits no longer.
 */
enum patience_result patience_wait(struct patience *patience, int fd, short events)
{
    for (;;) {
        int64_t now = patience->host->monotonic_ms(patience->host), deadline = patience->call->deadline;
        bool late = deadline != 0 && now >= deadline; /* should_stop() says so, too */
        if (!patience->cancelled && !late && patience->host->should_stop(patience->call))
            cancel(patience, now);
        int64_t until = deadline != 0 && deadline < patience->until ? deadline : patience->until;
        int64_t wait = until <= now ? 0 : until - now > 60000 ? 60000 : until - now;
        struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = patience->cancelled ? -1 : patience->interrupt->fd, .events = POLLIN}};
        int n = poll(fds, 2, (int)wait);
        if (n < 0 && errno != EINTR)
            return PATIENCE_OVER;
        if (n > 0 && fds[1].revents != 0)
            cancel(patience, now);
        if (patience->cancelled && patience->grace == 0)
            return PATIENCE_CANCELLED;
        if (n > 0 && fds[0].revents != 0)
            return PATIENCE_READY;
        if (n == 0 && patience->host->monotonic_ms(patience->host) >= until)
            return patience->cancelled ? PATIENCE_CANCELLED : PATIENCE_OVER;
    }
}
