/* Which proofs open which account, and what is known of the database as a whole. */
#include <stdio.h>

#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"
#include "support/text.h"

enum { PROPERTY_NAME_MAX = 64, PROPERTY_TEXT_MAX = 4096 };

/* --- identities --- */

int sql_identity_check(struct hearth_call *call, const char *issuer, const char *subject)
{
    size_t i = issuer == NULL ? 0 : strlen(issuer), s = subject == NULL ? 0 : strlen(subject);
    if (i > 0 && i <= IDENTITY_TEXT_MAX && s > 0 && s <= IDENTITY_TEXT_MAX)
        return 0;
    return hearth_fail(
        call, HEARTH_ERR_INVALID,
        "an identity needs an issuer and a subject of 1 to %d bytes each; these have %zu and %zu",
        IDENTITY_TEXT_MAX, i, s);
}

int sql_identity_of_new_account(struct hearth_call *call, const struct hearth_account *account,
                                char ret_issuer[IDENTITY_TEXT_MAX + 2])
{
    ret_issuer[0] = '\0';
    if (account->uid == NULL || account->uid[0] == '\0')
        return 0;
    /* one that is cut is refused */
    snprintf(ret_issuer, IDENTITY_TEXT_MAX + 2, "sync:%s", support_or_empty(account->provider));
    return sql_identity_check(call, ret_issuer, account->uid);
}

int sql_identity_is_taken(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_CONFLICT, "another account has this identity already");
}

/* One that is there gets the later of both times. */
#define SQL_EXCLUDED_account_identity_created ~, GREATEST("identities.created", "excluded.created")

int sql_identity_put(void *self, struct hearth_call *call, const char *account,
                     const struct hearth_account_identity *identity)
{
    /* clang-format off */
    static const char PUT[] =
        "INSERT INTO identities (account, " SQL_NAMES(HEARTH_ACCOUNT_IDENTITY_FIELDS)
        ") SELECT row, " SQL_VALUES("?1", account_identity, HEARTH_ACCOUNT_IDENTITY_FIELDS)
        " FROM accounts WHERE id = ? ON CONFLICT (issuer, subject) DO UPDATE SET "
        SQL_EXCLUDED(account_identity, HEARTH_ACCOUNT_IDENTITY_FIELDS)
        " WHERE identities.account = excluded.account";
    /* clang-format on */
    struct op op;
    struct query query;
    int64_t rows = 0;
    int r = sql_identity_check(call, identity->issuer, identity->subject);
    if (r == 0)
        r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, PUT);
    sql_bind_account_identity(&query, identity);
    sql_query_text(&query, account);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = sql_account_explain(op.handle, account, sql_identity_is_taken);
    return sql_op_end_write(&op, r);
}

int sql_identity_remove(void *self, struct hearth_call *call, const char *account,
                        const char *issuer, const char *subject)
{
    static const char REMOVE[] =
        "DELETE FROM identities WHERE issuer = ?2 AND subject = ?3 AND account = " ACCOUNT_ROW(
            "?1");
    struct op op;
    struct query query;
    int64_t rows = 0;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, REMOVE);
    sql_query_text(&query, account);
    sql_query_text(&query, issuer);
    sql_query_text(&query, subject);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no such identity");
    return sql_op_end_write(&op, r);
}

int sql_identity_list(void *self, struct hearth_call *call, const char *account,
                      hearth_account_identity_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT " SQL_COLUMNS(
        i, HEARTH_ACCOUNT_IDENTITY_FIELDS) " FROM identities i WHERE "
                                           "i.account = " ACCOUNT_ROW("?1") " ORDER BY i.issuer, "
                                                                            "i.subject";
    struct op op;
    struct query query;
    struct hearth_account_identity identity;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, LIST);
    sql_query_text(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_account_identity(&query, 0, &identity);
        if (cb(ctx, &identity) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

/* --- properties --- */

static int property_check_texts(struct hearth_call *call, const char *name, const char *text)
{
    size_t size = name == NULL ? 0 : strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    if (size == 0 || size > PROPERTY_NAME_MAX || name[size] != '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "a property needs a name of 1 to %d letters a-z and _",
                           PROPERTY_NAME_MAX);
    if (text == NULL || strlen(text) > PROPERTY_TEXT_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "the property %s needs a text of at most %d bytes", name,
                           PROPERTY_TEXT_MAX);
    return 0;
}

int sql_property_put(void *self, struct hearth_call *call, const char *name, const char *text,
                     bool replace)
{
    static const char MAKE[] =
        "INSERT INTO properties (name, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    static const char PUT[] = "INSERT INTO properties (name, text) VALUES (?1, ?2) ON CONFLICT "
                              "(name) DO UPDATE SET text = excluded.text";
    struct op op;
    struct query query;
    int64_t rows = 0;
    int r = property_check_texts(call, name, text);
    if (r == 0)
        r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, replace ? PUT : MAKE);
    sql_query_text(&query, name);
    sql_query_text(&query, text);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = hearth_fail(call, HEARTH_ERR_CONFLICT, "the database has the property %s already",
                        name);
    return sql_op_end_write(&op, r);
}

int sql_property_get(void *self, struct hearth_call *call, const char *name, const char **ret_text)
{
    struct op op;
    struct query query;
    int r = property_check_texts(call, name, "");
    if (r == 0)
        r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, "SELECT text FROM properties WHERE name = ?1");
    sql_query_text(&query, name);
    r = sql_query_step(&query);
    if (r > 0)
        r = sql_copy_text(op.handle, sql_column_text(&query, 0), ret_text);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the database has no property %s", name);
    sql_query_close(&query);
    return sql_op_end(&op, r);
}
