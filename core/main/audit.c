#include "main/audit.h"

#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "main/control.h"

enum { PAIRS = 7 };

struct pairs {
    const char *keys[PAIRS + 1], *values[PAIRS + 1]; /* a NULL key ends them */
    size_t count;
};

static void add(struct pairs *pairs, const char *key, const char *value)
{
    if (pairs->count == PAIRS || value == NULL)
        return;
    pairs->keys[pairs->count] = key;
    pairs->values[pairs->count++] = value;
}

static void write_line(const char *event, const struct pairs *p)
{
    log_audit(event, p->keys[0], p->values[0], p->keys[1], p->values[1], p->keys[2], p->values[2], p->keys[3], p->values[3], p->keys[4],
              p->values[4], p->keys[5], p->values[5], p->keys[6], p->values[6], NULL);
}

/* Who ran the command. */
static const char *user_name(char *ret, size_t size)
{
    const struct passwd *user = getpwuid(getuid());
    if (user != NULL)
        snprintf(ret, size, "%s", user->pw_name);
    else
        snprintf(ret, size, "%u", (unsigned)getuid());
    return ret;
}

static bool tell_daemon(const struct app *app, const char *event, const struct pairs *pairs)
{
    json_t *object = json_object(), *list = json_array();
    for (size_t i = 0; i < pairs->count; i++)
        json_array_append_new(list, json_pack("[s, s]", pairs->keys[i], pairs->values[i]));
    json_object_set_new(object, "event", json_string(event));
    json_object_set_new(object, "pairs", list);
    char *text = json_dumps(object, JSON_COMPACT);
    struct buf body = {0};
    struct err err = {0};
    int status = 0, r = text == NULL ? HEARTH_ERR_NOMEM : control_send(app->state_dir, "/control/audit", text, &status, &body, &err);
    free(text);
    buf_fini(&body);
    json_decref(object);
    return r == 0 && status == 204;
}

void audit_command(const struct app *app, const char *event, ...)
{
    struct pairs pairs = {0};
    char user[64];
    va_list arguments;
    va_start(arguments, event);
    for (const char *key; (key = va_arg(arguments, const char *)) != NULL;)
        add(&pairs, key, va_arg(arguments, const char *));
    va_end(arguments);
    add(&pairs, "by", user_name(user, sizeof(user)));
    if (!tell_daemon(app, event, &pairs))
        write_line(event, &pairs);
}

/* A few words, as every event of a command is: nothing that looks like further pairs or lines. */
static bool audit_event_is_plain(const char *event)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -,";
    return event != NULL && event[0] != '\0' && event[strspn(event, letters)] == '\0';
}

void audit_take(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)worker;
    struct pairs pairs = {0};
    json_t *object = json_loadb(request->body == NULL ? "" : request->body, request->body_size, 0, NULL), *pair;
    const char *event = json_string_value(json_object_get(object, "event"));
    size_t i;
    json_array_foreach(json_object_get(object, "pairs"), i, pair)
    {
        const char *key = json_string_value(json_array_get(pair, 0));
        if (key != NULL && key[0] != '\0' && key[strspn(key, "abcdefghijklmnopqrstuvwxyz_")] == '\0')
            add(&pairs, key, json_string_value(json_array_get(pair, 1)));
    }
    reply->status = audit_event_is_plain(event) ? 204 : 400;
    if (reply->status == 204)
        write_line(event, &pairs);
    json_decref(object);
}
