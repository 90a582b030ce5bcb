/* A redis-server of the test's own, in a new directory, on a unix socket; and handles of the
 * plugin under test. */
#ifndef TEST_QUEUE_REDIS_SERVER_H
#define TEST_QUEUE_REDIS_SERVER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <sys/types.h>

#include "hearth/queue.h"
#include "plug/call.h"

struct server {
    char directory[64], socket[80];
    pid_t pid;
    int log; /* its standard output */
};

void server_init(struct server *s); /* makes the directory */
/* config: more lines of redis.conf; waits until it is ready */
void server_start(struct server *s, const char *config);
void server_kill(struct server *s); /* SIGKILL */
void server_fini(struct server *s);
/* A command from outside of the plugin; the integer of its reply, -1 for another kind. Fails the
 * test on an error reply. */
long long server_command(struct server *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct opened {
    void *self;
    struct call call; /* for `self` */
};

struct line {
    void *handle;
    struct call call;
};

extern const struct hearth_queue *ops;

/* 0 or the error of open(). command_timeout and max_jobs: 0: the defaults. */
int queue_open(struct opened *opened, const char *url, int64_t command_timeout, int64_t max_jobs);
void queue_close(struct opened *opened);
/* 0 or the error; line->call.error says why */
int line_open(struct opened *opened, struct line *line);
void line_close(struct line *line);

int publish(struct line *line, const char *key, int64_t delay); /* the result, or an error */
int reserve(struct line *line, int64_t wait, int64_t lease, struct hearth_job *ret_job);
int finish(struct line *line, const char *receipt);
/* Repeats ping() for as long as the server is not available: after a restart. */
void ping_until_ok(struct line *line);
void pause_ms(long ms); /* between two looks at a condition */

/* One server and one handle, for each test. */
struct fixture {
    struct opened queue;
    struct line line;
};

extern struct server server;

int set_up(void **state);
int tear_down(void **state);
/* of the server; the text is overwritten by the next call */
const char *unix_url(const char *rest);
void open_at(struct fixture *f, const char *url, int64_t command_timeout);
void close_all(struct fixture *f);
/* The operation returned `wanted` and its error text has this word. */
void fails(int got, int wanted, const struct line *line, const char *word);
/* For main(): loads the plugin that the command line names. Not 0: the status to exit with. */
int tests_begin(int argc, char **argv);

#endif
