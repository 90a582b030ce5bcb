/* Settings of the person, the same on every device: known keys only. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "api/timezone.h"

static json_t *settings_defaults(void)
{
    return json_pack("{s:{s:s, s:s}, s:s}", "theme", "mode", "auto", "name", "hearth", "timezone",
                     "UTC");
}

/* Stored settings over the defaults. */
static int settings_load(struct api_call *call, json_t **ret)
{
    const char *text;
    struct err why = {0};
    json_t *settings = settings_defaults();
    int r = STORAGE(call->storage, &why, settings_get, call->account, &text);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        json_decref(settings);
        call->err = why;
        return r;
    }
    json_t *stored = r == 0 ? json_loads(text, 0, NULL) : NULL;
    if (json_is_object(stored)) {
        json_object_update(json_object_get(settings, "theme"), json_object_get(stored, "theme"));
        if (json_object_get(stored, "timezone") != NULL)
            json_object_set(settings, "timezone", json_object_get(stored, "timezone"));
    }
    json_decref(stored);
    *ret = settings;
    return 0;
}

int api_settings_get(struct api_call *call)
{
    json_t *settings;
    int r = settings_load(call, &settings);
    if (r < 0)
        return r;
    http_reply_header(call->reply, "cache-control", "private, no-cache");
    return api_reply_json(call, settings);
}

static bool settings_is_word(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && text[0] != '\0' && strlen(text) <= 32 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static bool merge_fails(struct hearth_sentence *ret_wrong, struct hearth_sentence sentence)
{
    *ret_wrong = sentence;
    return false;
}

/* False: *ret_wrong says what is wrong. */
static bool settings_merge_theme(json_t *theme, const json_t *change,
                                 struct hearth_sentence *ret_wrong)
{
    const char *key;
    json_t *value;
    if (!json_is_object(change))
        return merge_fails(ret_wrong, api_says_setting_theme());
    json_object_foreach((json_t *)(uintptr_t)change, key, value)
    {
        const char *text = json_string_value(value);
        bool mode = strcmp(key, "mode") == 0;
        if (!mode && strcmp(key, "name") != 0)
            return merge_fails(ret_wrong, api_says_setting_theme_keys());
        if (mode && (text == NULL || (strcmp(text, "auto") != 0 && strcmp(text, "light") != 0 &&
                                      strcmp(text, "dark") != 0)))
            return merge_fails(ret_wrong, api_says_setting_theme_mode());
        if (!mode && !settings_is_word(value))
            return merge_fails(ret_wrong, api_says_setting_theme_name());
        json_object_set(theme, key, value);
    }
    return true;
}

static bool settings_merge_timezone(json_t *settings, json_t *value,
                                    struct hearth_sentence *ret_wrong)
{
    struct zone *zone;
    const char *name = json_string_value(value);
    if (name == NULL || api_timezone_load(name, &zone, NULL) < 0)
        return merge_fails(ret_wrong, api_says_setting_timezone());
    api_timezone_free(zone);
    json_object_set(settings, "timezone", value);
    return true;
}

static bool settings_merge(json_t *settings, const json_t *change,
                           struct hearth_sentence *ret_wrong)
{
    const char *key;
    json_t *value;
    bool good = true;
    json_object_foreach((json_t *)(uintptr_t)change, key, value)
    {
        if (strcmp(key, "theme") == 0)
            good = settings_merge_theme(json_object_get(settings, "theme"), value, ret_wrong);
        else if (strcmp(key, "timezone") == 0)
            good = settings_merge_timezone(settings, value, ret_wrong);
        else
            good = merge_fails(ret_wrong, api_says_setting_unknown());
        if (!good)
            return false;
    }
    return true;
}

int api_settings_patch(struct api_call *call)
{
    json_t *settings, *change = api_body(call);
    if (change == NULL)
        return 0;
    int r = settings_load(call, &settings);
    if (r < 0) {
        json_decref(change);
        return r;
    }
    struct hearth_sentence wrong;
    bool good = settings_merge(settings, change, &wrong);
    json_decref(change);
    if (!good) {
        json_decref(settings);
        return api_problem(call, 400, wrong);
    }
    char *text = json_dumps(settings, JSON_COMPACT);
    r = text == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory")
                     : STORAGE(call->storage, &call->err, settings_put, call->account, text);
    free(text);
    if (r < 0) {
        json_decref(settings);
        return r;
    }
    return api_reply_json(call, settings);
}
