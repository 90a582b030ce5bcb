/* Addresses with passwords in them, wherever they were written by mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf.h"

/* What is refused is not said again: a password may be in it. */
static void not_repeated(const char *format, const char *value)
{
    char text[200];
    struct conf *conf = NULL;
    struct err err = {0};
    snprintf(text, sizeof(text), format, value);
    if (conf_load_text("x.conf", text, strlen(text), &conf, &err) == 0) {
        /* nothing is wrong with it as an e-mail address */
        assert_non_null(strstr(text, "allow"));
        conf_free(conf);
        return;
    }
    assert_ptr_equal(err.text, strstr(err.text, "x.conf:"));
    if (strstr(err.text, "hunter2") != NULL)
        fail_msg("%s is repeated: %s", text, err.text);
}

static void test_passwords_are_not_repeated(void **state)
{
    (void)state;
    static const char *const with_password[] = {"[web]\nbase_url = %s\n",
                                                "[oidc a]\nclient_id = x\nissuer = %s\n",
                                                "[node a]\nurl = %s\n[storage a]\n",
                                                "[web]\nhosts = h %s\n",
                                                "[web]\ntrusted_proxies = %s\n",
                                                "[listen a]\naddress = %s\n",
                                                "[web]\nthreads = %s\n",
                                                "[hearth]\nlog = %s\n",
                                                "[auth]\nallow = a@b %s\n"};
    static const char *const addresses[] = {"https://ada:hunter2@h", "htps://ada:hunter2@h",
                                            "ada:hunter2@h", "https://ada:hunter2@h:99999",
                                            "https://ada:hunter2@h?@"};
    for (size_t i = 0; i < sizeof(with_password) / sizeof(with_password[0]); i++)
        for (size_t k = 0; k < sizeof(addresses) / sizeof(addresses[0]); k++)
            not_repeated(with_password[i], addresses[k]);
}

static void test_a_plugins_address(void **state)
{
    (void)state;
    static const struct hearth_config_key keys[] = {
        {.struct_size = sizeof(struct hearth_config_key),
         .type = HEARTH_CONFIG_URL,
         .name = "server",
         .help = "a server"}};
    static const struct {
        const char *url;
        bool good;
    } cases[] = {{"https://h/@ada", true},           {"https://h?u=a@b", true},
                 {"https://ada:hunter2@h/x", false}, {"https://ada@h", false},
                 {"other://:hunter2@h:1", false},    {"ada:hunter2@h", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        struct conf *conf = NULL;
        struct err err = {0};
        const struct hearth_config_value *values;
        snprintf(text, sizeof(text), "[sync a]\nserver = %s\n", cases[i].url);
        assert_int_equal(conf_load_text("x.conf", text, strlen(text), &conf, &err), 0);
        int r =
            conf_plugin_values(conf, conf_section(conf, "sync", 0), keys, 1, NULL, &values, &err);
        assert_int_equal(r, cases[i].good ? 0 : HEARTH_ERR_INVALID);
        if (!cases[i].good)
            assert_non_null(strstr(err.text, "x.conf:2: server: "));
        assert_null(strstr(err.text, "hunter2"));
        conf_free(conf);
    }
}

/* People come to the wrong one, and are sent to the right one. */
static void test_nodes_have_addresses(void **state)
{
    (void)state;
    static const char text[] =
        "[node oak]\nurl = https://h\n[storage oak]\n[node elm]\n[storage elm]\n";
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load_text("x.conf", text, strlen(text), &conf, &err), HEARTH_ERR_INVALID);
    assert_ptr_equal(err.text, strstr(err.text, "x.conf:4: [node elm] needs url"));
    /* there is no other one */
    assert_int_equal(conf_load_text("x.conf", "[node elm]\n[storage elm]\n", 25, &conf, &err), 0);
    conf_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passwords_are_not_repeated),
        cmocka_unit_test(test_a_plugins_address),
        cmocka_unit_test(test_nodes_have_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
