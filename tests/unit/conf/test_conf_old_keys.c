/* Keys of older releases: each is refused in words that say what it is called now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "conf/conf_internal.h"

static struct findings findings;

/* The text is refused with these sentences and no others, in this order. */
static void refused_with(const char *text, const char *const *sentences, size_t count)
{
    char folder[] = "/tmp/hearth-old-keys-XXXXXX";
    struct conf *conf = NULL;
    struct err err = {0};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0); /* names of files are short */
    FILE *f = fopen("x.conf", "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(conf_load(&(struct conf_sources){.dir = "."}, &findings, &conf, &err),
                     HEARTH_ERR_INVALID);
    assert_null(conf);
    unlink("x.conf");
    rmdir(folder);
    for (size_t i = 0; i < findings.count; i++) {
        const char *is = findings.items[i].text + strlen("./");
        if (i >= count || strcmp(is, sentences[i]) != 0)
            fail_msg("%zu: \"%s\" is not \"%s\"", i, is, i < count ? sentences[i] : "");
    }
    assert_int_equal(findings.count, count);
    findings_fini(&findings);
}

#define REFUSED_WITH(text, ...)                                                                    \
    refused_with((text), (const char *const[]){__VA_ARGS__},                                       \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void test_one_that_is_called_otherwise(void **state)
{
    (void)state;
    REFUSED_WITH("[web]\nmax_jobs = 5\n",
                 "x.conf:2: [web] max_jobs is called max_pending_requests since 0.2.0; rename it.");
    REFUSED_WITH("[scheduler]\n\nclaim = 1min\n",
                 "x.conf:3: [scheduler] claim is called lease since 0.2.0; rename it.");
}

static void test_one_that_went_away(void **state)
{
    (void)state;
    REFUSED_WITH("[web]\nmetrics = yes\n[listen x]\ninternal = yes\n",
                 "x.conf:4: [listen x] has no key internal since 0.2.0: /metrics is served by "
                 "listeners of its own. Make a section [listen metrics] with serves = metrics and "
                 "an address.",
                 "x.conf:2: [web] has no key metrics since 0.2.0: /metrics is served by listeners "
                 "of its own. Make a section [listen metrics] with serves = metrics and an "
                 "address.");
}

static void test_all_are_found_at_once(void **state)
{
    (void)state;
    REFUSED_WITH(
        "[web]\nmax_jobs = 5\nthreads = many\nmax_jobs_per_account = 5\n[worker]\nclaim = 1\n",
        "x.conf:2: [web] max_jobs is called max_pending_requests since 0.2.0; rename it.",
        "x.conf:4: [web] max_jobs_per_account is called max_pending_requests_per_account since "
        "0.2.0; rename it.",
        "x.conf:3: threads: \"many\": expected a whole number (from 0 to 64)",
        "x.conf:6: [worker] has no key claim");
}

/* Each by itself is right, and which one counts nobody could tell. */
static void test_old_and_new_one(void **state)
{
    (void)state;
    REFUSED_WITH("[web]\nmax_pending_requests = 6\nmax_jobs = 5\n",
                 "x.conf:3: [web] max_jobs is called max_pending_requests since 0.2.0, and that is "
                 "set, too (./x.conf:2); remove max_jobs.");
}

/* A plugin's key may well have a name that the core gave up in another section. */
static void test_keys_of_plugins(void **state)
{
    (void)state;
    static const struct hearth_config_key key = {.struct_size = sizeof(key),
                                                 .type = HEARTH_CONFIG_INT,
                                                 .name = "max_jobs",
                                                 .fallback = "1",
                                                 .help = "h"};
    static const char text[] = "[queue]\nplugin = inproc\nmax_jobs = 7\n";
    const struct hearth_config_value *values;
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load_text("x.conf", text, strlen(text), &conf, &err), 0);
    assert_int_equal(
        conf_plugin_values(conf, conf_section(conf, "queue", 0), &key, 1, NULL, &values, &err), 0);
    assert_int_equal(values[0].number, 7);
    conf_free(conf);
}

static void test_one_that_moved(void **state)
{
    (void)state;
    static const struct conf_old_key moved = {"worker", "timeout", "0.2.0", .name = "step_timeout",
                                              .section = "auth"};
    static const char *const texts[] = {"[worker]\ntimeout = 5s\n",
                                        "[worker]\ntimeout = 5s\n[auth]\nstep_timeout = 6s\n"};
    static const char *const sentences[] = {
        "x.conf:2: [worker] timeout is called [auth] step_timeout since 0.2.0; move it.",
        "x.conf:2: [worker] timeout is called [auth] step_timeout since 0.2.0, and that is set, "
        "too (x.conf:4); remove timeout."};
    for (size_t i = 0; i < 2; i++) {
        struct conf *conf = NULL;
        struct err err = {0};
        assert_int_equal(conf_load_text("x.conf", texts[i], strlen(texts[i]), &conf, &err), 0);
        const struct conf_section *worker = conf_section(conf, "worker", 0);
        conf_refuse_old_key(conf, worker, conf_find_entry(worker, "timeout"), &moved, &findings);
        assert_string_equal(findings.items[0].text, sentences[i]);
        findings_fini(&findings);
        conf_free(conf);
    }
}

static const struct conf_kind *kind_called(const char *name)
{
    const struct conf_kind *kind = conf_kinds();
    while (kind->name != NULL && strcmp(kind->name, name) != 0)
        kind++;
    assert_non_null(kind->name);
    return kind;
}

static bool has_key(const struct conf_kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->count; i++)
        if (strcmp(kind->keys[i].name, key) == 0)
            return true;
    return false;
}

/* No row sends anybody to a key that is not there, or hides one that is. */
static void test_table(void **state)
{
    (void)state;
    for (const struct conf_old_key *old = conf_old_keys(); old->kind != NULL; old++) {
        assert_false(has_key(kind_called(old->kind), old->old_name));
        assert_ptr_equal(conf_old_key_find(conf_old_keys(), old->kind, old->old_name), old);
        assert_true((old->name == NULL) == (old->advice != NULL));
        if (old->name != NULL)
            assert_true(
                has_key(kind_called(old->section == NULL ? old->kind : old->section), old->name));
        else
            assert_int_equal(old->advice[strlen(old->advice) - 1], '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_is_called_otherwise),
        cmocka_unit_test(test_one_that_went_away),
        cmocka_unit_test(test_all_are_found_at_once),
        cmocka_unit_test(test_old_and_new_one),
        cmocka_unit_test(test_keys_of_plugins),
        cmocka_unit_test(test_one_that_moved),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
