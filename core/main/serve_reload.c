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

/* All or nothing: with a fault anywhere everything stays as it is. Says what is new, and nothing
 * else. */
void main_serve_reload(struct daemon *d, const struct cli *cli)
{
    struct findings findings = {0};
    /* of it the level is all that can change while everything else goes on as it was configured */
    struct conf *conf = NULL;
    struct err err = {0};
    bool certificates = d->http != NULL && has_certificates(d);
    int r = main_app_read_conf(cli, &findings, &conf, &err);
    if (r < 0)
        log_event(HEARTH_LOG_ERROR, "main", "reload refused",
                  LOG_TEXT("kept", certificates ? "log_level, certificates" : "log_level"),
                  LOG_TEXT("error", err.text),
                  LOG_TEXT("hint", "hearthd check says all that is wrong"));
    else if (certificates && (r = http_reload(d->http, &err)) < 0)
        log_event(HEARTH_LOG_ERROR, "main", "reload refused",
                  LOG_TEXT("kept", "log_level, certificates"), LOG_TEXT("error", err.text),
                  LOG_TEXT("hint", "hearthd check says all that is wrong"));
    if (r == 0) {
        log_set_level((enum hearth_log_level)conf_get_number(conf, "hearth", "log_level"));
        log_audit("configuration reloaded",
                  LOG_TEXT("reloaded", certificates ? "log_level, certificates" : "log_level"),
                  LOG_TEXT("rest", "needs a restart"));
    }
    findings_fini(&findings);
    conf_free(conf);
}
