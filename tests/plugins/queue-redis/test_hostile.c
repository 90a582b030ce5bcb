/* Something else than a sound Redis answers: wrong types, missing fields, numbers that cannot
 * be, texts with NUL bytes, no end. Every operation ends, in words or with a result that can be,
 * and what it was given for results is untouched when it fails. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "server.h"

/* --- the double --- */

struct answer {
    const char *bytes;
    size_t size;
};

static struct {
    char path[80];
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    const char *strikes; /* the command that is answered badly; NULL: none */
    struct answer answer;
    atomic_int struck;
    atomic_bool over;
} hostile = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum { ROOM = 65536 };

/* The size of the command at the beginning of `in`, and its first word; 0: it is not there yet. */
static size_t command_size(const char *in, size_t size, char ret_word[16])
{
    const char *at = in, *end = in + size, *eol;
    if (size == 0 || (eol = memchr(at, '\n', size)) == NULL)
        return 0;
    long count = strtol(at + 1, NULL, 10);
    at = eol + 1;
    for (long i = 0; i < count; i++) {
        if (at >= end || (eol = memchr(at, '\n', (size_t)(end - at))) == NULL)
            return 0;
        size_t n = (size_t)strtol(at + 1, NULL, 10);
        if ((size_t)(end - eol - 1) < n + 2)
            return 0;
        if (i == 0)
            snprintf(ret_word, 16, "%.*s", (int)(n < 15 ? n : 15), eol + 1);
        at = eol + 1 + n + 2;
    }
    return (size_t)(at - in);
}

static void say_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        size -= (size_t)n;
    }
}

#define SAY(fd, text) say_all((fd), (text), sizeof(text) - 1)

static void answer_one(int fd, const char *word, bool *subscribed)
{
    pthread_mutex_lock(&hostile.lock);
    const char *strikes = hostile.strikes;
    struct answer answer = hostile.answer;
    pthread_mutex_unlock(&hostile.lock);
    bool bad = strikes != NULL && strncmp(word, strikes, strlen(strikes)) == 0;
    hostile.struck += bad;
    if (bad && strcmp(strikes, "PING") != 0)
        say_all(fd, answer.bytes, answer.size);
    else if (strcmp(word, "SUBSCRIBE") == 0)
        SAY(fd, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    else if (strcmp(word, "PING") == 0 && *subscribed) {
        if (bad) /* before the answer: as a message that came */
            say_all(fd, answer.bytes, answer.size);
        SAY(fd, "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    } else if (strcmp(word, "PING") == 0)
        SAY(fd, "+PONG\r\n");
    else
        SAY(fd, ":1\r\n");
    *subscribed = *subscribed || strcmp(word, "SUBSCRIBE") == 0;
}

static void *serve_one(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char *in = malloc(ROOM), word[16] = "";
    size_t size = 0, n;
    bool subscribed = false;
    for (ssize_t got; (got = recv(fd, in + size, ROOM - size, 0)) > 0;) {
        size += (size_t)got;
        while ((n = command_size(in, size, word)) > 0) {
            answer_one(fd, word, &subscribed);
            memmove(in, in + n, size - n);
            size -= n;
        }
    }
    free(in);
    close(fd);
    return NULL;
}

static void *serve_all(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept4(hostile.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        pthread_t thread;
        pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
    return NULL;
}

/* --- what every operation does with it --- */

static struct line line;

static int on_job(void *ctx, const struct hearth_job *job)
{
    ++*(int *)ctx;
    assert_true(job->kind[0] != '\0' && strlen(job->kind) <= 16);
    assert_true(job->key[0] != '\0' && strlen(job->key) <= 64 && strlen(job->payload) <= 1024);
    assert_true(job->priority >= 0 && job->priority <= 100 && job->attempt >= 0 && job->wait >= 0);
    return 0;
}

static int on_event(void *ctx, const char *channel, const char *text)
{
    ++*(int *)ctx;
    assert_true(strlen(channel) <= 64 && strlen(text) <= 4096);
    return 0;
}

static int do_publish(void)
{
    struct hearth_job job = {
        .struct_size = sizeof(job), .kind = "sync", .key = "k", .payload = "p", .priority = 2};
    int32_t result = 77;
    int r = ops->publish(line.handle, &line.call.hearth, &job, 0, &result);
    assert_true(r == 0 ? result >= 0 && result <= 3 : result == 77);
    return r;
}

static int do_reserve(void)
{
    struct hearth_job job = {.struct_size = sizeof(job), .key = "untouched"};
    int r = ops->reserve(line.handle, &line.call.hearth, 0, 1000, &job);
    if (r == 0) {
        assert_true(job.key[0] != '\0' && strlen(job.key) <= 64 && strlen(job.payload) <= 1024 &&
                    strlen(job.receipt) <= 122);
        assert_true(job.kind[0] != '\0' && strlen(job.kind) <= 16);
        assert_true(job.priority >= 0 && job.priority <= 100 && job.attempt >= 1);
    } else {
        assert_string_equal(job.key, "untouched");
    }
    return r;
}

static int do_extend(void)
{
    return ops->extend(line.handle, &line.call.hearth, "1:k", 1000);
}

static int do_finish(void)
{
    return ops->finish(line.handle, &line.call.hearth, "1:k", HEARTH_JOB_DONE, 0);
}

static int do_counts(void)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts), .ready = -77};
    int r = ops->counts(line.handle, &line.call.hearth, &counts);
    assert_true(r == 0 ? counts.ready >= 0 && counts.delayed >= 0 && counts.in_work >= 0 &&
                             counts.dead >= 0
                       : counts.ready == -77);
    return r;
}

static int do_peek(void)
{
    int count = 0;
    return ops->peek(line.handle, &line.call.hearth, on_job, &count);
}

static int do_remove(void)
{
    return ops->remove(line.handle, &line.call.hearth, "sync", "k");
}

static int do_clear(void)
{
    return ops->clear(line.handle, &line.call.hearth);
}

static int do_ping(void)
{
    return ops->ping(line.handle, &line.call.hearth);
}

static int do_event_publish(void)
{
    return ops->event_publish(line.handle, &line.call.hearth, "c", "t");
}

static int do_event_wait(void)
{
    int count = 0;
    return ops->event_wait(line.handle, &line.call.hearth, 0, on_event, &count);
}

static const struct operation {
    const char *name, *strikes;
    int (*run)(void);
    const char *good; /* answers that are as they should be, first bytes, separated by blanks */
} operations[] = {
    {"publish", "EVAL", do_publish, ":0 :1 :2 :3"},
    {"reserve", "EVAL", do_reserve, "*5"},
    {"extend", "EVAL", do_extend, ":1"},
    {"finish", "EVAL", do_finish, ":1"},
    {"counts", "EVAL", do_counts, "*4"},
    {"peek", "EVAL", do_peek, "*0"},
    {"remove", "EVAL", do_remove, ":1"},
    {"clear", "EVAL", do_clear, ":0 :1 :2 :3 :4"},
    {"ping", "INCR", do_ping, ":"},
    {"event_publish", "PUBLISH", do_event_publish, ":0 :1 :2 :3 :4 :5 :9"},
    {"event_wait, subscribing", "SUBSCRIBE", do_event_wait, "*3\r\n$9"},
    {"event_wait, messages", "PING", do_event_wait, "* + : $ -"},
};

#define ANSWER(text)                                                                               \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define KEY65 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
static const struct answer answers[] = {
    ANSWER(":0\r\n"),
    ANSWER(":1\r\n"),
    ANSWER(":2\r\n"),
    ANSWER(":3\r\n"),
    ANSWER(":4\r\n"),
    ANSWER(":-2\r\n"),
    ANSWER(":500\r\n"),
    ANSWER(":501\r\n"),
    ANSWER(":9223372036854775807\r\n"),
    ANSWER(":-9223372036854775808\r\n"),
    ANSWER(":99999999999999999999999\r\n"),
    ANSWER(":\r\n"),
    ANSWER(":1x\r\n"),
    ANSWER("+OK\r\n"),
    ANSWER("+\r\n"),
    ANSWER("$-1\r\n"),
    ANSWER("$0\r\n\r\n"),
    ANSWER("$3\r\na\0b\r\n"),
    ANSWER("$-5\r\n"),
    ANSWER("$99999999999\r\n"),
    ANSWER("*-1\r\n"),
    ANSWER("*-7\r\n"),
    ANSWER("*0\r\n"),
    ANSWER("*2147483647\r\n"),
    ANSWER("*9999999999\r\n"),
    ANSWER("*4294967296\r\n"),
    ANSWER("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"),
    ANSWER("*1\r\n:1\r\n"),
    ANSWER("*2\r\n:1\r\n:2\r\n"),
    ANSWER("*3\r\n:1\r\n:2\r\n:3\r\n"),
    ANSWER("*4\r\n:-1\r\n:2\r\n:3\r\n:4\r\n"),
    ANSWER("*4\r\n$1\r\n1\r\n:2\r\n:3\r\n:4\r\n"),
    ANSWER("*4\r\n$-1\r\n:2\r\n:3\r\n:4\r\n"),
    ANSWER("*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"),
    ANSWER("*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),    /* a job */
    ANSWER("*5\r\n$0\r\n\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),     /* without a key */
    ANSWER("*5\r\n$3\r\nk\0k\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"), /* a NUL in its key */
    ANSWER("*5\r\n$1\r\nk\r\n$3\r\np\0q\r\n:2\r\n:1\r\n$1\r\n7\r\n"), /* in its payload */
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:1\r\n$3\r\n7\0"
           "8\r\n"),                                               /* in its lease */
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\nx\r\n"), /* a lease that is no number */
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:1\r\n$0\r\n\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:101\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:-1\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:0\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:4294967297\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:4294967298\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$65\r\n" KEY65 "\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:1\r\n$65\r\n" KEY65 "\r\n"),
    /* a row, again and again */
    ANSWER("*6\r\n$1\r\nk\r\n$1\r\n5\r\n$1\r\np\r\n:2\r\n:0\r\n:0\r\n"),
    ANSWER("*6\r\n$0\r\n\r\n$1\r\n5\r\n$1\r\np\r\n:2\r\n:0\r\n:0\r\n"),
    ANSWER("*6\r\n$3\r\nk\0k\r\n$1\r\n5\r\n$1\r\np\r\n:2\r\n:0\r\n:0\r\n"),
    ANSWER("*6\r\n$1\r\nk\r\n$1\r\n5\r\n$1\r\np\r\n:4294967298\r\n:0\r\n:0\r\n"),
    ANSWER("*6\r\n$1\r\nk\r\n$1\r\n5\r\n$1\r\np\r\n:2\r\n:-1\r\n:0\r\n"),
    ANSWER("*6\r\n$1\r\nk\r\n$1\r\n5\r\n$1\r\np\r\n:2\r\n:0\r\n:-9\r\n"),
    ANSWER("*6\r\n$1\r\nk\r\n:5\r\n$1\r\np\r\n:2\r\n:0\r\n:0\r\n"),
    ANSWER("*5\r\n$6\r\nmove:k\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"), /* of another kind */
    ANSWER("*5\r\n$2\r\n:k\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),     /* of none */
    ANSWER("*5\r\n$5\r\nmove:\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),  /* a kind without a key */
    ANSWER("*5\r\n$6\r\nMove:k\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),
    /* a kind of 17 bytes */
    ANSWER("*5\r\n$19\r\nkkkkkkkkkkkkkkkkk:k\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$67\r\nk:" KEY65 "\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*6\r\n$2\r\n:k\r\n$1\r\n5\r\n$1\r\np\r\n:2\r\n:0\r\n:0\r\n"),
    ANSWER("*6\r\n$6\r\nMove:k\r\n$1\r\n5\r\n$1\r\np\r\n:2\r\n:0\r\n:0\r\n"),
    ANSWER("*7\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n"),
    ANSWER("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\na\0b\r\n"),
    ANSWER("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n\0\r\n"),
    ANSWER("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\na\0b\0c\r\n"),
    ANSWER("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n:1\r\n"),
    ANSWER("*3\r\n$7\r\nmessage\r\n$-1\r\n$-1\r\n"),
    ANSWER("*3\r\n:1\r\n:1\r\n:1\r\n"),
    ANSWER("*2\r\n$7\r\nmessage\r\n$1\r\nc\r\n"),
    ANSWER("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$67\r\n" KEY65 "\0x\r\n"),
    ANSWER("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"),
    ANSWER("*2\r\n$-1\r\n$-1\r\n"),
    ANSWER("*3\r\n$-1\r\n$-1\r\n$-1\r\n"),
    ANSWER("*2\r\n*-1\r\n*-1\r\n"),
    ANSWER("*5\r\n$-1\r\n$1\r\np\r\n:2\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$-1\r\n:2\r\n:1\r\n$1\r\n7\r\n"),
    ANSWER("*5\r\n$1\r\nk\r\n$1\r\np\r\n:2\r\n:1\r\n$-1\r\n"),
    ANSWER("*6\r\n$1\r\nk\r\n$-1\r\n$1\r\np\r\n:2\r\n:0\r\n:0\r\n"),
    ANSWER("-\r\n"),
    ANSWER("-ERR\r\n"),
    ANSWER("-NOSCRIPT\r\n"),
    ANSWER("-ERR two\nlines \x01\x1b[31m\xff\r\n"),
    ANSWER("-OOM\r\n"),
    ANSWER("HTTP/1.1 400 Bad Request\r\n\r\n"),
    ANSWER("%1\r\n+a\r\n:1\r\n"),
    ANSWER("#t\r\n"),
    ANSWER("_\r\n"),
    ANSWER(",1.5\r\n"),
    ANSWER("(12345678901234567890\r\n"),
    ANSWER(">1\r\n+x\r\n"),
    ANSWER("~1\r\n:1\r\n"),
    ANSWER("\0\0\0\0\r\n"),
};

static bool is_good(const struct operation *operation, const struct answer *answer)
{
    char words[128], *at = words, *word;
    snprintf(words, sizeof(words), "%s", operation->good);
    while ((word = strsep(&at, " ")) != NULL)
        if (strncmp(answer->bytes, word, strlen(word)) == 0)
            return true;
    return false;
}

static struct opened queue;

static void test_answers(void **state)
{
    int failed = 0, worked = 0;
    (void)state;
    for (size_t o = 0; o < sizeof(operations) / sizeof(operations[0]); o++) {
        for (size_t a = 0; a < sizeof(answers) / sizeof(answers[0]); a++) {
            const struct operation *operation = &operations[o];
            int before = hostile.struck;
            if (strcmp(operation->strikes, "SUBSCRIBE") == 0) { /* a handle subscribes once */
                line_close(&line);
                assert_int_equal(line_open(&queue, &line), 0);
            }
            pthread_mutex_lock(&hostile.lock);
            hostile.strikes = operation->strikes;
            hostile.answer = answers[a];
            pthread_mutex_unlock(&hostile.lock);
            line.call.error[0] = '\0';
            line.call.hearth.deadline = 0;
            int r = operation->run();
            if (hostile.struck == before)
                fail_msg("%s was not given answer %zu", operation->name, a);
            if (r == 0 ? !is_good(operation, &answers[a]) : line.call.error[0] == '\0')
                fail_msg("%s of answer %zu \"%.60s\": %d, \"%s\"", operation->name, a,
                         answers[a].bytes, r, r < 0 ? line.call.error : "");
            for (const char *c = line.call.error; r < 0 && *c != '\0'; c++)
                if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
                    fail_msg("%s of answer %zu: the words have byte %d", operation->name, a,
                             (unsigned char)*c);
            *(r < 0 ? &failed : &worked) += 1;
            pthread_mutex_lock(&hostile.lock);
            hostile.strikes = NULL;
            pthread_mutex_unlock(&hostile.lock);
            ping_until_ok(&line); /* and it goes on with a sound one */
        }
    }
    print_message("%d ended in words, %d with a result\n", failed, worked);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};
    int r = tests_begin(argc, argv);
    if (r != 0)
        return r;
    char directory[] = "/tmp/hearth-redis-XXXXXX", url[96];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(directory));
    snprintf(hostile.path, sizeof(hostile.path), "%s/s", directory);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", hostile.path);
    hostile.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(hostile.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(hostile.listener, 16), 0);
    pthread_create(&hostile.thread, NULL, serve_all, NULL);
    snprintf(url, sizeof(url), "unix:%s", hostile.path);
    assert_int_equal(queue_open(&queue, url, 400, 5000), 0);
    assert_int_equal(line_open(&queue, &line), 0);
    r = cmocka_run_group_tests(tests, NULL, NULL);
    line_close(&line);
    queue_close(&queue);
    shutdown(hostile.listener, SHUT_RDWR);
    pthread_join(hostile.thread, NULL);
    close(hostile.listener);
    unlink(hostile.path);
    rmdir(directory);
    return r;
}
