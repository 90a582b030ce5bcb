/* The set-up code of a server that belongs to nobody yet, and whose addresses a server admits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/vault.h"
#include "conf/conf.h"
#include "signin/allow.h"
#include "signin/setup.h"

static struct vault *vault, *other_vault;
static char folder[64];

static struct vault *make_vault(const char *name)
{
    struct vault *made = NULL;
    struct err err = {0};
    char path[96];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(auth_vault_open(path, true, &made, &err), 0);
    unlink(path);
    return made;
}

static int open_vaults(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/hearth-setup-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    vault = make_vault("one");
    other_vault = make_vault("two");
    return 0;
}

static int close_vaults(void **state)
{
    (void)state;
    auth_vault_close(vault);
    auth_vault_close(other_vault);
    return rmdir(folder);
}

static void test_code(void **state)
{
    char code[SETUP_CODE_SIZE], again[SETUP_CODE_SIZE], other[SETUP_CODE_SIZE];
    (void)state;
    signin_setup_code(vault, code);
    signin_setup_code(vault, again);
    signin_setup_code(other_vault, other);
    assert_string_equal(code, again);
    assert_string_not_equal(code, other);
    assert_int_equal(strlen(code), 19);
    for (size_t i = 0; i < 19; i++)
        assert_non_null(strchr(i % 5 == 4 ? "-" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", code[i]));
}

static void expect_typed(const char *typed, bool want)
{
    if (signin_setup_code_is(vault, typed) != want)
        fail_msg("typed %s", typed);
}

static void test_typed(void **state)
{
    char code[SETUP_CODE_SIZE], typed[100];
    (void)state;
    signin_setup_code(vault, code);
    expect_typed(code, true);
    for (size_t i = 0; i < sizeof(code); i++)
        typed[i] = code[i] >= 'A' && code[i] <= 'Z' ? (char)(code[i] - 'A' + 'a') : code[i];
    expect_typed(typed, true);
    snprintf(typed, sizeof(typed), " %.4s%.4s \t%.4s--%.4s ", code, code + 5, code + 10, code + 15);
    expect_typed(typed, true);
    expect_typed("", false);
    expect_typed("----", false);
    expect_typed("AAAA-AAAA-AAAA-AAAA", false);
    snprintf(typed, sizeof(typed), "%.18s", code);
    expect_typed(typed, false);
    snprintf(typed, sizeof(typed), "%sA", code);
    expect_typed(typed, false);
    snprintf(typed, sizeof(typed), "%s%s", code, code);
    expect_typed(typed, false);
    snprintf(typed, sizeof(typed), "%s\xc2\xa0", code);
    expect_typed(typed, false);
    for (size_t i = 0; i < 19; i++) {
        memcpy(typed, code, sizeof(code));
        typed[i] = typed[i] == 'A' ? 'B' : 'A';
        expect_typed(typed, false);
    }
    signin_setup_code(other_vault, typed);
    expect_typed(typed, false);
}

static void expect_admitted(const char *pattern, const char *email, bool want)
{
    const struct conf_list list = {1, &pattern};
    if (signin_allow_matches(&list, email) != want)
        fail_msg("%s, %s", pattern, email);
}

static void test_allow(void **state)
{
    static const char *const two[] = {"ada@example.org", "*@example.net"};
    const struct conf_list none = {0, NULL}, both = {2, two};
    (void)state;
    assert_true(signin_allow_matches(NULL, "anybody@example.org"));
    assert_false(signin_allow_matches(&none, "anybody@example.org"));
    assert_true(signin_allow_matches(&both, "ada@example.org"));
    assert_true(signin_allow_matches(&both, "ben@example.net"));
    assert_false(signin_allow_matches(&both, "ben@example.org"));
    expect_admitted("Ada@Example.ORG", "aDA@eXAMPLE.org", true);
    expect_admitted("ada@example.org", "ada@example.org.evil.example", false);
    expect_admitted("*@example.org", "x@example.org", true);
    expect_admitted("*@example.org", "x@sub.example.org", false);
    expect_admitted("*@*.example.org", "x@sub.example.org", true);
    expect_admitted("a?a@example.org", "ada@example.org", true);
    expect_admitted("*", "ada@example.org", true);
    expect_admitted("*@example.org", "", false);
    expect_admitted("a\\*@example.org", "a*@example.org", false); /* no escapes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_typed),
        cmocka_unit_test(test_allow),
    };
    return cmocka_run_group_tests(tests, open_vaults, close_vaults);
}
