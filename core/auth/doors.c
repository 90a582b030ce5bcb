#include "auth/doors.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* A mark of later than that was written by a clock that was wrong. */
enum { AHEAD_MAX = 3600 * 1000, ISSUER_SIZE = 64 };

/* Rows cannot be removed while they are listed. */
struct sweep {
    doors_picks *picks;
    void *ctx;
    size_t count;
    char ids[DOORS_SWEEP][TOKEN_ID_SIZE];
};

static int doors_on_token(void *ctx, const struct hearth_token *row)
{
    struct sweep *sweep = ctx;
    /* a longer one is none of ours */
    if (strlen(row->id) < TOKEN_ID_SIZE && sweep->picks(sweep->ctx, row))
        snprintf(sweep->ids[sweep->count++], TOKEN_ID_SIZE, "%s", row->id);
    return sweep->count == DOORS_SWEEP;
}

int auth_doors_end(struct storage *storage, const char *account, const char *id, struct err *err)
{
    struct err why = {0};
    int r = STORAGE(storage, &why, token_remove, account, id);
    if (r == HEARTH_ERR_NOT_FOUND) /* somebody else was quicker */
        return 0;
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

int auth_doors_sweep(struct storage *storage, const char *account, doors_picks *picks, void *ctx,
                     size_t *ret_count, struct err *err)
{
    struct sweep sweep = {.picks = picks, .ctx = ctx};
    int r = STORAGE(storage, err, token_list, account, doors_on_token, &sweep);
    for (size_t i = 0; r >= 0 && i < sweep.count; i++)
        r = auth_doors_end(storage, account, sweep.ids[i], err);
    if (r < 0)
        return r;
    *ret_count = sweep.count;
    return 0;
}

void auth_doors_add(struct doors *doors, const struct hearth_token *token)
{
    doors->browsers += token->scope == HEARTH_TOKEN_BROWSER;
    doors->tokens += token->scope <= HEARTH_TOKEN_READ;
    doors->links += token->scope == HEARTH_TOKEN_LINK; /* its code goes with it */
}

static bool pick_every(void *doors, const struct hearth_token *row)
{
    auth_doors_add(doors, row);
    return true;
}

int auth_doors_remove(struct storage *storage, const char *account, struct doors *doors,
                      struct err *err)
{
    size_t count = 1;
    int r = 0;
    while (r == 0 && count > 0)
        r = auth_doors_sweep(storage, account, pick_every, doors, &count, err);
    return r;
}

/* --- marks --- */

static void mark_issuer(const char *account, char ret_issuer[ISSUER_SIZE])
{
    snprintf(ret_issuer, ISSUER_SIZE, "closed:%s", account);
}

/* The mark that what is older has ended; one that is there gets the later time. */
static int write_mark(struct storage *storage, const char *account, const char *which, int round,
                      struct err *err)
{
    char issuer[ISSUER_SIZE], subject[32];
    struct hearth_account_identity mark = {
        .struct_size = sizeof(mark), .issuer = issuer, .subject = subject, .created = clock_now()};
    snprintf(subject, sizeof(subject), "%s%s", which, round % 2 == 0 ? "" : " again");
    mark_issuer(account, issuer);
    return STORAGE(storage, err, identity_put, account, &mark);
}

/* Marks of a time that has not come, which nobody believes, and which would keep it: putting one
 * sets no earlier time. */
struct ahead {
    char issuer[ISSUER_SIZE], subjects[4][32];
    int64_t now;
    size_t count;
};

static int on_mark_ahead(void *ctx, const struct hearth_account_identity *identity)
{
    struct ahead *ahead = ctx;
    if (strcmp(identity->issuer, ahead->issuer) == 0 &&
        identity->created > ahead->now + AHEAD_MAX &&
        strlen(identity->subject) < sizeof(ahead->subjects[0]))
        snprintf(ahead->subjects[ahead->count++], sizeof(ahead->subjects[0]), "%s",
                 identity->subject);
    return ahead->count == sizeof(ahead->subjects) / sizeof(ahead->subjects[0]);
}

static int drop_marks_ahead(struct storage *storage, const char *account, struct err *err)
{
    struct ahead ahead = {.now = clock_now()};
    struct err why = {0};
    mark_issuer(account, ahead.issuer);
    int r = STORAGE(storage, &why, identity_list, account, on_mark_ahead, &ahead);
    for (size_t i = 0; r >= 0 && i < ahead.count; i++) {
        r = STORAGE(storage, &why, identity_remove, account, ahead.issuer, ahead.subjects[i]);
        r = r == HEARTH_ERR_NOT_FOUND ? 0 : r;
    }
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

int auth_doors_shut(struct storage *storage, const char *account, const char *which,
                    doors_picks *picks, void *ctx, struct err *err)
{
    size_t count = 0;
    int r = 0, dropped = drop_marks_ahead(storage, account, err);
    for (int round = 0; r == 0 && (round < 2 || count > 0); round++) {
        int marked = dropped < 0 ? dropped : write_mark(storage, account, which, round, err);
        /* what can end does */
        r = auth_doors_sweep(storage, account, picks, ctx, &count, marked < 0 ? NULL : err);
        r = marked < 0 ? marked : r;
    }
    return r;
}

int auth_doors_close(struct storage *storage, const char *account, struct doors *doors,
                     struct err *err)
{
    return auth_doors_shut(storage, account, DOORS_ALL, pick_every, doors, err);
}

struct looking {
    const struct door *door;
    char issuer[ISSUER_SIZE];
    int64_t now;
    bool there, closed;
};

static int doors_on_identity(void *ctx, const struct hearth_account_identity *identity)
{
    struct looking *looking = ctx;
    const struct door *door = looking->door;
    if (door->kind == DOOR_IDENTITY) {
        looking->there = looking->there || (strcmp(identity->issuer, door->issuer) == 0 &&
                                            strcmp(identity->subject, door->subject) == 0);
    } else if (strcmp(identity->issuer, looking->issuer) == 0 &&
               identity->created <= looking->now + AHEAD_MAX) {
        bool concerns = door->kind == DOOR_BROWSER || str_starts(identity->subject, DOORS_ALL);
        looking->closed = looking->closed || (concerns && door->created <= identity->created);
    }
    return 0;
}

int auth_doors_keep(struct storage *storage, const char *account, const struct door *door,
                    const char *id, struct err *err)
{
    struct looking looking = {.door = door, .now = clock_now()};
    if (door->kind == DOOR_OPERATOR)
        return 0;
    mark_issuer(account, looking.issuer);
    int r = STORAGE(storage, err, identity_list, account, doors_on_identity, &looking);
    if (r >= 0 && !looking.closed && (door->kind != DOOR_IDENTITY || looking.there))
        return 0;
    int removed = auth_doors_end(storage, account, id, r < 0 ? NULL : err);
    if (r < 0 || removed < 0)
        return r < 0 ? r : removed;
    return err_set(err, HEARTH_ERR_NOT_FOUND,
                   "what this was asked for with has ended at this moment");
}
