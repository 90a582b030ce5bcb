#include "auth/session.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

const char *session_cookie_name(bool tls)
{
    return tls ? "__Host-hearth_session" : "hearth_session";
}

struct word {
    const char *in, *name;
};

static const char *find(const char *text, const struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, words[i].in) != NULL)
            return words[i].name;
    return NULL;
}

void session_name(const char *user_agent, char ret_name[SESSION_NAME_SIZE])
{
    /* Everybody claims to be Safari, many Chrome: those who say more come first. */
    static const struct word browsers[] = {{"Edg", "Edge"},      {"OPR/", "Opera"},      {"SamsungBrowser", "Samsung Internet"},
                                           {"FxiOS", "Firefox"}, {"Firefox", "Firefox"}, {"Kindle", "Kindle"},
                                           {"Kobo", "Kobo"},     {"CriOS", "Chrome"},    {"Chromium", "Chromium"},
                                           {"Chrome", "Chrome"}, {"Safari", "Safari"},   {"w3m", "w3m"},
                                           {"Lynx", "Lynx"},     {"Links", "Links"},     {"NetSurf", "NetSurf"}};
    static const struct word systems[] = {{"Android", "Android"}, {"iPhone", "iPhone"},   {"iPad", "iPad"},
                                          {"Windows", "Windows"}, {"CrOS", "ChromeOS"},   {"Mac OS", "macOS"},
                                          {"Linux", "Linux"},     {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}};
    const char *text = user_agent == NULL ? "" : user_agent;
    const char *browser = find(text, browsers, sizeof(browsers) / sizeof(browsers[0]));
    const char *system = find(text, systems, sizeof(systems) / sizeof(systems[0]));
    if (browser != NULL && system != NULL)
        snprintf(ret_name, SESSION_NAME_SIZE, "%s on %s", browser, system);
    else
        snprintf(ret_name, SESSION_NAME_SIZE, "%s", browser != NULL ? browser : system != NULL ? system : "Browser");
}

bool session_is_over(const struct hearth_token *row, const struct session_limits *limits, int64_t now)
{
    int64_t active = row->last_used > row->created ? row->last_used : row->created;
    return (row->expires != 0 && row->expires <= now) || (row->scope == HEARTH_TOKEN_BROWSER && now - active > limits->idle);
}

/* Ids of what is to go: rows cannot be removed while they are listed. */
struct leaving {
    const struct session_limits *limits; /* NULL: whether it is over or not */
    const char *session;                 /* not NULL: only what was given with this one */
    const char *except;
    int64_t now;
    size_t count;
    char ids[64][TOKEN_ID_SIZE];
};

static int on_token(void *ctx, const struct hearth_token *row)
{
    struct leaving *leaving = ctx;
    if (leaving->session != NULL && (row->scope != HEARTH_TOKEN_FRESH || strcmp(row->name, leaving->session) != 0))
        return 0;
    bool ours = row->scope >= HEARTH_TOKEN_BROWSER && strlen(row->id) < TOKEN_ID_SIZE;
    bool goes = leaving->limits != NULL ? session_is_over(row, leaving->limits, leaving->now)
                                        : leaving->except == NULL || strcmp(row->id, leaving->except) != 0;
    if (ours && goes)
        snprintf(leaving->ids[leaving->count++], TOKEN_ID_SIZE, "%s", row->id);
    return leaving->count == sizeof(leaving->ids) / sizeof(leaving->ids[0]);
}

static int remove_some(struct store *store, const char *account, struct leaving *leaving, struct err *err)
{
    leaving->count = 0;
    int r = STORE(store, err, token_list, account, on_token, leaving);
    for (size_t i = 0; r == 0 && i < leaving->count; i++) {
        r = STORE(store, err, token_remove, account, leaving->ids[i]);
        if (r == HEARTH_ERR_NOT_FOUND) /* somebody else was quicker */
            r = 0;
    }
    return r;
}

int session_remove_all(struct store *store, const char *account, const char *except, struct err *err)
{
    struct leaving leaving = {.except = except};
    int r = 0;
    for (int round = 0; r == 0 && (round < 2 || leaving.count > 0); round++) {
        int marked = doors_mark(store, account, DOORS_BROWSERS, round, err);
        r = remove_some(store, account, &leaving, marked < 0 ? NULL : err); /* what can end does */
        r = marked < 0 ? marked : r;
    }
    return r;
}

int session_remove(struct store *store, const char *account, const char *id, struct err *err)
{
    struct leaving leaving = {.session = id};
    int r = remove_some(store, account, &leaving, err);
    return r < 0 ? r : STORE(store, err, token_remove, account, id);
}

int session_create(struct store *store, const char *account, const struct door *door, const char *name, const struct session_limits *limits,
                   struct token *ret_token, struct err *err)
{
    struct leaving leaving = {.limits = limits, .now = clock_now()};
    int r = remove_some(store, account, &leaving, err);
    if (r < 0)
        return r;
    return token_put(store, account, door, HEARTH_TOKEN_BROWSER, name, leaving.now + limits->life, ret_token, err);
}
