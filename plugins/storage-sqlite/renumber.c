#include "renumber.h"

#include <stddef.h>

#define NEXT "max(generation + 1, ?1)"

/* What a file of the schemas `from` to `until` has; later migrations make the rest of it. */
struct renumbering {
    int64_t from, until;
    const char *sql;
};
enum { LATEST = 1 << 30 };

static int renumber_all(sqlite3 *db, const struct renumbering *steps, size_t count, int64_t schema,
                        int64_t now)
{
    int r = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (size_t i = 0; r == SQLITE_OK && i < count; i++) {
        sqlite3_stmt *step = NULL;
        if (schema < steps[i].from || schema > steps[i].until)
            continue;
        r = sqlite3_prepare_v2(db, steps[i].sql, -1, &step, NULL);
        if (r == SQLITE_OK && sqlite3_bind_parameter_count(step) > 0)
            r = sqlite3_bind_int64(step, 1, now);
        if (r == SQLITE_OK)
            r = sqlite3_step(step) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(db);
        sqlite3_finalize(step);
    }
    return r == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : r;
}

int sqlite_renumber_person(sqlite3 *db, int64_t schema, int64_t now)
{
    static const struct renumbering steps[] = {
        {1, LATEST, "UPDATE account SET generation = " NEXT ", forgotten = " NEXT},
        {3, LATEST, "UPDATE account SET removals_forgotten = generation"},
        {3, LATEST, "UPDATE generations SET generation = (SELECT generation FROM account)"},
    };
    return renumber_all(db, steps, sizeof(steps) / sizeof(steps[0]), schema, now);
}

int sqlite_renumber_shared(sqlite3 *db, int64_t schema, int64_t now)
{
    static const struct renumbering steps[] = {
        {1, LATEST, "UPDATE accounts SET generation = " NEXT},
        {1, 2, "UPDATE accounts SET forgotten = generation"}, /* there were no files of persons */
    };
    return renumber_all(db, steps, sizeof(steps) / sizeof(steps[0]), schema, now);
}
