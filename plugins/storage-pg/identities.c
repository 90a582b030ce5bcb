#include "identities.h"

#include <stdio.h>

#include "connection.h"
#include "session.h"
#include "support/text.h"

enum { PROPERTY_NAME_MAX = 64, PROPERTY_TEXT_MAX = 4096 };

/* --- identities --------------------------------------------------------------------------------- */

static int check_identity(struct hearth_call *call, const char *issuer, const char *subject)
{
    size_t i = issuer == NULL ? 0 : strlen(issuer), s = subject == NULL ? 0 : strlen(subject);
    if (i > 0 && i <= IDENTITY_ISSUER_MAX && s > 0 && s <= IDENTITY_SUBJECT_MAX)
        return 0;
    return hearth_fail(call, HEARTH_ERR_INVALID, "an identity needs an issuer and a subject of 1 to %d bytes each; these have %zu and %zu",
                       IDENTITY_ISSUER_MAX, i, s);
}

int identity_of_new_account(struct hearth_call *call, const struct hearth_account *account, char *ret_issuer, size_t size)
{
    if (account->uid == NULL || account->uid[0] == '\0')
        return 0;
    snprintf(ret_issuer, size, "sync:%s", support_or_empty(account->provider));
    return check_identity(call, ret_issuer, account->uid);
}

int identity_is_taken(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_CONFLICT, "another account has this identity already");
}

int identity_put(void *self, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity)
{
    static const char PUT[] =
        "WITH a AS (SELECT row FROM accounts WHERE id = $1), i AS (INSERT INTO identities (issuer, subject, account, created) "
        "SELECT $2, $3, row, $4::bigint FROM a ON CONFLICT DO NOTHING RETURNING 1) "
        "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM i)";
    static const char OWNED[] = "SELECT 1 FROM identities WHERE issuer = $2 AND subject = $3 AND account = " ACCOUNT_ROW("$1");
    struct op op;
    struct query query;
    int r = check_identity(call, identity->issuer, identity->subject);
    if (r == 0)
        r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_text(&query, account);
    query_text(&query, identity->issuer);
    query_text(&query, identity->subject);
    query_int(&query, identity->created);
    r = query_step(&query);
    bool there = r > 0 && column_int(&query, 0) > 0, put = r > 0 && column_int(&query, 1) > 0;
    query_close(&query);
    if (r > 0 && !there)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    if (r > 0 && !put) {
        query_open(&query, op.session, OWNED);
        query_text(&query, account);
        query_text(&query, identity->issuer);
        query_text(&query, identity->subject);
        r = query_step(&query);
        query_close(&query);
        r = r == 0 ? identity_is_taken(call) : r;
    }
    return op_end(&op, r > 0 ? 0 : r);
}

int identity_remove(void *self, struct hearth_call *call, const char *account, const char *issuer, const char *subject)
{
    static const char REMOVE[] = "DELETE FROM identities WHERE issuer = $2 AND subject = $3 AND account = " ACCOUNT_ROW("$1");
    struct op op;
    struct query query;
    int64_t affected = 0;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_text(&query, account);
    query_text(&query, issuer);
    query_text(&query, subject);
    r = query_run(&query, &affected);
    if (r == 0 && affected == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no such identity");
    return op_end(&op, r);
}

int identity_list(void *self, struct hearth_call *call, const char *account, hearth_account_identity_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT issuer, subject, created FROM identities WHERE account = " ACCOUNT_ROW("$1") " ORDER BY issuer, subject";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        struct hearth_account_identity identity = {.struct_size = sizeof(identity),
                                                   .issuer = column_text(&query, 0),
                                                   .subject = column_text(&query, 1),
                                                   .created = column_int(&query, 2)};
        if (cb(ctx, &identity) != 0)
            break;
    }
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

/* --- properties --------------------------------------------------------------------------------- */

static int check_property(struct hearth_call *call, const char *name, const char *text)
{
    size_t size = name == NULL ? 0 : strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    if (size == 0 || size > PROPERTY_NAME_MAX || name[size] != '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID, "a property needs a name of 1 to %d letters a-z and _", PROPERTY_NAME_MAX);
    if (text == NULL || strlen(text) > PROPERTY_TEXT_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "the property %s needs a text of at most %d bytes", name, PROPERTY_TEXT_MAX);
    return 0;
}

int property_put(void *self, struct hearth_call *call, const char *name, const char *text, bool replace)
{
    static const char MAKE[] = "INSERT INTO properties (name, text) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    static const char PUT[] = "INSERT INTO properties (name, text) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET text = excluded.text";
    struct op op;
    struct query query;
    int64_t affected = 0;
    int r = check_property(call, name, text);
    if (r == 0)
        r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, replace ? PUT : MAKE);
    query_text(&query, name);
    query_text(&query, text);
    r = query_run(&query, &affected);
    if (r == 0 && affected == 0)
        r = hearth_fail(call, HEARTH_ERR_CONFLICT, "the database has the property %s already", name);
    return op_end(&op, r);
}

int property_get(void *self, struct hearth_call *call, const char *name, const char **ret_text)
{
    struct op op;
    struct query query;
    int r = check_property(call, name, "");
    if (r == 0)
        r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, "SELECT text FROM properties WHERE name = $1");
    query_text(&query, name);
    r = query_step(&query);
    if (r > 0)
        r = session_copy(op.session, column_text(&query, 0), ret_text);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the database has no property %s", name);
    query_close(&query);
    return op_end(&op, r);
}
