/* What a reload finds new, and which keys it applies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "conf/conf.h"

static struct conf *load_text(const char *name, const char *text)
{
    struct conf *conf = NULL;
    struct err err = {0};
    if (conf_load_text(name, text, strlen(text), &conf, &err) != 0)
        fail_msg("%s", err.text);
    return conf;
}

static void note_change(void *ctx, const struct conf_kind *kind, const char *section,
                        const char *key, const char *where)
{
    char *said = ctx;
    size_t n = strlen(said);
    snprintf(said + n, 1000 - n, "%s/%s/%s %s\n", kind->name, section, key == NULL ? "" : key,
             where);
}

static void differs(const char *old_text, const char *fresh_text, const char *expected)
{
    char said[1000] = "";
    struct conf *old = load_text("old", old_text), *fresh = load_text("new", fresh_text);
    conf_compare(old, fresh, note_change, said);
    assert_string_equal(said, expected);
    conf_free(old);
    conf_free(fresh);
}

static void test_differences(void **state)
{
    (void)state;
    differs("", "", "");
    differs("", "[web]\nthreads = 2\n[worker]\nlease = 1min\n",
            "web//threads new:2\nworker//lease new:4\n");
    differs("[worker]\nlease = 60s\n", "[worker]\nlease = 1min\n", ""); /* other words for it */
    differs("[worker]\nlease = 2min\n", "", "");                        /* the default */
    differs("[auth]\nallow = a@b.c\n", "", "auth//allow the defaults\n");
    differs("[auth]\nallow = a@b.c\n", "[auth]\nallow = a@b.d\n", "auth//allow new:2\n");
    differs("[listen a]\naddress = 127.0.0.1:1\n", "[listen b]\naddress = 127.0.0.1:1\n",
            "listen/b/ new:1\nlisten/a/ old:1\n");
    differs("[storage main]\npath = a\nopen_files = 3\n",
            "[storage main]\nopen_files = 4\ncache_size = 1\n",
            "storage/main/open_files new:2\nstorage/main/cache_size new:3\n"
            "storage/main/path new:1\n");
    differs("[hearth]\nroles = web worker\n", "[hearth]\nroles = worker, web\n", "");
}

/* A slip in a list of keys would be a key that is never applied. */
static void test_reloaded_keys_exist(void **state)
{
    (void)state;
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        size_t words = 0, found = 0;
        for (const char *p = kind->reloaded; p != NULL && *p != '\0'; p++)
            words += *p == ' ';
        words += kind->reloaded != NULL;
        for (size_t i = 0; i < kind->count; i++)
            found += conf_is_reloaded(kind, kind->keys[i].name);
        assert_int_equal(found, words);
    }
    assert_false(conf_is_reloaded(conf_kinds(), "log"));
    assert_true(conf_is_reloaded(conf_kinds(), "log_level"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_reloaded_keys_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
