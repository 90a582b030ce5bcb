/* Secrets that others can read, and those that are there for the daemon alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/secret_file.h"
#include "conf/conf.h"
#include "folder.h"

static const struct hearth_config_key secret_keys[] = {
    {.struct_size = sizeof(secret_keys[0]),
     .type = HEARTH_CONFIG_SECRET,
     .name = "dsn",
     .help = "d"},
    {.struct_size = sizeof(secret_keys[0]),
     .type = HEARTH_CONFIG_PATH,
     .name = "spool",
     .help = "s"},
};

/* The text of a finding; "" when the folder was accepted. */
static const char *load_folder(char ret[512])
{
    struct findings findings = {0};
    struct conf *conf = NULL;
    struct err err = {0};
    const struct hearth_config_value *values;
    int r = conf_load(&(struct conf_sources){.dir = folder}, &findings, &conf, &err);
    if (r == 0)
        r = conf_check_secrets(conf, &findings) < 0 ? findings_first(&findings, &err) : 0;
    if (r == 0)
        conf_plugin_values(conf, conf_section(conf, "storage", 0), secret_keys, 2, &findings,
                           &values, &err);
    findings_fini(&findings);
    conf_free(conf);
    snprintf(ret, 512, "%s", err.text);
    return ret;
}

static void found(const char *why)
{
    char text[512];
    load_folder(text);
    if (why == NULL ? text[0] != '\0' : strstr(text, why) == NULL)
        fail_msg("\"%s\" is not: %s", text, why == NULL ? "nothing" : why);
}

static void test_open_secrets(void **state)
{
    (void)state;
    make_folder();
    char text[400];
    static const struct {
        mode_t mode;
        const char *why;
    } modes[] = {{0600, NULL},
                 {0400, NULL},
                 {0640, NULL},
                 {0440, NULL},
                 {0644, "can be read by others (mode 0644): run chmod 600"},
                 {0666, "chmod 600"},
                 {0602, "run chmod 600"},
                 {0660, "can be changed by its group"}};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_file("a.conf",
                   "[oidc a]\nissuer = https://h\nclient_id = x\nclient_secret = hunter2\n");
        set_mode("a.conf", modes[i].mode);
        found(modes[i].why);
        write_file("a.conf", "[storage main]\ndsn = postgresql://hearth:hunter2@db/hearth\n");
        found(modes[i].why);
        write_file("a.conf", "[storage main]\ndsn = host=db password=hunter2\n");
        found(modes[i].why);
        /* no password in it */
        write_file("a.conf", "[storage main]\ndsn = postgresql://hearth@db/hearth\n");
        found(NULL);
        write_file("a.conf", "[storage main]\ndsn = dbname=hearth\n");
        found(NULL);
        write_file("secret", "hunter2\n");
        set_mode("secret", modes[i].mode);
        snprintf(text, sizeof(text),
                 "[oidc a]\nissuer = https://h\nclient_id = x\nclient_secret_file = %s/secret\n",
                 folder);
        write_file("a.conf", text);
        found(modes[i].why);
    }
    set_mode("secret", 0600);
    if (geteuid() == 0) { /* a process of root works on anybody's */
        snprintf(text, sizeof(text), "%s/secret", folder);
        assert_int_equal(chown(text, 12345, 12345), 0);
        found(NULL);
        assert_int_equal(seteuid(12346), 0);
        struct stat st = {.st_mode = S_IFREG | 0600, .st_uid = 12345};
        struct err err = {0};
        assert_int_equal(secret_file_check("x", &st, &err), HEARTH_ERR_DENIED);
        assert_non_null(strstr(err.text, "belongs to another user"));
        st.st_uid = 0;
        st.st_mode = S_IFREG | 0640;
        assert_int_equal(secret_file_check("x", &st, &err), 0);
        assert_int_equal(seteuid(0), 0);
    }
    remove_folder();
}

/* Another one in each folder that hearthd is started in; or it is the secret itself. */
static void test_files_by_their_whole_path(void **state)
{
    (void)state;
    make_folder();
    char text[512];
    write_file("hunter2", "x\n");
    set_mode("hunter2", 0600);
    assert_int_equal(chdir(folder), 0);
    write_file("a.conf", "[oidc a]\nissuer = https://h\nclient_id = x\n"
                         "client_secret_file = hunter2\n");
    found("a.conf:4: client_secret_file is the path of a file, and begins with a slash");
    assert_null(strstr(load_folder(text), "hunter2"));
    write_file("a.conf", "[storage main]\ndsn_file = postgresql://ada:hunter2@db/hearth\n");
    found("begins with a slash");
    assert_null(strstr(load_folder(text), "hunter2"));
    assert_int_equal(chdir("/"), 0);
    remove_folder();
}

/* "tls_key_file = key.pem": its text is never taken for a path, which is shown. */
static void test_no_file_of_a_path(void **state)
{
    (void)state;
    make_folder();
    char text[400], variable[200];
    write_file("secret", "hunter2\n");
    set_mode("secret", 0600);
    static const char *const keys[] = {"[listen main]\ntls_certificate = c\ntls_key",
                                       "[hearth]\n\nstate_dir", "[storage main]\n\nspool"};
    for (size_t i = 0; i < 3; i++) {
        const char *key = strrchr(keys[i], '\n') + 1;
        snprintf(text, sizeof(text), "%s_file = %s/secret\n", keys[i], folder);
        write_file("a.conf", text);
        snprintf(text, sizeof(text), "a.conf:3: %s_file: %s is a path itself", key, key);
        found(text);
        snprintf(text, sizeof(text), "%s_file = /nonexistent\n", keys[i]);
        write_file("a.conf", text);
        found("is a path itself");
    }
    remove_folder();
    snprintf(variable, sizeof(variable), "HEARTH_LISTEN_MAIN_TLS_KEY_FILE=%s", "/nonexistent");
    struct conf *conf = NULL;
    struct err err = {0};
    struct conf_sources sources = {.environment = (const char *const[]){variable, NULL}};
    assert_int_equal(conf_load(&sources, NULL, &conf, &err), HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "write HEARTH_LISTEN_MAIN_TLS_KEY = PATH"));
}

static void test_secrets_of_containers(void **state)
{
    (void)state;
    /* of a container engine, and of nobody else */
    static const struct {
        const char *path;
        mode_t mode;
        int code;
    } places[] = {{"/run/secrets/x", 0444, 0},
                  {"/run/secrets/x", 0446, HEARTH_ERR_DENIED},
                  {"/run/secrets/x", 0464, HEARTH_ERR_DENIED},
                  {"/run/secrets/../x", 0444, HEARTH_ERR_DENIED},
                  {"/run/secretsx", 0444, HEARTH_ERR_DENIED}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct stat st = {.st_mode = S_IFREG | places[i].mode};
        assert_int_equal(secret_file_check(places[i].path, &st, NULL), places[i].code);
    }
}

/* The credentials of a unit are there for the unit alone: a command that needs none of them is
 * not to die of it. */
static void test_withheld_secrets(void **state)
{
    (void)state;
    make_folder();
    unsetenv("CREDENTIALS_DIRECTORY");
    write_file("a.conf", "[oidc a]\nissuer = https://h\nclient_id = x\nclient_secret_file = "
                         "${CREDENTIALS_DIRECTORY}/x\n[storage main]\n"
                         "dsn_file = /nonexistent/dsn\n");
    struct findings findings = {0};
    struct conf *conf = NULL;
    struct err err = {0};
    const struct hearth_config_value *values;
    assert_int_equal(conf_load(&(struct conf_sources){.dir = folder}, &findings, &conf, &err), 0);
    assert_int_equal(findings.count, 0);
    assert_int_equal(conf_check_secrets(conf, &findings), HEARTH_ERR_INVALID);
    assert_non_null(strstr(
        findings.items[0].text,
        "a.conf:4: client_secret_file: the environment variable CREDENTIALS_DIRECTORY is not set"));
    assert_int_equal(conf_plugin_values(conf, conf_section(conf, "storage", 0), secret_keys, 2,
                                        &findings, &values, &err),
                     HEARTH_ERR_INVALID);
    assert_non_null(
        strstr(err.text, "a.conf:6: dsn_file: cannot read /nonexistent/dsn: No such file"));
    findings_fini(&findings);
    conf_free(conf);
    remove_folder();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_secrets),      cmocka_unit_test(test_secrets_of_containers),
        cmocka_unit_test(test_no_file_of_a_path), cmocka_unit_test(test_files_by_their_whole_path),
        cmocka_unit_test(test_withheld_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
