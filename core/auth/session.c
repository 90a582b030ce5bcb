#include "auth/session.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

struct word {
    const char *in, *name;
};

static const char *user_agent_find_word(const char *text, const struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, words[i].in) != NULL)
            return words[i].name;
    return NULL;
}

void auth_session_name(const char *user_agent, char ret_name[SESSION_NAME_SIZE])
{
    /* Everybody claims to be Safari, many Chrome: those who say more come first. */
    static const struct word browsers[] = {
        {"Edg", "Edge"},      {"OPR/", "Opera"},      {"SamsungBrowser", "Samsung Internet"},
        {"FxiOS", "Firefox"}, {"Firefox", "Firefox"}, {"Kindle", "Kindle"},
        {"Kobo", "Kobo"},     {"CriOS", "Chrome"},    {"Chromium", "Chromium"},
        {"Chrome", "Chrome"}, {"Safari", "Safari"},   {"w3m", "w3m"},
        {"Lynx", "Lynx"},     {"Links", "Links"},     {"NetSurf", "NetSurf"}};
    static const struct word systems[] = {
        {"Android", "Android"}, {"iPhone", "iPhone"},   {"iPad", "iPad"},
        {"Windows", "Windows"}, {"CrOS", "ChromeOS"},   {"Mac OS", "macOS"},
        {"Linux", "Linux"},     {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}};
    const char *text = user_agent == NULL ? "" : user_agent;
    const char *browser =
        user_agent_find_word(text, browsers, sizeof(browsers) / sizeof(browsers[0]));
    const char *system = user_agent_find_word(text, systems, sizeof(systems) / sizeof(systems[0]));
    if (browser != NULL && system != NULL)
        snprintf(ret_name, SESSION_NAME_SIZE, "%s on %s", browser, system);
    else
        snprintf(ret_name, SESSION_NAME_SIZE, "%s",
                 browser != NULL  ? browser
                 : system != NULL ? system
                                  : "Browser");
}

bool auth_session_is_over(const struct hearth_token *row, const struct session_limits *limits,
                          int64_t now)
{
    int64_t active = row->last_used > row->created ? row->last_used : row->created;
    return (row->expires != 0 && row->expires <= now) ||
           (row->scope == HEARTH_TOKEN_BROWSER && now - active > limits->idle);
}

struct leaving {
    const struct session_limits *limits; /* NULL: whether it is over or not */
    const char *session;                 /* not NULL: only what was given with this one */
    const char *except;
    int64_t now;
};

static bool pick_leaving(void *ctx, const struct hearth_token *row)
{
    const struct leaving *leaving = ctx;
    if (row->scope < HEARTH_TOKEN_BROWSER)
        return false;
    if (leaving->session != NULL &&
        (row->scope != HEARTH_TOKEN_FRESH || strcmp(row->name, leaving->session) != 0))
        return false;
    return leaving->limits != NULL
               ? auth_session_is_over(row, leaving->limits, leaving->now)
               : leaving->except == NULL || strcmp(row->id, leaving->except) != 0;
}

int auth_session_remove_all(struct storage *storage, const char *account, const char *except,
                            struct err *err)
{
    struct leaving leaving = {.except = except};
    return auth_doors_shut(storage, account, DOORS_BROWSERS, pick_leaving, &leaving, err);
}

int auth_session_remove(struct storage *storage, const char *account, const char *id,
                        struct err *err)
{
    struct leaving leaving = {.session = id};
    size_t count;
    int r = auth_doors_sweep(storage, account, pick_leaving, &leaving, &count, err);
    return r < 0 ? r : STORAGE(storage, err, token_remove, account, id);
}

int auth_session_create(struct storage *storage, const char *account, const struct door *door,
                        const char *name, const struct session_limits *limits,
                        struct token *ret_token, struct err *err)
{
    struct leaving leaving = {.limits = limits, .now = clock_now()};
    size_t count;
    int r = auth_doors_sweep(storage, account, pick_leaving, &leaving, &count, err);
    if (r < 0)
        return r;
    return auth_token_put(storage, account, door, HEARTH_TOKEN_BROWSER, name,
                          leaving.now + limits->life, ret_token, err);
}
