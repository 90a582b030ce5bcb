#include "auth/doors.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* A mark of later than that was written by a clock that was wrong. */
enum { AHEAD_MAX = 3600 * 1000, ISSUER_SIZE = 64 };

/* Rows cannot be removed while they are listed. */
struct closing {
    struct doors *doors;
    size_t count;
    char ids[64][TOKEN_ID_SIZE];
};

void doors_add(struct doors *doors, const struct hearth_token *token)
{
    doors->browsers += token->scope == HEARTH_TOKEN_BROWSER;
    doors->tokens += token->scope <= HEARTH_TOKEN_READ;
    doors->links += token->scope == HEARTH_TOKEN_LINK; /* its code goes with it */
}

static int on_door(void *ctx, const struct hearth_token *token)
{
    struct closing *closing = ctx;
    if (snprintf(closing->ids[closing->count], TOKEN_ID_SIZE, "%s", token->id) >= TOKEN_ID_SIZE)
        return 0; /* none of ours */
    doors_add(closing->doors, token);
    return ++closing->count == sizeof(closing->ids) / sizeof(closing->ids[0]);
}

static int remove_row(struct store *store, const char *account, const char *id, struct err *err)
{
    struct err why = {0};
    int r = STORE(store, &why, token_remove, account, id);
    if (r == HEARTH_ERR_NOT_FOUND) /* somebody else was quicker */
        return 0;
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

static int remove_some(struct store *store, const char *account, struct closing *closing, struct err *err)
{
    closing->count = 0;
    int r = STORE(store, err, token_list, account, on_door, closing);
    for (size_t i = 0; r >= 0 && i < closing->count; i++)
        r = remove_row(store, account, closing->ids[i], err);
    return r < 0 ? r : 0;
}

int doors_remove(struct store *store, const char *account, struct doors *doors, struct err *err)
{
    struct closing closing = {.doors = doors};
    int r;
    do {
        r = remove_some(store, account, &closing, err);
    } while (r == 0 && closing.count > 0);
    return r;
}

int doors_close(struct store *store, const char *account, struct doors *doors, struct err *err)
{
    struct closing closing = {.doors = doors};
    int r = 0;
    for (int round = 0; r == 0 && (round < 2 || closing.count > 0); round++) {
        int marked = doors_mark(store, account, DOORS_ALL, round, err);
        r = remove_some(store, account, &closing, marked < 0 ? NULL : err); /* what can end does */
        r = marked < 0 ? marked : r;
    }
    return r;
}

/* --- marks --------------------------------------------------------------------------------------------------------------------------- */

static void mark_issuer(const char *account, char ret_issuer[ISSUER_SIZE])
{
    snprintf(ret_issuer, ISSUER_SIZE, "closed:%s", account);
}

int doors_mark(struct store *store, const char *account, const char *which, int round, struct err *err)
{
    char issuer[ISSUER_SIZE], subject[32];
    struct hearth_account_identity mark = {.struct_size = sizeof(mark), .issuer = issuer, .subject = subject, .created = clock_now()};
    snprintf(subject, sizeof(subject), "%s%s", which, round % 2 == 0 ? "" : " again");
    struct err why = {0};
    mark_issuer(account, issuer);
    int r = STORE(store, &why, identity_remove, account, issuer, subject); /* one that is there would keep its time */
    if (r == 0 || r == HEARTH_ERR_NOT_FOUND)
        return STORE(store, err, identity_put, account, &mark);
    if (err != NULL)
        *err = why;
    return r;
}

struct looking {
    const struct door *door;
    char issuer[ISSUER_SIZE];
    int64_t now;
    bool there, closed;
};

static int on_identity(void *ctx, const struct hearth_account_identity *identity)
{
    struct looking *looking = ctx;
    const struct door *door = looking->door;
    if (door->kind == DOOR_IDENTITY) {
        looking->there = looking->there || (strcmp(identity->issuer, door->issuer) == 0 && strcmp(identity->subject, door->subject) == 0);
    } else if (strcmp(identity->issuer, looking->issuer) == 0 && identity->created <= looking->now + AHEAD_MAX) {
        bool concerns = door->kind == DOOR_BROWSER || str_starts(identity->subject, DOORS_ALL);
        looking->closed = looking->closed || (concerns && door->created <= identity->created);
    }
    return 0;
}

int doors_keep(struct store *store, const char *account, const struct door *door, const char *id, struct err *err)
{
    struct looking looking = {.door = door, .now = clock_now()};
    if (door->kind == DOOR_OPERATOR)
        return 0;
    mark_issuer(account, looking.issuer);
    int r = STORE(store, err, identity_list, account, on_identity, &looking);
    if (r >= 0 && !looking.closed && (door->kind != DOOR_IDENTITY || looking.there))
        return 0;
    int removed = remove_row(store, account, id, r < 0 ? NULL : err);
    if (r < 0 || removed < 0)
        return r < 0 ? r : removed;
    return err_set(err, HEARTH_ERR_NOT_FOUND, "what this was asked for with has ended at this moment");
}
