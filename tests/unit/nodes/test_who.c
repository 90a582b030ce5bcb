/* Who joins an account when two come at the same moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nodes/who.h"

/* One account's identities; `comes` is put by another just before they are listed. */
static struct fake {
    char issuers[8][64], subjects[8][64];
    int64_t created[8];
    size_t count;
    const char *comes;
} fake;

static int fake_put(void *self, struct hearth_call *call, const char *account,
                    const struct hearth_account_identity *identity)
{
    (void)self, (void)call, (void)account;
    snprintf(fake.issuers[fake.count], 64, "%s", identity->issuer);
    snprintf(fake.subjects[fake.count], 64, "%s", identity->subject);
    fake.created[fake.count++] = identity->created;
    return 0;
}

static int fake_remove(void *self, struct hearth_call *call, const char *account,
                       const char *issuer, const char *subject)
{
    (void)self, (void)call, (void)account;
    for (size_t i = 0; i < fake.count; i++) {
        if (strcmp(fake.issuers[i], issuer) != 0 || strcmp(fake.subjects[i], subject) != 0)
            continue;
        fake.issuers[i][0] = '\0';
        return 0;
    }
    return HEARTH_ERR_NOT_FOUND;
}

static int fake_list(void *self, struct hearth_call *call, const char *account,
                     hearth_account_identity_cb cb, void *ctx)
{
    struct hearth_account_identity other = {
        .struct_size = sizeof(other), .issuer = "oidc:x", .subject = fake.comes, .created = 1};
    if (fake.comes != NULL)
        fake_put(self, call, account, &other);
    for (size_t i = 0; i < fake.count; i++) {
        struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                                   .issuer = fake.issuers[i],
                                                   .subject = fake.subjects[i],
                                                   .created = fake.created[i]};
        if (identity.issuer[0] != '\0')
            cb(ctx, &identity);
    }
    return 0;
}

static bool opens(const char *subject)
{
    for (size_t i = 0; i < fake.count; i++)
        if (strcmp(fake.issuers[i], "oidc:x") == 0 && strcmp(fake.subjects[i], subject) == 0)
            return true;
    return false;
}

static int join(const char *subject, const char *comes, bool adopted)
{
    static const struct hearth_storage ops = {
        .identity_put = fake_put, .identity_remove = fake_remove, .identity_list = fake_list};
    struct storage storage = {.ops = &ops};
    struct err err = {0};
    struct who who = {
        .issuer = "oidc:x", .subject = subject, .email = "ada@example.org", .links = true};
    fake = (struct fake){.comes = comes};
    plug_call_init(&storage.call, NULL, 1000, 4096);
    if (adopted)
        assert_int_equal(nodes_who_adopt(&storage, "a", "oidc:x", "Ada@example.org", &err), 0);
    int r = nodes_who_join(&storage, "a", &who, &err);
    plug_call_fini(&storage.call);
    return r;
}

static void test_alone(void **state)
{
    (void)state;
    assert_int_equal(join("one", NULL, false), 0);
    assert_true(opens("one"));
}

/* Who sees that another came takes nobody's place. */
static void test_two_link(void **state)
{
    (void)state;
    assert_int_equal(join("one", "two", false), HEARTH_ERR_CONFLICT);
    assert_true(opens("two") && !opens("one"));
}

static void test_adopted_replaces(void **state)
{
    (void)state;
    assert_int_equal(join("one", "two", true), 0);
    assert_true(opens("one") && !opens("two"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alone),
                                       cmocka_unit_test(test_two_link),
                                       cmocka_unit_test(test_adopted_replaces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
