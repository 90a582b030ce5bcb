/* The one place where a token's row is made: what every scope has in common is filled in here,
 * and nobody has more of them than a person can need. */
#include <stdio.h>
#include <string.h>

#include "auth/doors.h"
#include "auth/token.h"
#include "base/clock.h"
#include "plug/storage.h"

/* Scopes that are counted together. */
static uint32_t family_of(uint32_t scope)
{
    return scope == HEARTH_TOKEN_READ ? (uint32_t)HEARTH_TOKEN_FULL : scope;
}

static int most_of(uint32_t scope)
{
    return family_of(scope) == HEARTH_TOKEN_FULL ? TOKEN_MOST
           : scope == HEARTH_TOKEN_BROWSER       ? TOKEN_BROWSERS_MOST
                                                 : TOKEN_LINKS_MOST;
}

/* What an account has of one family. */
struct census {
    uint32_t family;
    int64_t now;
    int count;
    /* the one whose last use is longest ago; one that is over comes first */
    char idle[TOKEN_ID_SIZE];
    int64_t idle_since; /* INT64_MAX: there is none; 0: it is over */
};

/* Counts it, or picks what is over and nobody's to look at. */
static bool pick_over(void *ctx, const struct hearth_token *row)
{
    struct census *census = ctx;
    bool over = row->expires != 0 && row->expires <= census->now;
    if (over && row->scope >= HEARTH_TOKEN_BROWSER)
        return true;
    if (family_of(row->scope) != census->family)
        return false;
    int64_t since = over ? 0 : row->last_used > row->created ? row->last_used : row->created;
    census->count++;
    if (since < census->idle_since) {
        census->idle_since = since;
        snprintf(census->idle, sizeof(census->idle), "%s", row->id);
    }
    return false;
}

static int token_take_census(struct storage *storage, const char *account, uint32_t scope,
                             int64_t now, struct census *ret_census, struct err *err)
{
    size_t over = DOORS_SWEEP;
    int r = 0;
    while (r == 0 && over == DOORS_SWEEP) {
        *ret_census =
            (struct census){.family = family_of(scope), .now = now, .idle_since = INT64_MAX};
        r = auth_doors_sweep(storage, account, pick_over, ret_census, &over, err);
    }
    return r;
}

/* ret_ended: the browser that ended for it; "" none. */
static int token_make_room(struct storage *storage, const char *account, uint32_t scope,
                           int64_t now, char ret_ended[TOKEN_ID_SIZE], struct err *err)
{
    for (;;) {
        struct census census;
        int r = token_take_census(storage, account, scope, now, &census, err);
        if (r < 0 || census.count < most_of(scope))
            return r;
        if (census.family == HEARTH_TOKEN_FULL && census.idle_since > 0)
            return err_set(err, HEARTH_ERR_CONFLICT,
                           "this account has %d API tokens, and %d is the most that one may have: "
                           "revoke one that is not needed any more",
                           census.count, TOKEN_MOST);
        r = auth_doors_end(storage, account, census.idle, err);
        if (r < 0)
            return r;
        if (scope == HEARTH_TOKEN_BROWSER)
            memcpy(ret_ended, census.idle, TOKEN_ID_SIZE);
    }
}

int auth_token_put(struct storage *storage, const char *account, const struct door *door,
                   uint32_t scope, const char *name, int64_t expires, struct token *ret_token,
                   struct err *err)
{
    struct token token = {.created = clock_now(), .expires = expires};
    int r = token_make_room(storage, account, scope, token.created, token.ended, err);
    if (r < 0)
        return r;
    auth_token_make(scope, &token);
    struct hearth_token row = {
        .struct_size = sizeof(row),
        .scope = scope,
        .id = token.id,
        .account = account,
        .name = name,
        .hash = token.hash,
        .created = token.created,
        .last_used = scope == HEARTH_TOKEN_BROWSER ? token.created : 0,
        .expires = expires,
    };
    r = STORAGE(storage, err, token_create, &row);
    if (r == 0)
        r = auth_doors_keep(storage, account, door, token.id, err);
    if (r == 0)
        *ret_token = token;
    auth_token_wipe(&token);
    return r;
}
