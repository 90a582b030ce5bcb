#include "support/lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOKUP_STACK = 256 * 1024 };

struct support_lookup {
    atomic_int owners; /* the one who asks, and the thread */
    atomic_bool done;
    bool left; /* of the thread's count; written by the one who asks before it lets go */
    int fd;    /* eventfd */
    int error;
    struct addrinfo *list;
    char *port;
    char host[];
};

static atomic_int lookups_left;

static void lookup_unref(struct support_lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->owners, 1) > 1)
        return;
    if (lookup->left)
        atomic_fetch_sub(&lookups_left, 1);
    if (lookup->list != NULL)
        freeaddrinfo(lookup->list);
    close(lookup->fd);
    free(lookup->port);
    free(lookup);
}

static void *lookup_main(void *arg)
{
    struct support_lookup *lookup = arg;
    pthread_setname_np(pthread_self(), "lookup");
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    lookup->error = getaddrinfo(lookup->host, lookup->port, &hints, &list);
    lookup->list = lookup->error == 0 ? list : NULL;
    atomic_store(&lookup->done, true);
    eventfd_write(lookup->fd, 1);
    lookup_unref(lookup);
    return NULL;
}

static bool lookup_begin(struct support_lookup *lookup)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, LOOKUP_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    atomic_store(&lookup->owners, 2);
    errno = pthread_create(&thread, &attributes, lookup_main, lookup);
    pthread_attr_destroy(&attributes);
    return errno == 0;
}

struct support_lookup *support_lookup_start(const char *host, const char *port)
{
    if (atomic_load(&lookups_left) >= SUPPORT_LOOKUPS_LEFT_MAX) {
        errno = EAGAIN;
        return NULL;
    }
    size_t size = strlen(host) + 1;
    struct support_lookup *lookup = calloc(1, sizeof(*lookup) + size);
    if (lookup == NULL)
        return NULL;
    memcpy(lookup->host, host, size);
    lookup->port = strdup(port);
    lookup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lookup->port != NULL && lookup->fd >= 0 && lookup_begin(lookup))
        return lookup;
    int saved = errno == EAGAIN ? ENOMEM : errno;
    if (lookup->fd >= 0)
        close(lookup->fd);
    free(lookup->port);
    free(lookup);
    errno = saved;
    return NULL;
}

int support_lookup_fd(const struct support_lookup *lookup)
{
    return lookup->fd;
}

int support_lookup_take(struct support_lookup *lookup, struct addrinfo **ret_list)
{
    if (!atomic_load(&lookup->done))
        return EAI_AGAIN;
    if (lookup->error == 0) {
        *ret_list = lookup->list;
        lookup->list = NULL;
    }
    return lookup->error;
}

void support_lookup_drop(struct support_lookup *lookup)
{
    if (lookup == NULL)
        return;
    if (!atomic_load(&lookup->done)) {
        lookup->left = true;
        atomic_fetch_add(&lookups_left, 1);
    }
    lookup_unref(lookup);
}
