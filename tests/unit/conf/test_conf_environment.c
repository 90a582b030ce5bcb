/* Settings by environment: which variable is which key, and what is refused. */
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

static struct conf *load_variables(const char *const *environment)
{
    struct conf *conf = NULL;
    struct err err = {0};
    struct conf_sources sources = {.environment = environment};
    if (conf_load(&sources, NULL, &conf, &err) != 0)
        fail_msg("%s", err.text);
    return conf;
}

static void refused_variable(const char *variable, const char *why)
{
    struct conf *conf = NULL;
    struct err err = {0};
    char *text = strdup(variable);
    struct conf_sources sources = {.environment = (const char *const[]){text, NULL}};
    assert_int_equal(conf_load(&sources, NULL, &conf, &err), HEARTH_ERR_INVALID);
    char where[300];
    snprintf(where, sizeof(where), "environment %.*s: ", (int)strcspn(text, "="), text);
    if (strncmp(err.text, where, strlen(where)) != 0 || strstr(err.text, why) == NULL)
        fail_msg("\"%s\" is not %s… %s", err.text, where, why);
    free(text);
}

static void test_which_key(void **state)
{
    (void)state;
    struct conf *conf = load_variables((const char *const[]){
        "PATH=/bin", "HEARTH_STATE_DIR=/x", "HEARTH_KEY_FILE=k", "HEARTH_LOG_LEVEL=debug",
        "HEARTH_WEB_MAX_CONNECTIONS_PER_ADDRESS=7", "HEARTH_LISTEN_MAIN_ADDRESS=127.0.0.1:0",
        "HEARTH_LISTEN_A__B_ADDRESS=127.0.0.1:1", "HEARTH_LISTEN_A___B_ADDRESS=127.0.0.1:2",
        "HEARTH_LISTEN_2_TLS_KEY=/k", "HEARTH_LISTEN_2_TLS_CERTIFICATE=/c",
        "HEARTH_LISTEN_2_ADDRESS=[::1]:0", "HEARTH_AUTH_ALLOW=ada@example.org *@example.com",
        NULL});
    assert_string_equal(conf_get_text(conf, "hearth", "state_dir"), "/x");
    assert_string_equal(conf_get_text(conf, "hearth", "key_file"), "/x/k");
    assert_int_equal(conf_get_number(conf, "hearth", "log_level"), 3);
    assert_int_equal(conf_get_number(conf, "web", "max_connections_per_address"), 7);
    assert_int_equal(conf_list(conf_section(conf, "auth", 0), "allow")->count, 2);
    /* in the order of names, whatever the environment's is */
    static const char *const names[] = {"2", "a-b", "a_b", "main"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(conf_section_name(conf_section(conf, "listen", i)), names[i]);
    assert_null(conf_section(conf, "listen", 4));
    const struct conf_section *listen = conf_section_named(conf, "listen", "a-b");
    assert_string_equal(conf_where(conf, listen, "address"),
                        "environment HEARTH_LISTEN_A__B_ADDRESS");
    assert_string_equal(conf_where(conf, listen, "serves"),
                        "environment HEARTH_LISTEN_A__B_ADDRESS");
    conf_free(conf);
}

/* Of as many bytes as a section's name may have, and of one more. */
static void test_the_longest_name(void **state)
{
    (void)state;
    char name[65], variable[256];
    memset(name, 'A', 64);
    name[64] = '\0';
    snprintf(variable, sizeof(variable), "HEARTH_LISTEN_%s_ADDRESS=127.0.0.1:0", name);
    refused_variable(variable, "HEARTH_SECTION_NAME_KEY");
    snprintf(variable, sizeof(variable), "HEARTH_LISTEN_%.63s_ADDRESS=127.0.0.1:0", name);
    struct conf *conf = load_variables((const char *const[]){variable, NULL});
    assert_int_equal(strlen(conf_section_name(conf_section(conf, "listen", 0))), 63);
    conf_free(conf);
}

/* Nothing in a value is anything but the value. */
static void test_values_as_they_stand(void **state)
{
    (void)state;
    struct conf *conf = load_variables((const char *const[]){
        "HEARTH_OIDC_SSO_ISSUER=https://h", "HEARTH_OIDC_SSO_CLIENT_ID= a # b ; ${HOME} ",
        "HEARTH_OIDC_SSO_SCOPES=", NULL});
    const struct conf_section *oidc = conf_section_named(conf, "oidc", "sso");
    assert_string_equal(conf_text(oidc, "client_id"), " a # b ; ${HOME} ");
    assert_string_equal(conf_text(oidc, "scopes"), "");
    conf_free(conf);
}

static void test_variables_refused(void **state)
{
    (void)state;
    refused_variable("HEARTH_WEB_BASE_ULR=x", "did you mean HEARTH_WEB_BASE_URL?");
    refused_variable("HEARTH_WBE_BASE_URL=x", "did you mean HEARTH_WEB_BASE_URL?");
    refused_variable("HEARTH_STATEDIR=x", "did you mean HEARTH_STATE_DIR?");
    refused_variable("HEARTH_LISTEN_A___B_ADRESS=x", "did you mean HEARTH_LISTEN_A___B_ADDRESS?");
    refused_variable("HEARTH_WEB_XYZZY=x", "[web] has no key xyzzy");
    refused_variable("HEARTH_WEB_MAX_JOBS=1", "is called max_pending_requests since 0.2.0");
    refused_variable("HEARTH_HEARTH_LOG=text", "write HEARTH_LOG");
    refused_variable("HEARTH_WORKER_parallel=1", "in capitals");
    refused_variable("HEARTH_LISTEN_ADDRESS=127.0.0.1:0", "HEARTH_SECTION_NAME_KEY");
    refused_variable("HEARTH_LISTEN__A_ADDRESS=127.0.0.1:0", "HEARTH_SECTION_NAME_KEY");
    refused_variable("HEARTH_LISTEN_A____B_ADDRESS=127.0.0.1:0", "HEARTH_SECTION_NAME_KEY");
    refused_variable("HEARTH_LISTEN_A-B_ADDRESS=127.0.0.1:0", "two underscores are a \"-\"");
    refused_variable("HEARTH_OIDC_CALLBACK_ISSUER=https://h", "of Hearth's own");
    refused_variable("HEARTH_WORKER_PARALLEL=0", "from 1 to 1000");
    refused_variable("HEARTH_WORKER_PARALLEL=", "whole number");
    refused_variable("HEARTH_PLUGIN_DIR=/a\nb", "control character");
    refused_variable("HEARTH_PLUGIN_DIR=/a\x7f", "control character");
    refused_variable("HEARTH_PLUGIN_DIR=/\xff", "UTF-8");
    char *text = malloc(20000);
    memset(text, 'a', 19999);
    text[19999] = '\0';
    memcpy(text, "HEARTH_PLUGIN_DIR=", 18);
    refused_variable(text, "16 KiB");
    /* a name of any length; and more of them than there may be sections */
    memset(text, 'A', 19999);
    memcpy(text, "HEARTH_LISTEN_", 14);
    memcpy(text + 19990, "_X=1", 5);
    conf_free(load_variables((const char *const[]){text, NULL}));
    free(text);
    char names[20][60];
    const char *many[21] = {NULL};
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof(names[i]), "HEARTH_SYNC_S%02d_PLUGIN=fx", i);
        many[i] = names[i];
    }
    struct findings findings = {0};
    struct conf *conf = NULL;
    struct conf_sources sources = {.environment = many};
    assert_int_equal(conf_load(&sources, &findings, &conf, NULL), HEARTH_ERR_INVALID);
    assert_string_equal(findings.items[0].text,
                        "environment HEARTH_SYNC_S08_PLUGIN: this is [sync] section number 9; at "
                        "most 8 are possible");
    findings_fini(&findings);
}

/* What is nobody's of ours is in nobody's way. */
static void test_variables_of_others(void **state)
{
    (void)state;
    conf_free(load_variables((const char *const[]){
        "HEARTH_TEST_LATER=1", "HEARTH_KEEP_STDERR=1", "HEARTH_DUMPABLE=1", "HEARTH_LONG=1",
        "HEARTH_SEED=1", "HEARTH_PORT=8080", "HEARTH_DEMO_PORT=1", "HEARTH_PATIENCE=1",
        "HEARTH_FLIPS=1", "HEARTH_TREES=1", "HEARTH_FIREFOX=x", "HEARTH_ARCHIVE_PAGES=1",
        "HEARTH_=x", "HEARTH_WEB", "HEARTH_W\xc3\xa4=x", "HEARTHD=x", "hearth_web_base_url=x",
        NULL}));
}

/* A list of a file has an item on each line, mostly. */
static void test_lists_of_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/hearth-conf-XXXXXX", path[64], allow[128], proxies[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/allow", folder);
    snprintf(allow, sizeof(allow), "HEARTH_AUTH_ALLOW_FILE=%s", path);
    snprintf(proxies, sizeof(proxies), "HEARTH_WEB_TRUSTED_PROXIES_FILE=%s/proxies", folder);
    FILE *f = fopen(path, "w");
    fputs("ada@example.org\r\n*@example.com\n\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
    snprintf(path, sizeof(path), "%s/proxies", folder);
    f = fopen(path, "w");
    fputs("10.0.0.0/8,\n192.168.1.7/24\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
    struct findings findings = {0};
    struct conf *conf = NULL;
    struct err err = {0};
    struct conf_sources sources = {.environment = (const char *const[]){allow, proxies, NULL}};
    if (conf_load(&sources, &findings, &conf, &err) != 0)
        fail_msg("%s", err.text);
    const struct conf_list *list = conf_list(conf_section(conf, "auth", 0), "allow");
    assert_int_equal(list->count, 2);
    assert_string_equal(list->items[0], "ada@example.org");
    assert_string_equal(list->items[1], "*@example.com");
    const struct conf_section *web = conf_section(conf, "web", 0);
    assert_int_equal(conf_networks(web, "trusted_proxies")->count, 2);
    assert_int_equal(findings.count, 1);
    assert_non_null(strstr(findings.items[0].text, "192.168.1.7/24 means the whole network"));
    findings_fini(&findings);
    conf_free(conf);
    unlink(path);
    snprintf(path, sizeof(path), "%s/allow", folder);
    unlink(path), rmdir(folder);
}

static void test_over_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/hearth-conf-XXXXXX", path[64], secret[64], variable[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.conf", folder);
    snprintf(secret, sizeof(secret), "%s/secret", folder);
    FILE *f = fopen(path, "w");
    fputs("[worker]\nparallel = 2\nlease = 1min\n[listen a-b]\naddress = 127.0.0.1:1\n"
          "[oidc x]\nissuer = https://h\nclient_id = x\nclient_secret_file = /nonexistent\n",
          f);
    fclose(f);
    f = fopen(secret, "w");
    fputs("hunter2\n", f);
    fclose(f);
    assert_int_equal(chmod(secret, 0600), 0);
    snprintf(variable, sizeof(variable), "HEARTH_OIDC_X_CLIENT_SECRET_FILE=%s", secret);
    struct conf *conf = NULL;
    struct err err = {0};
    struct findings findings = {0};
    const char *environment[] = {"HEARTH_WORKER_PARALLEL=3",
                                 "HEARTH_LISTEN_A__B_ADDRESS=127.0.0.1:2",
                                 "HEARTH_ROLES=worker",
                                 variable,
                                 NULL,
                                 NULL};
    struct conf_sources sources = {.dir = folder, .environment = environment, .roles = "web"};
    assert_int_equal(conf_load(&sources, NULL, &conf, &err), 0);
    assert_int_equal(conf_get_number(conf, "worker", "parallel"), 3);
    assert_int_equal(conf_get_number(conf, "worker", "lease"), 60000);
    assert_int_equal(conf_get_number(conf, "hearth", "roles"), 1); /* the command line's */
    assert_string_equal(conf_where(conf, conf_section(conf, "hearth", 0), "roles"), "--role");
    assert_null(conf_section(conf, "listen", 1));
    assert_int_equal(conf_address(conf_section(conf, "listen", 0), "address")->port, 2);
    assert_string_equal(conf_text(conf_section(conf, "oidc", 0), "client_secret"), "hunter2");
    assert_int_equal(conf_check_secrets(conf, &findings), 0);
    conf_free(conf);
    environment[4] = "HEARTH_OIDC_X_CLIENT_SECRET=other";
    assert_int_equal(conf_load(&sources, NULL, &conf, &err), HEARTH_ERR_INVALID);
    assert_string_equal(err.text,
                        "environment HEARTH_OIDC_X_CLIENT_SECRET_FILE: client_secret was given by "
                        "environment HEARTH_OIDC_X_CLIENT_SECRET already");
    environment[3] = environment[4] = NULL;
    assert_int_equal(chmod(secret, 0644), 0);
    environment[3] = variable;
    assert_int_equal(conf_load(&sources, NULL, &conf, &err), HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "environment HEARTH_OIDC_X_CLIENT_SECRET_FILE: "));
    assert_non_null(strstr(err.text, "can be read by others (mode 0644)"));
    unlink(path), unlink(secret), rmdir(folder);
}

/* No two keys are one variable: what is of [hearth] has no other section before it, and KEY_file
 * is no key beside KEY. */
static void test_one_key_each(void **state)
{
    (void)state;
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        assert_null(strchr(kind->name, '_'));
        for (size_t i = 0; i < kind->count; i++) {
            const char *key = kind->keys[i].name;
            size_t n = strlen(key);
            bool names_file = n > 5 && strcmp(key + n - 5, "_file") == 0;
            if (names_file && strcmp(key, "key_file") != 0 && strcmp(key, "ca_file") != 0)
                fail_msg("[%s] %s is a KEY_file: conf_cut_file() has to know", kind->name, key);
            for (size_t k = 0; names_file && k < kind->count; k++)
                assert_false(strncmp(kind->keys[k].name, key, n - 5) == 0 &&
                             kind->keys[k].name[n - 5] == '\0');
            for (const struct conf_kind *other = conf_kinds();
                 kind == conf_kinds() && other->name != NULL; other++)
                assert_false(strncmp(key, other->name, strlen(other->name)) == 0 &&
                             key[strlen(other->name)] == '_');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_key),         cmocka_unit_test(test_values_as_they_stand),
        cmocka_unit_test(test_the_longest_name),  cmocka_unit_test(test_lists_of_files),
        cmocka_unit_test(test_variables_refused), cmocka_unit_test(test_variables_of_others),
        cmocka_unit_test(test_over_files),        cmocka_unit_test(test_one_key_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
