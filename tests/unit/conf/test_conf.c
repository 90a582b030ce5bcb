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

#include "conf/conf.h"

static struct conf *load(const char *text)
{
    struct conf *conf = NULL;
    struct err err = {0};
    int r = conf_load_text("x.conf", text, strlen(text), &conf, &err);
    if (r != 0)
        fail_msg("%s", err.text);
    return conf;
}

static void refused(const char *text, const char *where, const char *why)
{
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load_text("x.conf", text, strlen(text), &conf, &err), HEARTH_ERR_INVALID);
    assert_null(conf);
    if (strncmp(err.text, where, strlen(where)) != 0 || strstr(err.text, why) == NULL)
        fail_msg("\"%s\" is not %s … %s", err.text, where, why);
}

static void test_defaults(void **state)
{
    (void)state;
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load(NULL, &conf, &err), 0);
    assert_string_equal(conf_get_text(conf, "hearth", "state_dir"), "/var/lib/hearth");
    assert_string_equal(conf_get_text(conf, "hearth", "key_file"), "/var/lib/hearth/hearth.key");
    assert_int_equal(conf_get_number(conf, "scheduler", "interval"), 900000);
    assert_int_equal(conf_get_number(conf, "web", "search_memory"), 64 << 20);
    assert_string_equal(conf_section_name(conf_section(conf, "storage", 0)), "main");
    assert_string_equal(conf_text(conf_section(conf, "sync", 0), "plugin"), "fx");
    assert_null(conf_section(conf, "sync", 1));
    conf_free(conf);
    conf_free(NULL);
}

static void test_syntax(void **state)
{
    (void)state;
    setenv("HEARTH_TEST_NAME", "alder", 1);
    struct conf *conf =
        load("# a comment\n; another\n\n[hearth]\r\n  state_dir=/x   # behind a value\n[listen a]\naddress = 127.0.0.1:1;2\n"
             "[ listen   b ]\naddress = ${HEARTH_TEST_NAME}:80\n[auth]\npassword = YES\n[worker]\nparallel=3");
    assert_string_equal(conf_get_text(conf, "hearth", "state_dir"), "/x");
    assert_string_equal(conf_text(conf_section(conf, "listen", 0), "address"), "127.0.0.1:1;2");
    assert_string_equal(conf_section_name(conf_section(conf, "listen", 1)), "b");
    assert_string_equal(conf_text(conf_section(conf, "listen", 1), "address"), "alder:80");
    assert_null(conf_section(conf, "listen", 2)); /* no default beside one's own */
    assert_int_equal(conf_get_number(conf, "auth", "password"), 1);
    assert_int_equal(conf_get_number(conf, "worker", "parallel"), 3);
    conf_free(conf);
}

static void test_refusals(void **state)
{
    (void)state;
    unsetenv("HEARTH_TEST_UNSET");
    refused("parallel = 3\n", "x.conf:1:", "a section");
    refused("[worker]\nparallell = 3\n", "x.conf:2:", "did you mean parallel?");
    refused("[worker]\nxyzzy = 3\n", "x.conf:2:", "[worker] has no key xyzzy");
    refused("[wörker]\n", "x.conf:1:", "there is no section");
    refused("[listen]\n", "x.conf:1:", "needs a name");
    refused("[web main]\n", "x.conf:1:", "has no name");
    refused("[listen A B]\n", "x.conf:1:", "made of");
    refused("[worker\n", "x.conf:1:", "written");
    refused("[worker]\nparallel\n", "x.conf:2:", "KEY = VALUE");
    refused("[worker]\nparallel = 1\nparallel = 2\n", "x.conf:3:", "line 2");
    refused("[worker]\nparallel = many\n", "x.conf:2:", "whole number");
    refused("[worker]\nparallel = 0\n", "x.conf:2:", "from 1 to 1000");
    refused("[worker]\nlease = 5\n", "x.conf:2:", "duration");
    refused("[web]\nsearch_memory = lots\n", "x.conf:2:", "size");
    refused("[auth]\npassword = perhaps\n", "x.conf:2:", "yes or no");
    refused("[web]\nmetrics = yes\n", "x.conf:2:", "[listen metrics] with serves = metrics");
    refused("[listen x]\n\ninternal = yes\n", "x.conf:3:", "[listen metrics] with serves = metrics");
    refused("[web]\nbase_url = home\n", "x.conf:2:", "absolute URL");
    refused("[hearth]\nlog = xml\n", "x.conf:2:", "text json");
    refused("[hearth]\nstate_dir = ${HEARTH_TEST_UNSET}\n", "x.conf:2:", "not set");
    refused("[hearth]\nstate_dir = ${HOME\n", "x.conf:2:", "not closed");
    refused("[hearth]\nBad Key = 1\n", "x.conf:2:", "a key is made of");
    refused("[hearth]\nstate_dir = \xff\n", "x.conf:2:", "UTF-8");
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load_text("x.conf", "[hearth]\nlog = te\0xt\n", 20, &conf, &err), HEARTH_ERR_INVALID);
    char *line = malloc(20000);
    memset(line, 'a', 19999);
    line[19999] = '\0';
    refused(line, "x.conf:1:", "at most");
    free(line);
    assert_int_equal(conf_load("/nonexistent/conf.d", &conf, &err), HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "/nonexistent/conf.d"));
}

static char folder[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

struct entries {
    int secrets, defaults, from_file;
};

static void count_entry(void *ctx, const char *section, const char *key, const char *value, const char *origin)
{
    (void)section;
    struct entries *entries = ctx;
    entries->secrets += strcmp(value, "(secret)") == 0;
    entries->defaults += strcmp(origin, "default") == 0;
    entries->from_file += strcmp(key, "password") == 0 && strstr(origin, "20-b.conf:2") != NULL;
    assert_null(strstr(value, "hunter2"));
}

static void test_directory_and_plugins(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/hearth-conf-XXXXXX");
    assert_non_null(mkdtemp(folder));
    char text[256];
    write_file("secret", "hunter2\n");
    write_file("10-a.conf", "[worker]\nparallel = 1\nlease = 1min\n[storage main]\nplugin = test\nsize = 4KiB\n");
    snprintf(text, sizeof(text), "[storage main]\npassword_file = %s/secret\n[worker]\nparallel = 2\n", folder);
    write_file("20-b.conf", text);
    write_file("30-ignored.txt", "nonsense");
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load(folder, &conf, &err), 0);
    assert_int_equal(conf_get_number(conf, "worker", "parallel"), 2); /* the later file */
    assert_int_equal(conf_get_number(conf, "worker", "lease"), 60000);
    static const struct hearth_config_key keys[] = {
        {.struct_size = sizeof(keys[0]), .type = HEARTH_CONFIG_SECRET, .name = "password", .help = "p", .required = true},
        {.struct_size = sizeof(keys[0]), .type = HEARTH_CONFIG_SIZE, .name = "size", .fallback = "1KiB", .help = "s"},
        {.struct_size = sizeof(keys[0]), .type = HEARTH_CONFIG_PATH, .name = "path", .fallback = "a.db", .help = "p"},
        {.struct_size = sizeof(keys[0]), .type = HEARTH_CONFIG_STRING, .name = "absent", .help = "a"},
    };
    const struct hearth_config_value *values;
    const struct conf_section *section = conf_section(conf, "storage", 0);
    assert_int_equal(conf_plugin_values(conf, section, keys, 4, &values, &err), 0);
    assert_string_equal(values[0].text, "hunter2");
    assert_int_equal(values[1].number, 4096);
    assert_string_equal(values[2].text, "/var/lib/hearth/a.db");
    assert_false(values[3].present);
    struct entries entries = {0};
    conf_each(conf, count_entry, &entries);
    assert_int_equal(entries.secrets, 1);
    assert_int_equal(entries.from_file, 1);
    assert_true(entries.defaults > 20);
    assert_int_equal(conf_plugin_values(conf, section, keys, 1, &values, &err), HEARTH_ERR_INVALID); /* "size" is unknown now */
    assert_non_null(strstr(err.text, "10-a.conf:6"));
    conf_free(conf);
    write_file("20-b.conf", "");
    assert_int_equal(conf_load(folder, &conf, &err), 0);
    assert_int_equal(conf_plugin_values(conf, conf_section(conf, "storage", 0), keys, 4, &values, &err), HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "needs password"));
    conf_free(conf);
    snprintf(text, sizeof(text), "rm -r %s", folder);
    assert_int_equal(system(text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_directory_and_plugins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
