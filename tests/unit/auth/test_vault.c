#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/key_file.h"
#include "auth/vault.h"

static char folder[64], path[96];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/hearth-vault-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/hearth.key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

#define KEY_A "1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
#define KEY_B "2:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"

/* What a first start that was killed has left beside, under any name that was ever used, stops
 * no later start. */
static void test_killed_first_start(void **state)
{
    (void)state;
    char left[128];
    struct vault *vault;
    struct err err = {0};
    snprintf(left, sizeof(left), "%s.new", path);
    FILE *f = fopen(left, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(auth_vault_open(path, true, &vault, &err), 0);
    auth_vault_close(vault);
    assert_int_equal(auth_vault_open(path, false, &vault, &err), 0);
    auth_vault_close(vault);
    unlink(left); /* and nothing else is beside: tear_down() */
}

static void test_first_start(void **state)
{
    (void)state;
    struct vault *vault;
    struct err err = {0};
    assert_int_equal(auth_vault_open(path, false, &vault, &err), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(auth_vault_open(path, true, &vault, &err), 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    void *sealed, *plain;
    size_t size, plain_size;
    assert_int_equal(auth_vault_seal(vault, "ada", "secret", 6, &sealed, &size, &err), 0);
    assert_int_equal(size, 6 + VAULT_OVERHEAD);
    assert_null(memmem(sealed, size, "secret", 6));
    auth_vault_close(vault);
    assert_int_equal(auth_vault_open(path, true, &vault, &err), 0); /* the same key again */
    assert_int_equal(auth_vault_unseal(vault, "ada", sealed, size, &plain, &plain_size, &err), 0);
    assert_int_equal(plain_size, 6);
    assert_memory_equal(plain, "secret", 6);
    auth_vault_free(plain, plain_size);
    free(sealed);
    auth_vault_close(vault);
}

static void test_tampering(void **state)
{
    (void)state;
    write_file(KEY_A, 0600);
    struct vault *vault;
    struct err err = {0};
    assert_int_equal(auth_vault_open(path, false, &vault, &err), 0);
    void *sealed, *plain;
    size_t size, plain_size;
    assert_int_equal(auth_vault_seal(vault, "ada", "secret", 6, &sealed, &size, &err), 0);
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)sealed)[i] ^= 1;
        int r = auth_vault_unseal(vault, "ada", sealed, size, &plain, &plain_size, &err);
        /* DENIED: another key's number */
        assert_true(r == HEARTH_ERR_CORRUPT || r == HEARTH_ERR_DENIED);
        ((uint8_t *)sealed)[i] ^= 1;
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(auth_vault_unseal(vault, "ada", sealed, cut, &plain, &plain_size, &err),
                         cut < VAULT_OVERHEAD ? HEARTH_ERR_CORRUPT : HEARTH_ERR_DENIED);
    assert_int_equal(auth_vault_unseal(vault, "eve", sealed, size, &plain, &plain_size, &err),
                     HEARTH_ERR_DENIED);
    assert_int_equal(auth_vault_unseal(vault, "ada", sealed, size, &plain, &plain_size, &err), 0);
    auth_vault_free(plain, plain_size);
    free(sealed);
    auth_vault_close(vault);
}

/* The file may be replaced by one whose key has the same number: the text says that, rather than
 * that the data are damaged. */
static void test_another_key(void **state)
{
    (void)state;
    static const char other[] =
        "1:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n";
    struct vault *vault, *replaced;
    struct auth_vault_key one, two;
    struct err err = {0};
    void *sealed, *plain;
    size_t size, plain_size;
    write_file(KEY_A, 0600);
    assert_int_equal(auth_vault_open(path, false, &vault, &err), 0);
    assert_int_equal(auth_vault_seal(vault, "ada", "secret", 6, &sealed, &size, &err), 0);
    write_file(other, 0600);
    assert_int_equal(auth_vault_open(path, false, &replaced, &err), 0);
    assert_int_equal(auth_vault_unseal(replaced, "ada", sealed, size, &plain, &plain_size, &err),
                     HEARTH_ERR_DENIED);
    assert_non_null(strstr(err.text, "the file was replaced"));
    auth_vault_key(vault, 0, &one);
    auth_vault_key(replaced, 0, &two);
    assert_int_equal(one.number, two.number);
    assert_string_not_equal(one.fingerprint, two.fingerprint);
    assert_string_equal(two.fingerprint, "4bd003de1c63f85c");
    free(sealed);
    auth_vault_close(vault);
    auth_vault_close(replaced);
}

static void test_making_and_extending(void **state)
{
    (void)state;
    struct vault *vault;
    struct auth_vault_key first, key;
    struct err err = {0};
    struct stat st;
    assert_int_equal(auth_key_file_make(path, 7, &err), 0);
    assert_int_equal(auth_key_file_make(path, 1, &err), HEARTH_ERR_CONFLICT); /* never overwrites */
    assert_int_equal(auth_vault_open(path, false, &vault, &err), 0);
    assert_int_equal(auth_vault_key_count(vault), 1);
    auth_vault_key(vault, 0, &first);
    assert_int_equal(first.number, 7);
    auth_vault_close(vault);
    assert_int_equal(auth_key_file_extend(path, 8, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(auth_vault_open(path, false, &vault, &err), 0);
    assert_int_equal(auth_vault_key_count(vault), 2);
    auth_vault_key(vault, 0, &key);
    assert_int_equal(key.number, 8); /* the newest seals */
    auth_vault_key(vault, 1, &key);
    assert_int_equal(key.number, 7);
    assert_string_equal(key.fingerprint, first.fingerprint);
    auth_vault_close(vault);
}

static void test_rotation(void **state)
{
    (void)state;
    write_file(KEY_A, 0600);
    struct vault *old, *both, *new;
    struct err err = {0};
    void *by_old, *by_both, *plain;
    size_t size, both_size, plain_size;
    assert_int_equal(auth_vault_open(path, false, &old, &err), 0);
    assert_int_equal(auth_vault_seal(old, "c", "x", 1, &by_old, &size, &err), 0);
    write_file("# rotated\n" KEY_A KEY_B, 0600);
    assert_int_equal(auth_vault_open(path, false, &both, &err), 0);
    assert_int_equal(auth_vault_unseal(both, "c", by_old, size, &plain, &plain_size, &err), 0);
    auth_vault_free(plain, plain_size);
    assert_int_equal(auth_vault_seal(both, "c", "x", 1, &by_both, &both_size, &err), 0);
    assert_int_equal(auth_vault_unseal(old, "c", by_both, both_size, &plain, &plain_size, &err),
                     HEARTH_ERR_DENIED);
    write_file(KEY_B, 0600);
    assert_int_equal(auth_vault_open(path, false, &new, &err), 0);
    assert_int_equal(auth_vault_unseal(new, "c", by_both, both_size, &plain, &plain_size, &err), 0);
    auth_vault_free(plain, plain_size);
    assert_int_equal(auth_vault_unseal(new, "c", by_old, size, &plain, &plain_size, &err),
                     HEARTH_ERR_DENIED);
    free(by_old);
    free(by_both);
    auth_vault_close(old);
    auth_vault_close(both);
    auth_vault_close(new);
}

static void refused(const char *text, mode_t mode, const char *why)
{
    struct vault *vault = NULL;
    struct err err = {0};
    write_file(text, mode);
    assert_true(auth_vault_open(path, true, &vault, &err) < 0);
    assert_null(vault);
    assert_non_null(strstr(err.text, why));
    assert_non_null(strstr(err.text, path));
}

/* 0640 root:hearth: a key that an administrator keeps for the daemon's group. */
static void test_group(void **state)
{
    (void)state;
    struct vault *vault;
    struct err err = {0};
    write_file(KEY_A, 0640);
    assert_int_equal(auth_vault_open(path, false, &vault, &err), 0);
    auth_vault_close(vault);
}

/* A byte that ends a C string, or a lone carriage return, must not hide the keys behind it. */
static void test_hidden_keys(void **state)
{
    (void)state;
    static const char nul[] =
        KEY_A "\0\n2:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n";
    struct vault *vault = NULL;
    struct err err = {0};
    write_file("", 0600);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(nul, 1, sizeof(nul) - 1, file), sizeof(nul) - 1);
    assert_int_equal(fclose(file), 0);
    assert_true(auth_vault_open(path, false, &vault, &err) < 0);
    assert_null(vault);
    assert_non_null(strstr(err.text, ":2: a NUL byte"));
    refused("1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\r"
            "2:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n",
            0600, "a line must be");
    write_file("1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff \r\n", 0600);
    assert_int_equal(auth_vault_open(path, false, &vault, &err), 0);
    auth_vault_close(vault);
}

static void test_refusals(void **state)
{
    (void)state;
    refused(KEY_A, 0644, "chmod 600");
    refused(KEY_A, 0604, "chmod 600");
    refused(KEY_A, 0660, "can be changed by its group");
    refused("", 0600, "no key");
    refused("1:0011\n", 0600, ":1: a line must be");
    refused(KEY_A KEY_A, 0600, "two keys");
    refused("0:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0600,
            "a line must be");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_first_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tampering, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_making_and_extending, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rotation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hidden_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
