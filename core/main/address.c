#include "main/address.h"

#include <stdio.h>
#include <string.h>

#include "main/app.h"
#include "main/control.h"

/* Where it listens on every address, the name by which this machine reaches itself is one of
 * them. */
static const char *host_to_go_to(const char *host)
{
    static const char *const every[] = {"", "0.0.0.0", "[::]"};
    for (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++)
        if (strcmp(host, every[i]) == 0)
            return "localhost";
    return host;
}

static int no_address(struct err *err)
{
    return err_set(err, HEARTH_ERR_INVALID,
                   "nobody says by which address people come: set [web] base_url to it");
}

int main_address_of_listener(const char *listens, struct address *ret_address, struct err *err)
{
    const char *host = listens == NULL ? NULL : strstr(listens, "://"),
               *colon = host == NULL ? NULL : strrchr(host + 3, ':');
    char name[300];
    if (colon == NULL)
        return no_address(err);
    snprintf(name, sizeof(name), "%.*s", (int)(colon - host - 3), host + 3);
    snprintf(ret_address->text, sizeof(ret_address->text), "%.*s://%s%s", (int)(host - listens),
             listens, host_to_go_to(name), colon);
    ret_address->guessed = true;
    return 0;
}

/* What the running daemon says; false: it says nothing, or there is none. */
static bool address_of_daemon(const struct app *app, char *ret_listens, size_t size)
{
    struct buf body = {0};
    struct err err = {0};
    int status = 0;
    bool knows = main_app_daemon_runs(app) &&
                 main_control_request(app->state_dir, "GET", "/control/address", &status, &body,
                                      &err) == 0 &&
                 status == 200;
    if (knows)
        snprintf(ret_listens, size, "%.*s", (int)body.size, body.data);
    buf_fini(&body);
    return knows;
}

static int address_of_conf(const struct app *app, struct address *ret_address, struct err *err)
{
    const struct conf_section *section;
    for (size_t i = 0; (section = conf_section(app->conf, "listen", i)) != NULL; i++) {
        const struct conf_address *listens = conf_address(section, "address");
        char url[400];
        if (listens->path != NULL || conf_number(section, "serves") != 0)
            continue;
        if (listens->port == 0)
            return err_set(err, HEARTH_ERR_UNAVAILABLE,
                           "nobody knows the port yet, because [listen %s] takes any that is free: "
                           "start the daemon, or set [web] base_url",
                           conf_section_name(section));
        bool tls = conf_text(section, "tls_certificate") != NULL,
             six = strchr(listens->host, ':') != NULL;
        snprintf(url, sizeof(url), "http%s://%s%s%s:%d", tls ? "s" : "", six ? "[" : "",
                 listens->host, six ? "]" : "", listens->port);
        return main_address_of_listener(url, ret_address, err);
    }
    return no_address(err);
}

int main_address_find(const struct app *app, const char *url, struct address *ret_address,
                      struct err *err)
{
    char listens[400];
    size_t size = url == NULL ? 0 : strlen(url);
    while (size > 0 && url[size - 1] == '/')
        size--;
    if (size > 0) {
        snprintf(ret_address->text, sizeof(ret_address->text), "%.*s", (int)size, url);
        ret_address->guessed = false;
        return 0;
    }
    if (address_of_daemon(app, listens, sizeof(listens)))
        return main_address_of_listener(listens, ret_address, err);
    return address_of_conf(app, ret_address, err);
}
