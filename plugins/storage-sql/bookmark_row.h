/* How a bookmark is written: ?2 is its guid, ?3 its kind, ?4 its parent. Without a parent,
 * parent and position stay as they are; page 0 is NULL in the table. The last parameter is the
 * batch's generation. */
#ifndef STORAGE_SQL_BOOKMARK_ROW_H
#define STORAGE_SQL_BOOKMARK_ROW_H

#include "driver.h"

#define SQL_VALUE_bookmark_position                                                                \
    ~, "CASE WHEN " VALUE_TEXT("?4") " IS NULL THEN 0 ELSE " VALUE_INT("?") " END"
#define SQL_VALUE_bookmark_page      ~, "nullif(" VALUE_INT("?") ", 0)"
#define SQL_EXCLUDED_bookmark_parent ~, "coalesce(excluded.parent, b.parent)"
#define SQL_EXCLUDED_bookmark_position                                                             \
    ~, "CASE WHEN excluded.parent IS NULL THEN b.position ELSE excluded.position END"

#define MOVE_BOOKMARK                                                                              \
    "UPDATE bookmarks SET parent = ?3, position = ?4, generation = ?5 WHERE " OF_BATCH SAME_TEXT(  \
        "guid", "?2")
static inline void sql_bind_place(struct query *query, const char *guid, const char *parent,
                                  int64_t position, int64_t generation)
{
    sql_query_text(query, guid);
    sql_query_text(query, parent);
    sql_query_int(query, position);
    sql_query_int(query, generation);
}

/* clang-format off */
#define PUT_BOOKMARK                                                                               \
    "INSERT INTO bookmarks AS b (" ACCOUNT_COLUMN SQL_NAMES(HEARTH_BOOKMARK_FIELDS)                \
    ", generation) VALUES (" ACCOUNT_VALUE SQL_VALUES("?2", bookmark, HEARTH_BOOKMARK_FIELDS)      \
    ", " VALUE_INT("?") ") ON CONFLICT (" ACCOUNT_COLUMN KEY_TEXT("guid")                          \
    ") DO UPDATE SET generation = excluded.generation, "                                           \
    SQL_EXCLUDED(bookmark, HEARTH_BOOKMARK_FIELDS)
/* clang-format on */
static inline void sql_bind_put(struct query *query, const struct hearth_bookmark *bookmark,
                                int64_t generation)
{
    sql_bind_bookmark(query, bookmark);
    sql_query_int(query, generation);
}

#endif
