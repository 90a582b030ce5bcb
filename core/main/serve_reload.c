/* SIGHUP, and `hearthd reload`: what is read again while everything goes on. */
#include "base/buf.h"
#include "base/findings.h"
#include "base/log.h"
#include "base/str.h"
#include "main/reload.h"
#include "main/serve.h"
#include "signin/allow.h"

/* What a reload found new. */
struct reload {
    const struct conf *before, *fresh;
    struct buf applied; /* names of keys */
};

/* With TLS or without is decided when a listener begins. */
static bool changes_tls(const struct reload *reload, const struct conf_kind *kind, const char *name,
                        const char *key)
{
    const struct conf_section *before = conf_section_named(reload->before, kind->name, name),
                              *fresh = conf_section_named(reload->fresh, kind->name, name);
    return str_equal(kind->name, "listen") &&
           (conf_text(before, key) == NULL) != (conf_text(fresh, key) == NULL);
}

static bool is_applied(const struct reload *reload, const struct conf_kind *kind, const char *name,
                       const char *key)
{
    return key != NULL && conf_is_reloaded(kind, key) && !changes_tls(reload, kind, name, key);
}

static void put_key(struct buf *to, const struct conf_kind *kind, const char *name, const char *key)
{
    buf_printf(to, "[%s%s%s]%s%s", kind->name, name[0] == '\0' ? "" : " ", name,
               key == NULL ? "" : " ", key == NULL ? "" : key);
}

static void note_applied(void *ctx, const struct conf_kind *kind, const char *name, const char *key,
                         const char *where)
{
    struct reload *reload = ctx;
    (void)where;
    if (!is_applied(reload, kind, name, key))
        return;
    buf_add_text(&reload->applied, reload->applied.size > 0 ? ", " : "");
    put_key(&reload->applied, kind, name, key);
}

static void tell_restart(void *ctx, const struct conf_kind *kind, const char *name, const char *key,
                         const char *where)
{
    struct reload *reload = ctx;
    struct buf what = {0};
    if (is_applied(reload, kind, name, key))
        return;
    put_key(&what, kind, name, key);
    log_event(HEARTH_LOG_WARNING, "main", "restart needed", LOG_TEXT("setting", what.data),
              LOG_TEXT("from", where));
    main_reload_say(0, "%s: %s needs a restart", where, what.data == NULL ? "" : what.data);
    buf_fini(&what);
}

/* The sections of plugins that this process has, by what those say of their keys. */
static void check_plugins(const struct daemon *d, const struct conf *conf,
                          struct findings *findings)
{
    const struct plug *plugs[NODES_MAX + APP_PROVIDERS_MAX + 1];
    static const char *const kinds[] = {"storage", "queue", "sync"};
    const struct conf_section *section;
    size_t n = 0;
    for (size_t i = 0; i < d->app.nodes.count; i++)
        plugs[n++] = d->app.nodes.items[i].storage;
    for (size_t i = 0; i < d->app.provider_count; i++)
        plugs[n++] = d->app.providers[i];
    plugs[n++] = d->app.queue;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
        for (size_t i = 0; (section = conf_section(conf, kinds[k], i)) != NULL; i++)
            for (size_t p = 0; p < n; p++) {
                const struct hearth_plugin *plugin = plug_descriptor(plugs[p]);
                const struct hearth_config_value *values;
                if (!str_equal(plug_kind_name(plugin->kind), kinds[k]) ||
                    !str_equal(plugin->name, conf_text(section, "plugin")))
                    continue;
                conf_plugin_values(conf, section, plugin->config, plugin->config_count, findings,
                                   &values, NULL);
                break;
            }
}

/* Of all listeners, at the keys that name the files. */
static void read_certificates(struct daemon *d, const struct conf *conf, struct findings *findings,
                              struct http_certificates *ret_certificates)
{
    struct http_listener listeners[CONF_LISTEN_MAX];
    const struct conf_section *section;
    struct err err = {0};
    size_t count = 0;
    int64_t ends;
    bool of_key = false;
    for (size_t i = 0; (section = conf_section(conf, "listen", i)) != NULL; i++) {
        const char *certificate = conf_text(section, "tls_certificate"),
                   *key = conf_text(section, "tls_key");
        if (certificate != NULL &&
            http_certificate_ends(certificate, key, &ends, &of_key, &err) < 0)
            findings_add(findings, err.code, "%s: %s",
                         conf_where(conf, section, of_key ? "tls_key" : "tls_certificate"),
                         err.text);
        listeners[count++] = (struct http_listener){
            .name = conf_section_name(section), .certificate = certificate, .key = key};
    }
    if (findings->code == 0 &&
        http_read_certificates(d->http, listeners, count, ret_certificates, &err) < 0)
        findings_add_err(findings, &err);
}

/* Everything that is wrong is said, and nothing is changed by it. */
static int read_anew(struct daemon *d, const struct cli *cli, struct conf **ret_conf,
                     struct http_certificates *ret_certificates)
{
    struct findings findings = {0};
    struct err err = {0};
    struct conf *conf = NULL;
    int r = main_app_read_conf(cli, &findings, &conf, &err);
    if (r == 0) {
        conf_check_secrets(conf, &findings);
        check_plugins(d, conf, &findings);
        read_certificates(d, conf, &findings, ret_certificates);
    } else if (findings.code == 0) {
        findings_add_err(&findings, &err);
    }
    r = findings.code;
    for (size_t i = 0; r < 0 && i < findings.count; i++) {
        if (findings.items[i].code == 0)
            continue;
        log_event(HEARTH_LOG_ERROR, "main", "reload refused",
                  LOG_TEXT("error", findings.items[i].text),
                  LOG_TEXT("hint", "everything stays as it was; hearthd check says what is wrong"));
        main_reload_say(r, "%s", findings.items[i].text);
    }
    if (r < 0 && findings.more > 0)
        main_reload_say(r, "and %zu more", findings.more);
    findings_fini(&findings);
    if (r < 0)
        conf_free(conf);
    else
        *ret_conf = conf;
    return r;
}

static void apply_settings(struct daemon *d, const struct conf *conf,
                           const struct http_certificates *certificates)
{
    struct app app = {.conf = (struct conf *)(uintptr_t)conf};
    struct sync_context rules;
    struct http_options options = {0};
    log_set_level((enum hearth_log_level)conf_get_number(conf, "hearth", "log_level"));
    log_set_audit(conf_get_number(conf, "hearth", "audit") != 0);
    log_set_access(conf_get_number(conf, "web", "access_log") != 0);
    http_use_certificates(d->http, certificates);
    main_serve_limits(conf, &options);
    http_set_limits(d->http, &options);
    main_app_sync_context(&app, &rules);
    jobs_set_rules(d->jobs, &rules.schedule, &rules.limits, rules.timeout);
    signin_allow_replace(d->app.allow, conf_list(conf_section(conf, "auth", 0), "allow"));
    struct push_pace pace = main_serve_push_pace(conf);
    push_set_pace(d->push, &pace);
    if (d->signin != NULL)
        signin_set_password(d->signin, conf_get_number(conf, "auth", "password") != 0);
    if (d->api != NULL) /* who may come in is asked anew */
        api_forget(d->api, NULL);
}

void main_serve_reload(struct daemon *d, const struct cli *cli)
{
    struct conf *conf = NULL;
    struct http_certificates certificates = {0};
    unsigned asked = main_reload_begin();
    if (read_anew(d, cli, &conf, &certificates) < 0) {
        main_reload_end(asked);
        return;
    }
    /* what was applied before is compared with what applied it, the rest with the start */
    struct reload reload = {.before = d->reloaded != NULL ? d->reloaded : d->app.conf,
                            .fresh = conf};
    conf_compare(reload.before, conf, note_applied, &reload);
    apply_settings(d, conf, &certificates);
    for (size_t i = 0; i < HTTP_LISTENERS_MAX; i++)
        if (certificates.tls[i] != NULL) {
            buf_add_text(&reload.applied,
                         reload.applied.size > 0 ? ", certificates" : "certificates");
            break;
        }
    log_audit("configuration reloaded",
              LOG_TEXT("reloaded", reload.applied.size == 0 ? NULL : reload.applied.data));
    if (reload.applied.size > 0)
        main_reload_say(0, "reloaded: %s", reload.applied.data);
    reload.before = d->app.conf;
    conf_compare(reload.before, conf, tell_restart, &reload);
    buf_fini(&reload.applied);
    http_free_certificates(&certificates);
    conf_free(d->reloaded); /* nobody has anything of it any more */
    d->reloaded = conf;
    main_reload_end(asked);
}
