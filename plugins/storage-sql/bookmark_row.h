/* How a bookmark is written: ?2 is its guid, ?3 its kind, ?4 its parent. Without a parent,
 * parent and position stay as they are; page 0 is NULL in the table. */
#ifndef STORAGE_SQL_BOOKMARK_ROW_H
#define STORAGE_SQL_BOOKMARK_ROW_H

#include "driver.h"

#define SQL_VALUE_bookmark_position                                                                \
    ~, "CASE WHEN " VALUE_TEXT("?4") " IS NULL THEN 0 ELSE " VALUE_INT("?") " END"
#define SQL_VALUE_bookmark_page      ~, "nullif(" VALUE_INT("?") ", 0)"
#define SQL_EXCLUDED_bookmark_parent ~, "coalesce(excluded.parent, b.parent)"
#define SQL_EXCLUDED_bookmark_position                                                             \
    ~, "CASE WHEN excluded.parent IS NULL THEN b.position ELSE excluded.position END"

#define PUT_BOOKMARK                                                                               \
    "INSERT INTO bookmarks AS b (" ACCOUNT_COLUMN                                                  \
    SQL_NAMES(HEARTH_BOOKMARK_FIELDS) ") VALUES (" ACCOUNT_VALUE SQL_VALUES(                       \
        "?2", bookmark, HEARTH_BOOKMARK_FIELDS) ") ON CONFLICT (" ACCOUNT_COLUMN                   \
        KEY_TEXT("guid") ") DO UPDATE SET " SQL_EXCLUDED(bookmark, HEARTH_BOOKMARK_FIELDS)

#endif
