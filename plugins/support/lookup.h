/* Looking up a host's name without being held up by a name server that does not answer: the
 * resolver's own wait cannot be ended, so it is made by a thread that can be left behind. */
#ifndef SUPPORT_LOOKUP_H
#define SUPPORT_LOOKUP_H

struct addrinfo;
struct support_lookup;

/* So many threads that were left behind may still wait for name servers; then nothing is looked up
 * until one of them has ended. */
enum { SUPPORT_LOOKUPS_LEFT_MAX = 16 };

/* port: decimal. NULL, with errno: EAGAIN: too many were left behind; else no memory, thread or
 * descriptor. */
struct support_lookup *support_lookup_start(const char *host, const char *port);
int support_lookup_fd(const struct support_lookup *lookup); /* readable when the answer is there */
/* Then: 0 with a list for freeaddrinfo(), or an error for gai_strerror(). Once. */
int support_lookup_take(struct support_lookup *lookup, struct addrinfo **ret_list);
/* done or not; accepts NULL. Never blocks */
void support_lookup_drop(struct support_lookup *lookup);

#endif
