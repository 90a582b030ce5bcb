/* What is made with something that ends at this moment: in whatever order the closing and the
 * maker take their steps, nothing stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "auth/doors.h"
#include "auth/session.h"
#include "base/clock.h"
#include "signin/takeover.h"

enum { ROWS = 8, CURSORS = 8, STEPS = 48 };

/* One account's tokens and identities. Before the step number `at` of the one who works, the
 * other one does everything that they do. */
static struct fake {
    struct {
        char id[TOKEN_ID_SIZE];
        uint32_t scope;
        int64_t created;
    } rows[ROWS];
    struct {
        char issuer[64], subject[64];
        int64_t created;
    } cursors[CURSORS];
    size_t row_count, cursor_count;
    int steps, at;
    bool slow; /* each step has a time of its own */
    void (*other)(struct storage *storage);
} fake;

static struct storage storage;
static int put_result;

static void step(void)
{
    void (*other)(struct storage * storage) = fake.other;
    if (fake.slow)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    if (fake.steps++ != fake.at || other == NULL)
        return;
    fake.other = NULL;
    other(&storage);
}

static int fake_create(void *self, struct hearth_call *call, const struct hearth_token *token)
{
    (void)self, (void)call;
    step();
    assert_true(fake.row_count < ROWS);
    snprintf(fake.rows[fake.row_count].id, TOKEN_ID_SIZE, "%s", token->id);
    fake.rows[fake.row_count].scope = token->scope;
    fake.rows[fake.row_count++].created = token->created;
    return 0;
}

static int fake_remove(void *self, struct hearth_call *call, const char *account, const char *id)
{
    (void)self, (void)call, (void)account;
    step();
    for (size_t i = 0; i < fake.row_count; i++)
        if (strcmp(fake.rows[i].id, id) == 0) {
            fake.rows[i] = fake.rows[--fake.row_count];
            return 0;
        }
    return HEARTH_ERR_NOT_FOUND;
}

static int fake_list(void *self, struct hearth_call *call, const char *account, hearth_token_cb cb,
                     void *ctx)
{
    (void)self, (void)call;
    step();
    for (size_t i = 0; i < fake.row_count; i++) {
        struct hearth_token row = {.struct_size = sizeof(row),
                                   .id = fake.rows[i].id,
                                   .scope = fake.rows[i].scope,
                                   .account = account,
                                   .name = "x",
                                   .created = fake.rows[i].created};
        if (cb(ctx, &row) != 0)
            break;
    }
    return 0;
}

static int sync_cursor_put(void *self, struct hearth_call *call, const char *account,
                           const struct hearth_account_identity *identity)
{
    (void)self, (void)call, (void)account;
    step();
    for (size_t i = 0; i < fake.cursor_count; i++)
        if (strcmp(fake.cursors[i].issuer, identity->issuer) == 0 &&
            strcmp(fake.cursors[i].subject, identity->subject) == 0) {
            fake.cursors[i].created = identity->created > fake.cursors[i].created
                                          ? identity->created
                                          : fake.cursors[i].created;
            return 0;
        }
    assert_true(fake.cursor_count < CURSORS);
    snprintf(fake.cursors[fake.cursor_count].issuer, 64, "%s", identity->issuer);
    snprintf(fake.cursors[fake.cursor_count].subject, 64, "%s", identity->subject);
    fake.cursors[fake.cursor_count++].created = identity->created;
    return 0;
}

static int mark_remove(void *self, struct hearth_call *call, const char *account,
                       const char *issuer, const char *subject)
{
    (void)self, (void)call, (void)account;
    step();
    for (size_t i = 0; i < fake.cursor_count; i++)
        if (strcmp(fake.cursors[i].issuer, issuer) == 0 &&
            strcmp(fake.cursors[i].subject, subject) == 0) {
            fake.cursors[i] = fake.cursors[--fake.cursor_count];
            return 0;
        }
    return HEARTH_ERR_NOT_FOUND;
}

static int sync_cursor_list(void *self, struct hearth_call *call, const char *account,
                            hearth_account_identity_cb cb, void *ctx)
{
    (void)self, (void)call, (void)account;
    step();
    for (size_t i = 0; i < fake.cursor_count; i++)
        cb(ctx,
           &(struct hearth_account_identity){.struct_size = sizeof(struct hearth_account_identity),
                                             .issuer = fake.cursors[i].issuer,
                                             .subject = fake.cursors[i].subject,
                                             .created = fake.cursors[i].created});
    return 0;
}

static const struct hearth_storage ops = {.token_create = fake_create,
                                          .token_remove = fake_remove,
                                          .token_list = fake_list,
                                          .identity_put = sync_cursor_put,
                                          .identity_remove = mark_remove,
                                          .identity_list = sync_cursor_list};

static struct door door;
static uint32_t scope;

static void make(struct storage *where)
{
    struct token token;
    struct err err = {0};
    put_result = auth_token_put(where, "a", &door, scope, "x", 0, &token, &err);
}

static void close_all(struct storage *where)
{
    struct doors doors = {0};
    assert_int_equal(auth_doors_close(where, "a", &doors, NULL), 0);
}

static void close_browsers(struct storage *where)
{
    assert_int_equal(auth_session_remove_all(where, "a", NULL, NULL), 0);
}

/* Another name takes the place of the one that is there. */
static void take_over(struct storage *where)
{
    char words[TAKEOVER_WORDS_SIZE];
    struct who who = {.issuer = "proxy", .subject = "eve", .replaces = true};
    assert_int_equal(signin_takeover(where, "a", &who, words, NULL), 0);
}

static void begin(int at, void (*other)(struct storage *storage))
{
    fake = (struct fake){.at = at};
    storage = (struct storage){.ops = &ops};
    plug_call_init(&storage.call, NULL, 1000, 4096);
    sync_cursor_put(
        NULL, NULL, "a",
        &(struct hearth_account_identity){.issuer = "proxy", .subject = "ada", .created = 1});
    fake.steps = 0;
    fake.other = other;
}

/* Each of the two is the one whom the other interrupts, at each step. */
static void interleave(void (*close)(struct storage *storage))
{
    for (int at = 0; at < STEPS; at++) {
        begin(at, close);
        make(&storage);
        if (fake.other == NULL) /* else the maker was done before */
            assert_int_equal(fake.row_count, 0);
        plug_call_fini(&storage.call);
        begin(at, make);
        close(&storage);
        bool came = fake.other == NULL;
        if (came)
            assert_int_equal(fake.row_count, 0);
        plug_call_fini(&storage.call);
    }
}

static void test_nothing_stays(void **state)
{
    static const enum door_kind kinds[] = {DOOR_BROWSER, DOOR_TOKEN, DOOR_IDENTITY};
    (void)state;
    scope = HEARTH_TOKEN_FULL;
    for (size_t i = 0; i < 3; i++) {
        door = (struct door){
            .kind = kinds[i], .created = clock_now() - 1, .issuer = "proxy", .subject = "ada"};
        interleave(take_over);
    }
}

static void test_browsers(void **state)
{
    (void)state;
    door = (struct door){.kind = DOOR_BROWSER, .created = clock_now() - 1};
    for (scope = HEARTH_TOKEN_BROWSER; scope <= HEARTH_TOKEN_FRESH; scope++)
        interleave(close_browsers);
}

static int64_t used;

/* A link is made with a session of before, and used up at once. */
static void make_and_use(struct storage *where)
{
    struct token link;
    used = 0;
    if (auth_token_put(where, "a", &door, HEARTH_TOKEN_LINK, "x", 0, &link, NULL) != 0)
        return;
    used = link.created;
    fake_remove(NULL, NULL, "a", link.id);
}

/* What was let in by it makes its session when all is over. */
static void test_a_link_that_is_used_up_meanwhile(void **state)
{
    static void (*const closes[])(struct storage * where) = {close_browsers, close_all};
    (void)state;
    for (int i = 0; i < 2 * STEPS; i++) {
        door = (struct door){.kind = DOOR_BROWSER, .created = clock_now() - 1};
        scope = HEARTH_TOKEN_BROWSER;
        begin(i / 2, make_and_use);
        fake.slow = true;
        closes[i % 2](&storage);
        if (fake.other == NULL && used != 0) {
            door.created = used;
            make(&storage);
            assert_int_equal(fake.row_count, 0);
        }
        plug_call_fini(&storage.call);
    }
}

/* One thing after the other. */
static int after(void (*close)(struct storage *storage), enum door_kind kind, int64_t age,
                 uint32_t what)
{
    door = (struct door){
        .kind = kind, .created = clock_now() - age, .issuer = "proxy", .subject = "ada"};
    scope = what;
    begin(-1, NULL);
    close(&storage);
    make(&storage);
    plug_call_fini(&storage.call);
    return put_result;
}

static void test_whom_it_concerns(void **state)
{
    (void)state;
    assert_int_equal(after(close_browsers, DOOR_BROWSER, 1, HEARTH_TOKEN_FULL),
                     HEARTH_ERR_NOT_FOUND); /* an API token that a browser makes */
    assert_int_equal(after(close_browsers, DOOR_TOKEN, 1, HEARTH_TOKEN_LINK), 0);
    assert_int_equal(after(close_browsers, DOOR_IDENTITY, 1, HEARTH_TOKEN_BROWSER), 0);
    /* signed in since */
    assert_int_equal(after(close_browsers, DOOR_BROWSER, -1000, HEARTH_TOKEN_LINK), 0);
    assert_int_equal(after(close_all, DOOR_TOKEN, 1, HEARTH_TOKEN_LINK), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(after(close_all, DOOR_TOKEN, -1000, HEARTH_TOKEN_LINK), 0);
    assert_int_equal(after(close_all, DOOR_OPERATOR, 1, HEARTH_TOKEN_FULL), 0);
    assert_int_equal(after(take_over, DOOR_IDENTITY, 1, HEARTH_TOKEN_FULL), HEARTH_ERR_NOT_FOUND);
}

/* Nobody is locked out for years by a clock that was wrong once. */
static void test_a_mark_of_the_far_future(void **state)
{
    (void)state;
    door = (struct door){.kind = DOOR_BROWSER, .created = clock_now()};
    scope = HEARTH_TOKEN_LINK;
    begin(-1, NULL);
    sync_cursor_put(NULL, NULL, "a",
                    &(struct hearth_account_identity){.issuer = "closed:a",
                                                      .subject = "all",
                                                      .created = clock_now() + 7200 * 1000});
    make(&storage);
    assert_int_equal(put_result, 0);
    plug_call_fini(&storage.call);
}

/* Nor does it keep the doors from being closed: the mark is of now then. */
static void test_closing_past_a_mark_of_the_far_future(void **state)
{
    (void)state;
    struct doors doors = {0};
    begin(-1, NULL);
    sync_cursor_put(NULL, NULL, "a",
                    &(struct hearth_account_identity){.issuer = "closed:a",
                                                      .subject = "all",
                                                      .created = clock_now() + 7200 * 1000});
    assert_int_equal(auth_doors_close(&storage, "a", &doors, NULL), 0);
    for (size_t i = 0; i < fake.cursor_count; i++)
        assert_true(fake.cursors[i].created <= clock_now());
    assert_true(fake.cursor_count > 0);
    plug_call_fini(&storage.call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_stays),
        cmocka_unit_test(test_browsers),
        cmocka_unit_test(test_a_link_that_is_used_up_meanwhile),
        cmocka_unit_test(test_whom_it_concerns),
        cmocka_unit_test(test_a_mark_of_the_far_future),
        cmocka_unit_test(test_closing_past_a_mark_of_the_far_future)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
