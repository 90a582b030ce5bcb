/* The sources of an account in its archive. */
#include "archives.h"

static int count_source(void *ctx, const struct hearth_source *source)
{
    (void)source;
    ++*(int *)ctx;
    return 0;
}

static int sources_of(const char *account)
{
    int count = 0;
    OK(&fixture->storage, source_list, account, count_source, &count);
    return count;
}

/* Sources go before the batch, each with its credentials, and are taken back with it. */
static void sources_go_with_the_rest(void **state)
{
    struct storage *storage = &fixture->storage;
    struct archive_into into = {.account = "a"};
    struct err err = {0};
    const void *sealed = NULL;
    size_t size = 0;
    static const char head[] = FIRST "{\"record\":\"account\",\"id\":\"x\",\"email\":\"x@example."
                                     "org\",\"uid\":\"uid of a\",\"provider\":\"fx\"}\n";
    char body[1024];
    (void)state;
    snprintf(body, sizeof(body), "%s%s", head, SOURCE SEALED(3));
    assert_int_equal(store_archive(storage, &into, body, &err), HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "there is no source 3"));
    assert_int_equal(sources_of("a"), 0);
    snprintf(body, sizeof(body), "%s%s", head,
             SOURCE SEALED(2) "{\"record\":\"visit\",\"page\":8,\"date\":1,\"type\":1}\n");
    /* there is no such page */
    assert_int_equal(store_archive(storage, &into, body, &err), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(sources_of("a"), 0);
    snprintf(body, sizeof(body), "%s%s", head,
             SOURCE SEALED(
                 2) "{\"record\":\"cursor\",\"collection\":4,\"text\":\"own\"}\n"
                    "{\"record\":\"cursor\",\"collection\":4,\"text\":\"its\",\"source\":2}\n");
    if (store_archive(storage, &into, body, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(sources_of("a"), 1);
    OK(storage, credentials_get, "a", 2, &sealed, &size);
    assert_int_equal(size, 3);
    assert_memory_equal(sealed, "\0\1\xff", 3);
    struct buf written = {0};
    write_to(storage, "a", &written);
    assert_non_null(strstr(written.data, "\"text\":\"own\",\"source\":0}\n{\"record\":\"cursor\","
                                         "\"collection\":4,\"text\":\"its\",\"source\":2}\n"));
    buf_fini(&written);
    assert_int_equal(store_archive(storage, &into, body, &err), HEARTH_ERR_CONFLICT);
    assert_non_null(strstr(err.text, "has other sources already"));
    assert_int_equal(sources_of("a"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(sources_go_with_the_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
