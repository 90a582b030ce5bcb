#include "server.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "plug/host.h"

const struct hearth_queue *ops;
struct server server;
static const struct hearth_plugin *plugin;
static struct host host;

void server_init(struct server *s)
{
    *s = (struct server){.log = -1};
    snprintf(s->directory, sizeof(s->directory), "/tmp/hearth-redis-XXXXXX");
    assert_non_null(mkdtemp(s->directory));
    snprintf(s->socket, sizeof(s->socket), "%s/s", s->directory);
}

/* The server tells on its output when it is ready. */
static void wait_until_ready(struct server *s)
{
    char text[16384];
    size_t size = 0;
    do {
        ssize_t n = read(s->log, text + size, sizeof(text) - 1 - size);
        if (n <= 0)
            fail_msg("redis-server ended: %s", text);
        size += (size_t)n;
        text[size] = '\0';
    } while (strstr(text, "eady to accept connections") == NULL);
}

void server_start(struct server *s, const char *config)
{
    char path[96];
    int fds[2];
    snprintf(path, sizeof(path), "%s/redis.conf", s->directory);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "port 0\nunixsocket %s\ndir %s\nsave \"\"\nappendonly no\nlogfile \"\"\n%s\n",
            s->socket, s->directory, config == NULL ? "" : config);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    s->pid = fork();
    if (s->pid == 0) {
        dup2(fds[1], 1);
        dup2(fds[1], 2);
        execlp("redis-server", "redis-server", path, (char *)NULL);
        _exit(127);
    }
    assert_true(s->pid > 0);
    close(fds[1]);
    if (s->log >= 0)
        close(s->log);
    s->log = fds[0];
    wait_until_ready(s);
}

void server_kill(struct server *s)
{
    if (s->pid <= 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

void server_fini(struct server *s)
{
    server_kill(s);
    close(s->log);
    nftw(s->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

long long server_command(struct server *s, const char *format, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    redisContext *c = redisConnectUnix(s->socket);
    assert_true(c != NULL && c->err == 0);
    redisReply *reply = redisCommand(c, text);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", text, reply->str);
    long long result = reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
    freeReplyObject(reply);
    redisFree(c);
    return result;
}

static void plugin_load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    hearth_plugin_entry entry = (hearth_plugin_entry)dlsym(library, "hearth_plugin_v2");
    plugin = entry();
    ops = plugin->operations;
    plug_host_init(&host, "queue-redis", NULL, NULL);
}

static struct hearth_config_value value_of(const char *name, const char *url,
                                           int64_t command_timeout, int64_t max_jobs)
{
    struct hearth_config_value value = {.struct_size = sizeof(value), .present = true};
    if (strcmp(name, "url") == 0)
        value.text = url;
    else if (strcmp(name, "prefix") == 0)
        value.text = "t";
    else if (strcmp(name, "connect_timeout") == 0)
        value.number = 5000;
    else if (strcmp(name, "command_timeout") == 0)
        value.number = command_timeout == 0 ? 10000 : command_timeout;
    else if (strcmp(name, "max_jobs") == 0)
        value.number = max_jobs == 0 ? 1000000 : max_jobs;
    else
        fail_msg("the test does not know the key %s", name);
    return value;
}

int queue_open(struct opened *opened, const char *url, int64_t command_timeout, int64_t max_jobs)
{
    static struct hearth_config_value values[16]; /* as the host keeps them: until close() */
    assert_true(plugin->config_count <= 16);
    for (size_t i = 0; i < plugin->config_count; i++)
        values[i] = value_of(plugin->config[i].name, url, command_timeout, max_jobs);
    opened->self = NULL;
    plug_call_init(&opened->call, NULL, 0, 0);
    return ops->open(&host.hearth, &opened->call.hearth, values, &opened->self);
}

void queue_close(struct opened *opened)
{
    ops->close(opened->self);
    plug_call_fini(&opened->call);
}

int line_open(struct opened *opened, struct line *line)
{
    line->handle = NULL;
    plug_call_init(&line->call, NULL, 0, 0);
    int r = ops->handle_open(opened->self, &line->call.hearth, &line->handle);
    /* a handle opens while the server is away, too */
    return r == 0 ? ops->ping(line->handle, &line->call.hearth) : r;
}

void line_close(struct line *line)
{
    if (line->handle != NULL)
        ops->handle_close(line->handle);
    plug_call_fini(&line->call);
}

int publish(struct line *line, const char *key, int64_t delay)
{
    struct hearth_job job = {.struct_size = sizeof(job),
                             .kind = "sync",
                             .key = key,
                             .payload = "p",
                             .priority = HEARTH_SCHEDULED};
    int32_t result = -1;
    int r = ops->publish(line->handle, &line->call.hearth, &job, delay, &result);
    return r < 0 ? r : result;
}

int reserve(struct line *line, int64_t wait, int64_t lease, struct hearth_job *ret_job)
{
    *ret_job = (struct hearth_job){.struct_size = sizeof(*ret_job)};
    return ops->reserve(line->handle, &line->call.hearth, wait, lease, ret_job);
}

int finish(struct line *line, const char *receipt)
{
    return ops->finish(line->handle, &line->call.hearth, receipt, HEARTH_JOB_DONE, 0);
}

void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

void ping_until_ok(struct line *line)
{
    for (int i = 0; i < 2000; i++) {
        if (ops->ping(line->handle, &line->call.hearth) == 0)
            return;
        pause_ms(10);
    }
    fail_msg("no connection after the restart: %s", line->call.error);
}

const char *unix_url(const char *rest)
{
    static char url[256];
    snprintf(url, sizeof(url), "unix:%s%s", server.socket, rest);
    return url;
}

void open_at(struct fixture *f, const char *url, int64_t command_timeout)
{
    assert_int_equal(queue_open(&f->queue, url, command_timeout, 0), 0);
    int r = line_open(&f->queue, &f->line);
    if (r < 0)
        fail_msg("handle_open: %d %s", r, f->line.call.error);
}

void close_all(struct fixture *f)
{
    line_close(&f->line);
    queue_close(&f->queue);
}

int set_up(void **state)
{
    server_init(&server);
    server_start(&server, NULL);
    struct fixture *f = calloc(1, sizeof(*f));
    open_at(f, unix_url(""), 0);
    *state = f;
    return 0;
}

int tear_down(void **state)
{
    close_all(*state);
    free(*state);
    server_fini(&server);
    return 0;
}

void fails(int got, int wanted, const struct line *line, const char *word)
{
    if (got != wanted)
        fail_msg("%d, %d was expected: %s", got, wanted, line->call.error);
    if (strstr(line->call.error, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", line->call.error, word);
}

int tests_begin(int argc, char **argv)
{
    if (argc != 2)
        fprintf(stderr, "usage: %s PLUGIN.so\n", argv[0]);
    else if (system("redis-server --version >/dev/null 2>&1") != 0)
        fprintf(stderr, "skipped: redis-server is not installed\n");
    else
        plugin_load(argv[1]);
    return argc != 2 ? 2 : ops == NULL ? 77 : 0;
}
