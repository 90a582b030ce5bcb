#include "identities.h"

#include <stdio.h>

#include "accounts.h"
#include "query.h"
#include "session.h"

enum { ISSUER_MAX = 1024, SUBJECT_MAX = 1024, PROPERTY_NAME_MAX = 64, PROPERTY_TEXT_MAX = 4096 };

/* --- identities --------------------------------------------------------------------------------- */

static int check_identity(struct hearth_call *call, const char *issuer, const char *subject)
{
    size_t i = issuer == NULL ? 0 : strlen(issuer), s = subject == NULL ? 0 : strlen(subject);
    if (i > 0 && i <= ISSUER_MAX && s > 0 && s <= SUBJECT_MAX)
        return 0;
    return hearth_fail(call, HEARTH_ERR_INVALID, "an identity needs an issuer and a subject of 1 to %d bytes each; these have %zu and %zu",
                       ISSUER_MAX, i, s);
}

/* The row of an account, 0 and an error when there is none. */
static int find_row(struct session *session, const char *account, int64_t *ret_row)
{
    struct query query;
    query_open(&query, session, "SELECT row FROM accounts WHERE id = ?");
    query_text(&query, account);
    int r = query_number(&query, ret_row);
    return r == HEARTH_ERR_NOT_FOUND ? hearth_fail(session->call, r, "no such account") : r;
}

/* In a transaction. One that is there already stays as it is. */
static int insert_identity(struct session *session, int64_t row, const struct hearth_account_identity *identity)
{
    static const char PUT[] = "INSERT INTO identities (issuer, subject, account, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
    static const char OWNER[] = "SELECT account FROM identities WHERE issuer = ? AND subject = ?";
    struct query query;
    int64_t owner;
    query_open(&query, session, PUT);
    query_text(&query, identity->issuer);
    query_text(&query, identity->subject);
    query_int(&query, row);
    query_int(&query, identity->created);
    int r = query_run(&query, NULL);
    if (r < 0 || query_changes(session) > 0)
        return r;
    query_open(&query, session, OWNER);
    query_text(&query, identity->issuer);
    query_text(&query, identity->subject);
    r = query_number(&query, &owner);
    if (r == 0 && owner != row)
        r = hearth_fail(session->call, HEARTH_ERR_CONFLICT, "another account has this identity already");
    return r;
}

int identity_of_new_account(struct session *session, const struct hearth_account *account)
{
    char issuer[ISSUER_MAX + 2];
    int64_t row;
    if (account->uid == NULL || account->uid[0] == '\0')
        return 0;
    snprintf(issuer, sizeof(issuer), "sync:%s", account->provider == NULL ? "" : account->provider);
    struct hearth_account_identity identity = {
        .struct_size = sizeof(identity), .issuer = issuer, .subject = account->uid, .created = account->created};
    int r = check_identity(session->call, identity.issuer, identity.subject);
    if (r == 0)
        r = find_row(session, account->id, &row);
    return r == 0 ? insert_identity(session, row, &identity) : r;
}

int identity_put(void *self, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity)
{
    struct op op;
    int64_t row;
    int r = check_identity(call, identity->issuer, identity->subject);
    if (r == 0)
        r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    r = find_row(op.session, account, &row);
    if (r == 0)
        r = insert_identity(op.session, row, identity);
    return op_end_write(&op, r);
}

int identity_remove(void *self, struct hearth_call *call, const char *account, const char *issuer, const char *subject)
{
    static const char REMOVE[] = "DELETE FROM identities WHERE issuer = ?2 AND subject = ?3 AND account = " ACCOUNT_ROW("?1");
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_text(&query, account);
    query_text(&query, issuer);
    query_text(&query, subject);
    r = query_run(&query, NULL);
    if (r == 0 && query_changes(op.session) == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no such identity");
    return op_end_write(&op, r);
}

int identity_list(void *self, struct hearth_call *call, const char *account, hearth_account_identity_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT issuer, subject, created FROM identities WHERE account = " ACCOUNT_ROW("?") " ORDER BY issuer, subject";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        struct hearth_account_identity identity = {
            .struct_size = sizeof(identity),
            .issuer = column_text(&query, 0),
            .subject = column_text(&query, 1),
            .created = column_int(&query, 2),
        };
        if (cb(ctx, &identity) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
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
    static const char MAKE[] = "INSERT INTO properties (name, text) VALUES (?, ?)";
    static const char PUT[] = "INSERT INTO properties (name, text) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET text = excluded.text";
    struct op op;
    struct query query;
    int r = check_property(call, name, text);
    if (r == 0)
        r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, replace ? PUT : MAKE);
    query_text(&query, name);
    query_text(&query, text);
    r = query_run(&query, NULL);
    if (r == HEARTH_ERR_CONFLICT)
        r = hearth_fail(call, r, "the database has the property %s already", name);
    return op_end_write(&op, r);
}

int property_get(void *self, struct hearth_call *call, const char *name, const char **ret_text)
{
    struct op op;
    struct query query;
    const char *copy = NULL;
    int r = check_property(call, name, "");
    if (r == 0)
        r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, "SELECT text FROM properties WHERE name = ?");
    query_text(&query, name);
    r = query_step(&query);
    if (r > 0)
        r = session_copy(op.session, column_text(&query, 0), &copy);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the database has no property %s", name);
    query_close(&query);
    if (r == 0)
        *ret_text = copy;
    return op_end(&op, r);
}
