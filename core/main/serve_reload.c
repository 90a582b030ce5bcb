/* SIGHUP: what is read again while everything goes on. */
#include "base/findings.h"
#include "base/log.h"
#include "main/serve.h"

static bool has_certificates(const struct daemon *d)
{
    const struct conf_section *section;
    for (size_t i = 0; (section = conf_section(d->app.conf, "listen", i)) != NULL; i++)
        if (conf_text(section, "tls_certificate") != NULL)
            return true;
    return false;
}

/* The level is all that can change while everything else goes on as it was configured. */
static bool reload_level(const struct cli *cli)
{
    struct findings findings = {0};
    struct conf *conf = NULL;
    struct err err = {0};
    int r = app_read_conf(cli, &findings, &conf, &err);
    if (r < 0)
        log_error("main", "the configuration was not reloaded, the log level stays (\"hearthd check\" says all that is wrong): %s",
                  err.text);
    else
        log_set_level((enum hearth_log_level)conf_get_number(conf, "hearth", "log_level"));
    findings_fini(&findings);
    conf_free(conf);
    return r == 0;
}

/* Says what is new, and nothing else. */
void serve_reload(struct daemon *d, const struct cli *cli)
{
    struct err err = {0};
    bool certificates = d->http != NULL && has_certificates(d), level = reload_level(cli);
    if (certificates && http_reload(d->http, &err) < 0) {
        log_error("main", "the certificates were not reloaded, the old ones stay: %s", err.text);
        certificates = false;
    }
    if (certificates || level)
        log_audit("configuration reloaded", "reloaded",
                  !certificates ? "log_level"
                  : level       ? "log_level, certificates"
                                : "certificates",
                  "rest", "needs a restart", NULL);
}
