#include "main/audit.h"

#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "main/control.h"

enum { PAIRS = 7 };

struct pairs {
    struct log_pair items[PAIRS + 1]; /* a NULL key ends them */
    size_t count;
};

static void audit_add(struct pairs *pairs, struct log_pair pair)
{
    if (pairs->count < PAIRS)
        pairs->items[pairs->count++] = pair;
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

static bool audit_notify_daemon(const struct app *app, const char *event, const struct pairs *pairs)
{
    json_t *object = json_object(), *list = json_array();
    for (const struct log_pair *pair = pairs->items; pair->key != NULL; pair++) {
        json_t *value =
            pair->kind == LOG_KIND_INT ? json_integer(pair->number) : json_string(pair->text);
        json_array_append_new(list, json_pack("[s, o]", pair->key, value));
    }
    json_object_set_new(object, "event", json_string(event));
    json_object_set_new(object, "pairs", list);
    char *text = json_dumps(object, JSON_COMPACT);
    struct buf body = {0};
    struct err err = {0};
    int status = 0, r = text == NULL ? HEARTH_ERR_NOMEM
                                     : main_control_send(app->state_dir, "/control/audit", text,
                                                         &status, &body, &err);
    free(text);
    buf_fini(&body);
    json_decref(object);
    return r == 0 && status == 204;
}

void main_audit_command_pairs(const struct app *app, const char *event,
                              const struct log_pair *pairs)
{
    struct pairs all = {0};
    char user[64];
    for (const struct log_pair *pair = pairs; pair->key != NULL; pair++)
        if (pair->kind == LOG_KIND_INT || pair->text != NULL)
            audit_add(&all, *pair);
    audit_add(&all, LOG_TEXT("by", user_name(user, sizeof(user))));
    if (!audit_notify_daemon(app, event, &all))
        log_audit_pairs(event, all.items);
}

/* Who sends it is a command of this state directory, of this release or another one. */
static void audit_add_sent(struct pairs *pairs, const char *key, const json_t *value)
{
    if (key == NULL || key[0] == '\0' || key[strspn(key, "abcdefghijklmnopqrstuvwxyz_")] != '\0')
        return;
    if (json_is_integer(value))
        audit_add(pairs, (struct log_pair){.key = key,
                                           .number = json_integer_value(value),
                                           .kind = LOG_KIND_INT});
    else if (json_is_string(value))
        audit_add(pairs, (struct log_pair){
                             .key = key, .text = json_string_value(value), .kind = LOG_KIND_TEXT});
}

/* A few words, as every event of a command is: nothing that looks like further pairs or lines. */
static bool audit_event_is_plain(const char *event)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -,";
    return event != NULL && event[0] != '\0' && event[strspn(event, letters)] == '\0';
}

void main_audit_take(struct http_request *request, struct http_reply *reply, void *worker)
{
    (void)worker;
    struct pairs pairs = {0};
    json_t *object =
               json_loadb(request->body == NULL ? "" : request->body, request->body_size, 0, NULL),
           *pair;
    const char *event = json_string_value(json_object_get(object, "event"));
    size_t i;
    json_array_foreach(json_object_get(object, "pairs"), i, pair)
    {
        audit_add_sent(&pairs, json_string_value(json_array_get(pair, 0)), json_array_get(pair, 1));
    }
    reply->status = audit_event_is_plain(event) ? 204 : 400;
    if (reply->status == 204)
        log_audit_pairs(event, pairs.items);
    json_decref(object);
}
