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

#include "base/secret_file.h"
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
    assert_int_equal(conf_load(&(struct conf_sources){0}, NULL, &conf, &err), 0);
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
    struct conf *conf = load("# a comment\n; another\n\n[hearth]\r\n  state_dir=/x   # behind a "
                             "value\n[web]\napp_dir = /a;2\n[listen "
                             "a]\naddress = 127.0.0.1:1\n"
                             "[ listen   b ]\naddress = ${HEARTH_TEST_NAME}:80\n[auth]\npassword = "
                             "YES\n[worker]\nparallel=3");
    assert_string_equal(conf_get_text(conf, "hearth", "state_dir"), "/x");
    assert_string_equal(conf_get_text(conf, "web", "app_dir"), "/a;2");
    assert_string_equal(conf_section_name(conf_section(conf, "listen", 1)), "b");
    assert_string_equal(conf_text(conf_section(conf, "listen", 1), "address"), "alder:80");
    assert_null(conf_section(conf, "listen", 2)); /* no default beside one's own */
    assert_int_equal(
        conf_get_number(conf, "auth", "password") + conf_get_number(conf, "worker", "parallel"), 4);
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
    refused("[web]\nbase_url = home\n", "x.conf:2:", "absolute URL");
    refused("[hearth]\nlog = xml\n", "x.conf:2:", "text json");
    refused("[hearth]\nstate_dir = ${HEARTH_TEST_UNSET}\n", "x.conf:2:", "not set");
    refused("[hearth]\nstate_dir = ${HOME\n", "x.conf:2:", "not closed");
    refused("[hearth]\nBad Key = 1\n", "x.conf:2:", "a key is made of");
    refused("[hearth]\nstate_dir = \xff\n", "x.conf:2:", "UTF-8");
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load_text("x.conf", "[hearth]\nlog = te\0xt\n", 20, &conf, &err),
                     HEARTH_ERR_INVALID);
    char *line = malloc(20000);
    memset(line, 'a', 19999);
    line[19999] = '\0';
    refused(line, "x.conf:1:", "at most");
    free(line);
    assert_int_equal(
        conf_load(&(struct conf_sources){.dir = "/nonexistent/conf.d"}, NULL, &conf, &err),
        HEARTH_ERR_INVALID);
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

static void set_mode(const char *name, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(chmod(path, mode), 0);
}

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/hearth-conf-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    char text[256];
    snprintf(text, sizeof(text), "rm -r %s", folder);
    assert_int_equal(system(text), 0);
}

/* A text of `count` times the item, with commas between them. */
static char *repeat(const char *before, const char *item, int count)
{
    size_t n = strlen(item), size = strlen(before);
    char *text = malloc(size + (n + 2) * (size_t)count + 2), *end = text + size;
    memcpy(text, before, size);
    for (int i = 0; i < count; i++) {
        memcpy(end, item, n);
        end += n;
        *end++ = i + 1 < count ? ',' : '\n';
    }
    *end = '\0';
    return text;
}

static void test_networks(void **state)
{
    (void)state;
    struct conf *conf =
        load("[web]\ntrusted_proxies = 127.0.0.1/32, 10.0.0.0/8 2001:db8::/32,::1\n");
    const struct conf_networks *networks =
        conf_networks(conf_section(conf, "web", 0), "trusted_proxies");
    assert_int_equal(networks->count, 4);
    assert_int_equal(networks->items[1].bits, 8);
    assert_int_equal(networks->items[3].bits, 128);
    conf_free(conf);
    conf = load("");
    assert_int_equal(conf_networks(conf_section(conf, "web", 0), "trusted_proxies")->count, 0);
    conf_free(conf);
    /* of old, cut after 1,024 bytes: /2 for /26 */
    char *text = repeat("[web]\ntrusted_proxies = ", "127.0.0.64/26", 1024);
    conf = load(text);
    networks = conf_networks(conf_section(conf, "web", 0), "trusted_proxies");
    assert_int_equal(networks->count, 1024);
    for (size_t i = 0; i < 1024; i++)
        assert_int_equal(networks->items[i].bits, 26);
    conf_free(conf);
    free(text);
    text = repeat("[web]\ntrusted_proxies = ", "10.0.0.1", 1025);
    refused(text, "x.conf:2: trusted_proxies", "more than 1024");
    free(text);
    refused("[web]\ntrusted_proxies = 10.0.0.0/99\n",
            "x.conf:2:", "\"10.0.0.0/99\" is not a network");
    refused("[web]\ntrusted_proxies = 10.0.0.0/8,,10.0.0.1\n",
            "x.conf:2:", "nothing between two commas");
    refused("[web]\ntrusted_proxies = 10.0.0.0/8,\n", "x.conf:2:", "behind the last comma");
    refused("[web]\ntrusted_proxies = proxy.example.org\n", "x.conf:2:", "is not a network");
}

static void test_patterns(void **state)
{
    (void)state;
    struct conf *conf = load("[auth]\nallow = ada@example.org, *@example.com\n");
    const struct conf_list *list = conf_list(conf_section(conf, "auth", 0), "allow");
    assert_int_equal(list->count, 2);
    assert_string_equal(list->items[1], "*@example.com");
    conf_free(conf);
    conf = load("");
    assert_null(conf_list(conf_section(conf, "auth", 0), "allow"));
    conf_free(conf);
    /* of old, cut after 4,096 bytes */
    char *text = repeat("[auth]\nallow = ", "*@a-rather-long-name-of-a-domain.example.org", 300);
    conf = load(text);
    list = conf_list(conf_section(conf, "auth", 0), "allow");
    assert_int_equal(list->count, 300);
    assert_string_equal(list->items[299], "*@a-rather-long-name-of-a-domain.example.org");
    conf_free(conf);
    free(text);
    refused("[auth]\nallow = ada@@x\n", "x.conf:2:", "\"ada@@x\" has more than one @");
    refused("[auth]\nallow = bob\n", "x.conf:2:", "\"bob\" has no @");
    refused("[auth]\nallow = *.example.org\n", "x.conf:2:", "* is everybody");
    conf_free(load("[auth]\nallow = *\n"));
    refused("[auth]\nallow = @example.org\n", "x.conf:2:", "nothing on one side");
    refused("[auth]\nallow = ada@example.org,, bob@example.org\n",
            "x.conf:2:", "nothing between two commas");
    refused("[auth]\nallow =\n", "x.conf:2:", "let nobody in");
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        int port;
    } good[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
                {"[::1]:0", "::1", 0},
                {":65535", "", 65535},
                {"*:80", "", 80},
                {"localhost:1", "localhost", 1}};
    static const char *const bad[][2] = {
        {"8080", "host:port"},        {"127.0.0.1:99999", "from 0 to 65535"},
        {"127.0.0.1:", "0 to 65535"}, {"127.0.0.1:+1", "0 to 65535"},
        {"::1:80", "in brackets"},    {"[zz]:80", "address"},
        {"1.2.3.4.5:80", "address"},  {"a b:80", "address"},
        {"unix:x.sock", "slash"}};
    char text[300], path[200];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(text, sizeof(text), "[listen a]\naddress = %s\n", good[i].text);
        struct conf *conf = load(text);
        const struct conf_address *address =
            conf_address(conf_section(conf, "listen", 0), "address");
        assert_string_equal(address->host, good[i].host);
        assert_int_equal(address->port, good[i].port);
        conf_free(conf);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "[listen a]\naddress = %s\n", bad[i][0]);
        refused(text, "x.conf:2: address:", bad[i][1]);
    }
    memset(path, 'p', sizeof(path));
    snprintf(text, sizeof(text), "[listen a]\naddress = unix:/%.107s\n", path);
    refused(text, "x.conf:2: address:", "at most 107 bytes");
    refused("[listen a]\naddress = 127.0.0.1:80\n[listen b]\naddress = 127.0.0.1:80\n",
            "x.conf:4:", "address of [listen a]");
    char *many = malloc(2000), *end = many;
    for (int i = 0; i < 16; i++)
        end += snprintf(end, 100, "[listen n%d]\naddress = 127.0.0.1:%d\n", i, 8000 + i);
    refused(many, "x.conf:31:", "at most 15 are possible");
    free(many);
}

static void test_other_shapes(void **state)
{
    (void)state;
    struct conf *conf = load("[web]\nbase_url = https://home.example.org:8443/\ntrusted_proxies = "
                             "::1\n[auth]\nproxy_header = Remote-Email\n"
                             "[hearth]\nroles = scheduler, web\n[oidc a]\nissuer = "
                             "https://sso.example.org/realms/x\nclient_id = h\n");
    assert_string_equal(conf_get_text(conf, "web", "base_url"), "https://home.example.org:8443");
    assert_string_equal(conf_get_text(conf, "auth", "proxy_header"), "remote-email");
    assert_int_equal(conf_get_number(conf, "hearth", "roles"), 1 | 4);
    conf_free(conf);
    conf = load("[web]\nbase_url = https://h/a-1/~b_c.d/\n");
    assert_string_equal(conf_get_text(conf, "web", "base_url"), "https://h/a-1/~b_c.d");
    assert_string_equal(conf_base_path(conf_get_text(conf, "web", "base_url")), "/a-1/~b_c.d");
    conf_free(conf);
    assert_string_equal(conf_base_path("https://h"), "");
    assert_string_equal(conf_base_path(NULL), "");
    static const char *const paths[] = {"//",   "/a//b", "/a/../b", "/./",
                                        "/a;b", "/a%20", "/a/b//",  "/.."};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char text[80];
        snprintf(text, sizeof(text), "[web]\nbase_url = https://h%s\n", paths[i]);
        refused(text, "x.conf:2:", "single slashes");
    }
    refused("[web]\nbase_url = ftp://x\n", "x.conf:2:", "https://");
    refused("[web]\nbase_url = https://h?x\n", "x.conf:2:", "without ?");
    refused("[web]\nbase_url = https://ada:pw@h\n", "x.conf:2:", "passwords do not belong");
    refused("[web]\nbase_url = https://h:99999\n", "x.conf:2:", "HOST:PORT");
    refused("[web]\nbase_url = https://:80\n", "x.conf:2:", "HOST:PORT");
    refused("[node a]\nurl = https://h//x\n[storage a]\n", "x.conf:2:", "single slashes");
    refused("[hearth]\nroles = web wroker\n",
            "x.conf:2:", "\"wroker\" is not one of: web worker scheduler");
    refused("[hearth]\nroles =\n", "x.conf:2:", "at least one");
    refused("[auth]\nproxy_header = Remote-Email\n", "x.conf:2:", "trusted_proxies");
    refused("[auth]\nproxy_header = Authorization\n", "x.conf:2:", "means something else");
    refused("[auth]\nproxy_header = Sec-Fetch-Site\n", "x.conf:2:", "means something else");
    refused("[auth]\nproxy_header = Remote Email\n", "x.conf:2:", "name of one header");
    refused("[auth]\nproxy_header = "
            "X-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
            "x.conf:2:", "63 bytes");
    refused("[oidc a]\nclient_id = x\n", "x.conf:1:", "needs issuer");
    refused("[oidc a]\nclient_id = x\nissuer = https://h/?q\n", "x.conf:3:", "neither ?");
    refused("[oidc callback]\n", "x.conf:1:", "callback");
    refused("[listen a]\ntls_certificate = c.pem\n", "x.conf:2:", "needs tls_key");
    refused("[listen a]\ntls_key = c.pem\n", "x.conf:2:", "needs tls_certificate");
    refused("[web]\nnode = oak\n", "x.conf:2:", "no [node oak]");
    refused("[node oak]\n[storage elm]\n", "x.conf:2:", "remove it");
    refused("[scheduler]\ninterval = 100ms\n", "x.conf:2:", "(from 1s to 30d)");
    refused("[web]\nunsent_total = 1\n", "x.conf:2:", "(from 64KiB to 1024GiB)");
    refused(
        "[wrong]\n", "x.conf:1:",
        "known are hearth, listen, web, auth, oidc, storage, node, queue, sync, scheduler, worker");
}

static void test_lengths(void **state)
{
    (void)state;
    char *path = malloc(6000), *text = malloc(7000);
    memset(path, 'p', 5999);
    path[5999] = '\0';
    static const char *const keys[] = {"[hearth]\nstate_dir", "[hearth]\nplugin_dir",
                                       "[hearth]\nkey_file", "[web]\napp_dir", "[worker]\nca_file"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        snprintf(text, 7000, "%s = /%.3500s\n", keys[i], path);
        refused(text, "x.conf:2:", "3500 bytes");
    }
    /* what is in it must have room */
    snprintf(text, 7000, "[hearth]\nstate_dir = /%.3000s\n", path);
    refused(text, "x.conf:2:", "longer than 3000 bytes");
    snprintf(text, 7000, "[hearth]\nstate_dir = /%.2999s\nkey_file = %.600s\n", path, path);
    refused(text, "x.conf:3:", "3500 bytes");
    snprintf(text, 7000, "[web]\nnode = %.64s\n", path);
    refused(text, "x.conf:2:", "name of a section");
    snprintf(text, 7000, "[node a]\nurl = https://%.1000s\n[storage a]\n", path);
    refused(text, "x.conf:2:", "1000 bytes");
    free(path);
    free(text);
}

static void test_everything_is_found_at_once(void **state)
{
    (void)state;
    make_folder();
    write_file("10-a.conf", "\xef\xbb\xbf[worker]\nparallel = many\n[nonsense]\nkey = 1\nother = "
                            "2\n[worker]\nlease = x\n");
    write_file("20-b.conf", "[web]\nbase_ulr = x\ntrusted_proxies = x\nnot a setting\n");
    char path[128];
    snprintf(path, sizeof(path), "%s/30-c.conf", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    struct findings findings = {0};
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load(&(struct conf_sources){.dir = folder}, &findings, &conf, &err),
                     HEARTH_ERR_INVALID);
    assert_null(conf);
    static const char *const expected[] = {
        "10-a.conf:3: there is no section [nonsense]",
        "20-b.conf:4: expected KEY = VALUE",
        "30-c.conf is a folder",
        "20-b.conf:2: [web] has no key base_ulr; did you mean base_url?",
        "20-b.conf:3: trusted_proxies",
        "10-a.conf:2: parallel: \"many\"",
        "10-a.conf:7: lease: \"x\": expected a duration"};
    assert_int_equal(findings.count, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < findings.count; i++)
        if (strstr(findings.items[i].text, expected[i]) == NULL)
            fail_msg("%zu: \"%s\" is not: %s", i, findings.items[i].text, expected[i]);
    assert_string_equal(err.text, findings.items[0].text);
    findings_fini(&findings);
    remove_folder();
}

static const struct hearth_config_key secret_keys[] = {
    {.struct_size = sizeof(secret_keys[0]),
     .type = HEARTH_CONFIG_SECRET,
     .name = "dsn",
     .help = "d"},
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
        conf_plugin_values(conf, conf_section(conf, "storage", 0), secret_keys, 1, &findings,
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
    assert_int_equal(conf_plugin_values(conf, conf_section(conf, "storage", 0), secret_keys, 1,
                                        &findings, &values, &err),
                     HEARTH_ERR_INVALID);
    assert_non_null(
        strstr(err.text, "a.conf:6: dsn_file: cannot read /nonexistent/dsn: No such file"));
    findings_fini(&findings);
    conf_free(conf);
    remove_folder();
}

struct entries {
    int secrets, defaults, from_file;
};

static void count_entry(void *ctx, const char *section, const char *key, const char *value,
                        const char *origin, bool reloaded)
{
    (void)section;
    (void)reloaded;
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
    set_mode("secret", 0600);
    write_file(
        "10-a.conf",
        "[worker]\nparallel = 1\nlease = 1min\n[storage main]\nplugin = test\nsize = 4KiB\n");
    snprintf(text, sizeof(text),
             "[storage main]\npassword_file = %s/secret\n[worker]\nparallel = 2\n", folder);
    write_file("20-b.conf", text);
    write_file("30-ignored.txt", "nonsense");
    struct conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(conf_load(&(struct conf_sources){.dir = folder}, NULL, &conf, &err), 0);
    assert_int_equal(conf_get_number(conf, "worker", "parallel"), 2); /* the later file */
    assert_int_equal(conf_get_number(conf, "worker", "lease"), 60000);
    static const struct hearth_config_key keys[] = {
        {.struct_size = sizeof(keys[0]),
         .type = HEARTH_CONFIG_SECRET,
         .name = "password",
         .help = "p",
         .required = true},
        {.struct_size = sizeof(keys[0]),
         .type = HEARTH_CONFIG_SIZE,
         .name = "size",
         .fallback = "1KiB",
         .help = "s"},
        {.struct_size = sizeof(keys[0]),
         .type = HEARTH_CONFIG_PATH,
         .name = "path",
         .fallback = "a.db",
         .help = "p"},
        {.struct_size = sizeof(keys[0]),
         .type = HEARTH_CONFIG_STRING,
         .name = "absent",
         .help = "a"},
    };
    const struct hearth_config_value *values;
    const struct conf_section *section = conf_section(conf, "storage", 0);
    assert_int_equal(conf_plugin_values(conf, section, keys, 4, NULL, &values, &err), 0);
    assert_string_equal(values[0].text, "hunter2");
    assert_int_equal(values[1].number, 4096);
    assert_string_equal(values[2].text, "/var/lib/hearth/a.db");
    assert_false(values[3].present);
    struct entries entries = {0};
    conf_each(conf, count_entry, &entries);
    assert_int_equal(entries.secrets, 1);
    assert_int_equal(entries.from_file, 1);
    assert_true(entries.defaults > 20);
    /* "size" is unknown now */
    assert_int_equal(conf_plugin_values(conf, section, keys, 1, NULL, &values, &err),
                     HEARTH_ERR_INVALID);
    assert_non_null(strstr(err.text, "10-a.conf:6"));
    conf_free(conf);
    write_file("20-b.conf", "");
    assert_int_equal(conf_load(&(struct conf_sources){.dir = folder}, NULL, &conf, &err), 0);
    assert_int_equal(
        conf_plugin_values(conf, conf_section(conf, "storage", 0), keys, 4, NULL, &values, &err),
        HEARTH_ERR_INVALID);
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
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_other_shapes),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_everything_is_found_at_once),
        cmocka_unit_test(test_open_secrets),
        cmocka_unit_test(test_withheld_secrets),
        cmocka_unit_test(test_directory_and_plugins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
