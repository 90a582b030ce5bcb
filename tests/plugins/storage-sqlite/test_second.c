/* SQLite was used in this process before the plugin came: it works, and says so once. */
#include <sqlite3.h>

#include "fixture.h"

static int told;

static void count_warning(const struct hearth_host *host, int level, const char *text)
{
    (void)host;
    assert_int_equal(level, HEARTH_LOG_WARNING);
    assert_non_null(strstr(text, "SQLite was in use in this process already"));
    told++;
}

static void test_not_the_first(void **state)
{
    struct fixture fixture;
    (void)state;
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    fixture_prepare(&fixture);
    fixture.host.hearth.log = count_warning;
    for (int i = 0; i < 2; i++) {
        fixture_reopen(&fixture);
        OK(&fixture.storage, migrate);
        OK(&fixture.storage, ping);
        assert_sound(&fixture.storage);
        fixture_close(&fixture);
        assert_int_equal(told, 1);
    }
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_not_the_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
