/* buf.c, owner.c: what a plugin keeps. */
#include <fcntl.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "hearth/plugin.h"
#include "support/buf.h"
#include "support/owner.h"

static void test_buf(void **state)
{
    (void)state;
    struct support_buf buf = {0};
    char piece[100];
    for (int i = 0; i < 1000; i++) {
        memset(piece, 'a' + i % 26, sizeof(piece));
        assert_int_equal(support_buf_append(&buf, piece, sizeof(piece)), 0);
    }
    assert_int_equal(support_buf_append(&buf, NULL, 0), 0);
    assert_int_equal(buf.size, 100000);
    for (size_t i = 0; i < buf.size; i++)
        assert_int_equal(buf.data[i], 'a' + (int)(i / 100) % 26);
    assert_int_equal(support_buf_append(&buf, piece, SIZE_MAX / 2), HEARTH_ERR_NOMEM);
    assert_int_equal(buf.size, 100000);
    support_buf_fini(&buf);
    assert_null(buf.data);
    support_buf_fini(&buf);
}

static void test_array(void **state)
{
    (void)state;
    uint64_t *items = NULL;
    size_t room = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(support_array_reserve(&items, &room, i + 1, sizeof(*items)));
        assert_true(room > i);
        items[i] = i;
    }
    uint64_t *before = items;
    size_t had = room;
    assert_false(support_array_reserve(&items, &room, SIZE_MAX / 4, sizeof(*items)));
    assert_ptr_equal(items, before);
    assert_int_equal(room, had);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    free(items);
}

/* Run as root, what is new gets its folder's owner; else nothing changes. */
static void test_owner(void **state)
{
    (void)state;
    char folder[] = "/tmp/support-owner-XXXXXX", path[64];
    struct stat got;
    assert_non_null(mkdtemp(folder));
    uid_t wanted = geteuid() == 0 ? 12345 : geteuid();
    if (geteuid() == 0)
        assert_int_equal(chown(folder, wanted, 12345), 0);
    snprintf(path, sizeof(path), "%s/file", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    support_owner_give(fd, path);
    support_owner_give(-1, path);
    assert_int_equal(fstat(fd, &got), 0);
    assert_int_equal(got.st_uid, wanted);
    close(fd);
    unlink(path);
    snprintf(path, sizeof(path), "%s/below", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    support_owner_give_directory(path);
    assert_int_equal(stat(path, &got), 0);
    assert_int_equal(got.st_uid, wanted);
    assert_int_equal(got.st_mode & 0777, 0700);
    rmdir(path);
    support_owner_give_directory(path); /* gone: nothing happens */
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_array),
        cmocka_unit_test(test_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
