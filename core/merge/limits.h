/* What one account may keep here, so that a hostile server or device fills nobody else's disk. */
#ifndef HEARTH_CORE_MERGE_LIMITS_H
#define HEARTH_CORE_MERGE_LIMITS_H

#include "base/message.h"
#include "plug/storage.h"

/* Of every account; no Firefox comes near. */
enum { LIMITS_DEVICES = 1000, LIMITS_TABS = 100000 };

/* Of the section [limits]; 0: no limit. */
struct limits {
    int64_t pages;     /* with visits */
    int64_t bookmarks; /* with folders */
    /* bytes: of the records of one collection on their way, and of what is stored where the
     * storage knows it */
    int64_t space;
    /* bytes that have to stay free where the records on their way are, and where the database is */
    int64_t free_space;
};

/* FULL with words for the person in *ret_why, when there is more than the limit and more than
 * before: who was over it already may still remove things, and what was changed without growing
 * is stored. collection: its name, for the words. */
int merge_limits_check_counts(const struct limits *limits, const struct hearth_counts *before,
                              const struct hearth_counts *now, const char *collection,
                              struct message_kept *ret_why, struct err *err);
/* FULL: the records of a collection that are on their way have grown to `size` bytes. */
int merge_limits_check_spool(const struct limits *limits, int64_t size,
                             struct message_kept *ret_why, struct err *err);
/* FULL: `size` more bytes would leave too little free in the file system that this directory or
 * file is in. NULL: nowhere that is known. */
int merge_limits_check_free(const struct limits *limits, const char *place, int64_t size,
                            struct message_kept *ret_why, struct err *err);

#endif
