/* What a database keeps of the keys that sealed in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "main/app_key.h"

bool main_app_is_fleet(const struct app *app)
{
    return app->nodes.count > 1;
}

bool main_app_storage_is_away(const struct node *node, int code)
{
    (void)node, (void)code;
    return false;
}

#define PRINT "0123456789abcdef"

/* want: "NUMBER " for each key, then the number of the newest one behind "|". */
static void expect_record(const char *record, const char *want)
{
    struct auth_vault_key key;
    char got[200] = "";
    const char *rest = record;
    while (main_key_record_next(&rest, &key)) {
        assert_string_equal(key.fingerprint, PRINT);
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u ", key.number);
    }
    if (main_key_record_newest(record, &key))
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "|%u", key.number);
    if (strcmp(got, want) != 0)
        fail_msg("%s: got %s", record, got);
}

static void test_records(void **state)
{
    (void)state;
    expect_record("", "");
    expect_record("1 " PRINT "\n", "1 |1");
    expect_record("1 " PRINT, "1 |1");
    expect_record("1 " PRINT "\n3 " PRINT "\n2 " PRINT "\n", "1 3 2 |3");
    expect_record("4294967295 " PRINT "\n", "4294967295 |4294967295");
}

/* A line that is none is passed over, and takes no other with it. */
static void test_malformed_records(void **state)
{
    (void)state;
    expect_record("\n\n\n", "");
    expect_record("0 " PRINT "\n1 " PRINT "\n", "1 |1");
    expect_record("-1 " PRINT "\n1 " PRINT "\n", "1 |1");
    expect_record("4294967296 " PRINT "\n1 " PRINT "\n", "1 |1");
    expect_record("x " PRINT "\n1 " PRINT "\n", "1 |1");
    expect_record("1" PRINT "\n1 " PRINT "\n", "1 |1");
    expect_record("1 " PRINT "0\n1 " PRINT "\n", "1 |1");
    expect_record("1 0123\n1 " PRINT "\n", "1 |1");
    expect_record("1  " PRINT "\n1 " PRINT "\n", "1 |1");
    char longer[300];
    memset(longer, 'x', sizeof(longer));
    memcpy(longer + 200, "\n7 " PRINT, sizeof("\n7 " PRINT));
    expect_record(longer, "7 |7");
}

/* --- in a database --- */

static char property[KEY_RECORD_SIZE];
static int property_code;

static int fake_property_put(void *self, struct hearth_call *call, const char *name,
                             const char *value, bool replace)
{
    (void)self, (void)call;
    assert_string_equal(name, "key_fingerprint");
    assert_true(replace);
    snprintf(property, sizeof(property), "%s", value);
    return 0;
}

static int fake_property_get(void *self, struct hearth_call *call, const char *name,
                             const char **ret_value)
{
    (void)self, (void)call;
    assert_string_equal(name, "key_fingerprint");
    *ret_value = property;
    return property_code;
}

static void test_in_a_database(void **state)
{
    static const struct hearth_storage ops = {.property_put = fake_property_put,
                                              .property_get = fake_property_get};
    struct storage storage = {.ops = &ops};
    struct vault *vault;
    struct auth_vault_key own, newest;
    struct err err = {0};
    char path[] = "/tmp/hearth-keys-XXXXXX", record[KEY_RECORD_SIZE] = "x";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0 && unlink(path) == 0);
    close(fd);
    assert_int_equal(auth_vault_open(path, true, &vault, &err), 0);
    plug_call_init(&storage.call, NULL, 1000, 4096);
    property_code = HEARTH_ERR_NOT_FOUND;
    assert_int_equal(main_key_record_get(&storage, record, &err), 0);
    assert_string_equal(record, ""); /* nothing was sealed there */
    property_code = 0;
    assert_int_equal(main_key_record_put(&storage, vault, &err), 0);
    assert_int_equal(main_key_record_get(&storage, record, &err), 0);
    auth_vault_key(vault, 0, &own);
    assert_true(main_key_record_newest(record, &newest));
    assert_int_equal(newest.number, own.number);
    assert_string_equal(newest.fingerprint, own.fingerprint);
    property_code = HEARTH_ERR_UNAVAILABLE;
    assert_int_equal(main_key_record_get(&storage, record, &err), HEARTH_ERR_UNAVAILABLE);
    plug_call_fini(&storage.call);
    auth_vault_close(vault);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_malformed_records),
        cmocka_unit_test(test_in_a_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
