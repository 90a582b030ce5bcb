/* Events: publish and subscribe. */
#include "queue_kit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int events_note(void *ctx, const char *channel, const char *text)
{
    char *seen = ctx;
    snprintf(seen + strlen(seen), 256 - strlen(seen), "%s=%s ", channel, text);
    return 0;
}

static void events_are_delivered(struct kit *kit)
{
    struct queue_handle sender, *q = &kit->queue_handle;
    char seen[256] = "";
    kit_queue_handle_open(kit, &sender);
    QUEUE_OK(&sender, event_publish, "ada", "before");
    hears(q, 0, events_note, seen);
    expect_text(seen, ""); /* subscribed now */
    QUEUE_OK(&sender, event_publish, "ada", "1");
    QUEUE_OK(&sender, event_publish, "eve", "{\"n\":\"\xc3\xbc\"}");
    for (int64_t until = kit_now() + PATIENCE; strstr(seen, "eve") == NULL && kit_now() < until;)
        hears(q, 1000, events_note, seen);
    expect_text(seen, "ada=1 eve={\"n\":\"\xc3\xbc\"} ");
    seen[0] = '\0';
    hears(q, SOON, events_note, seen); /* nothing came: that is no error */
    expect_text(seen, "");
    kit_queue_handle_close(&sender);
}

struct flood {
    int next, lost, received;
};

static int on_flood(void *ctx, const char *channel, const char *text)
{
    struct flood *flood = ctx;
    if (channel[0] == '\0') {
        flood->lost++;
        return 0;
    }
    int n = (int)strtol(text, NULL, 10);
    if (n < flood->next)
        fail_msg("event %d came after event %d", n, flood->next - 1);
    if (n > flood->next && flood->lost == 0)
        fail_msg("events %d to %d were lost without the callback being told", flood->next, n - 1);
    flood->next = n + 1;
    flood->received++;
    return 0;
}

/* Fewer than any backend may drop: every one of them comes, in order. */
static void events_come_in_order(struct kit *kit)
{
    enum { FEW = 200 };
    struct queue_handle sender, *q = &kit->queue_handle;
    struct flood flood = {.next = 0};
    char text[16];
    kit_queue_handle_open(kit, &sender);
    hears(q, 0, on_flood, &flood);
    for (int i = 0; i < FEW; i++) {
        snprintf(text, sizeof(text), "%d", i);
        QUEUE_OK(&sender, event_publish, "c", text);
    }
    for (int64_t until = kit_now() + PATIENCE; flood.next < FEW && kit_now() < until;)
        hears(q, 200, on_flood, &flood);
    expect_number(flood.received, FEW);
    expect_number(flood.lost, 0);
    kit_queue_handle_close(&sender);
}

static void own_events(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    char seen[256] = "";
    hears(q, 0, events_note, seen);
    QUEUE_OK(q, event_publish, "ada", "mine");
    for (int64_t until = kit_now() + PATIENCE; seen[0] == '\0' && kit_now() < until;)
        hears(q, 1000, events_note, seen);
    expect_text(seen, "ada=mine ");
}

struct ended {
    int calls;
    char first[66];
};

static int flood_end_at_once(void *ctx, const char *channel, const char *text)
{
    struct ended *ended = ctx;
    (void)text;
    if (ended->calls++ == 0)
        snprintf(ended->first, sizeof(ended->first), "%s", channel);
    return 1;
}

enum { MANY = 20000 };

/* More events than are kept come while the subscriber sleeps. */
static void expect_told(struct queue_handle *sender, struct queue_handle *q, int from)
{
    struct flood flood = {.next = from};
    char text[600];
    for (int i = from; i < from + MANY; i++) {
        snprintf(text, sizeof(text), "%d %0500d", i, 0);
        QUEUE_OK(sender, event_publish, "c", text);
    }
    for (int64_t until = kit_now() + PATIENCE; flood.next < from + MANY && kit_now() < until;)
        hears(q, 200, on_flood, &flood);
    expect_number(flood.next, from + MANY); /* the newest came */
    if (flood.received < MANY && flood.lost == 0)
        fail_msg("only %d of %d events came, and the callback was not told", flood.received, MANY);
}

static void events_overflow(struct kit *kit)
{
    struct queue_handle sender, other, *q = &kit->queue_handle;
    struct flood flood = {.next = 0};
    struct ended ended = {.calls = 0};
    kit_queue_handle_open(kit, &sender);
    kit_queue_handle_open(kit, &other);
    hears(q, 0, on_flood, &flood);
    hears(&other, 0, flood_end_at_once, &ended);
    expect_told(&sender, q, 0);
    hears(&other, PATIENCE, flood_end_at_once, &ended);
    if (ended.calls != 1)
        fail_msg("the callback ended the wait at %s and was called %d times more",
                 ended.first[0] == '\0' ? "the word that events are lost" : "its first event",
                 ended.calls - 1);
    kit_queue_handle_close(&other);
    expect_told(&sender, q, MANY); /* as well as the first time */
    kit_queue_handle_close(&sender);
}

static void events_bounds(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    char text[4098], channel[66];
    memset(text, 't', sizeof(text));
    memset(channel, 'c', sizeof(channel));
    text[4097] = channel[65] = '\0';
    QUEUE_FAILS(INVALID, q, event_publish, "c", text);
    text[4096] = '\0';
    QUEUE_FAILS(INVALID, q, event_publish, channel, "t");
    channel[64] = '\0';
    QUEUE_OK(q, event_publish, channel, text);
}

static void other_process(struct kit *kit)
{
    int status;
    char seen[256] = "";
    if ((kit->descriptor->capabilities & HEARTH_SHARED) == 0)
        kit_skip("the plugin is not SHARED");
    hears(&kit->queue_handle, 0, events_note, seen);
    pid_t child = fork();
    if (child == 0) {
        kit_open(kit);
        QUEUE_OK(&kit->queue_handle, event_publish, "ada", "from there");
        _exit(0);
    }
    expect_number(waitpid(child, &status, 0), child);
    expect_number(status, 0);
    for (int64_t until = kit_now() + PATIENCE; seen[0] == '\0' && kit_now() < until;)
        hears(&kit->queue_handle, 1000, events_note, seen);
    expect_text(seen, "ada=from there ");
}

const struct kit_test kit_queue_events_tests[] = {
    {"events: what is published after the first wait is delivered, in order", events_are_delivered},
    {"events: two hundred of them come in order, none is missing", events_come_in_order},
    {"events: a handle receives its own", own_events},
    {"events: a slow subscriber loses the oldest and is told", events_overflow, KIT_OPEN, 90},
    {"events: channels and texts have bounds", events_bounds},
    {"events: they reach other processes", other_process},
    {NULL, NULL},
};
