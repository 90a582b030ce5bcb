/* Normalised records on their way through the spool: their URLs become canonical, history's without
 * users; a bookmark whose URL is none has none. What is read lives in the arena or in the
 * spool until its next record. */
#ifndef HEARTH_CORE_MERGE_RECORDS_H
#define HEARTH_CORE_MERGE_RECORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "hearth/sync.h"
#include "merge/spool.h"

enum record_kind {
    RECORD_DEVICE = 1,
    RECORD_TAB,
    RECORD_PAGE,
    RECORD_BOOKMARK,
    RECORD_REMOVED,
    RECORD_KEPT,
    RECORD_TAB_GROUP
};

/* The id of a root, of which Firefox has two: "toolbar" for "toolbar_____"; else `id`. Every id of
 * a record passes it on the way into the spool. */
const char *merge_records_root_name(const char *id);

int merge_records_put_device(struct spool *spool, const struct hearth_device *device,
                             struct err *err);
int merge_records_put_tab(struct spool *spool, const char *device, const struct hearth_tab *tab,
                          struct err *err);
int merge_records_put_tab_group(struct spool *spool, const char *device,
                                const struct hearth_tab_group *group, struct err *err);
int merge_records_put_page(struct spool *spool, const struct hearth_page_record *record,
                           struct err *err);
int merge_records_put_bookmark(struct spool *spool, const struct hearth_bookmark_record *record,
                               struct err *err);
int merge_records_put_removed(struct spool *spool, const char *guid, int64_t modified,
                              struct err *err);
/* A record that arrived damaged: what is stored of it stays. */
int merge_records_put_kept(struct spool *spool, const char *guid, struct err *err);

void merge_records_get_device(struct spool *spool, struct hearth_device *ret_device);
void merge_records_get_tab(struct spool *spool, const char **ret_device,
                           struct hearth_tab *ret_tab);
void merge_records_get_tab_group(struct spool *spool, const char **ret_device,
                                 struct hearth_tab_group *ret_group);
/* ret_said: the id of a page with its URL as its source says it; 0: that is the canonical one. */
int merge_records_get_page(struct spool *spool, struct arena *arena,
                           struct hearth_page_record *ret_record, int64_t *ret_said);
int merge_records_get_bookmark(struct spool *spool, struct arena *arena,
                               struct hearth_bookmark_record *ret_record);
void merge_records_get_removed(struct spool *spool, const char **ret_guid, int64_t *ret_modified);
const char *merge_records_get_kept(struct spool *spool);

/* Does what a provider gives keep to its table (hearth/records.h, hearth/sync.h)? False: ret_why
 * says in words what does not. */
bool merge_records_check_key(const char *what, const char *key, const struct hearth_limits *limits,
                             char *ret_why, size_t size);
bool merge_records_check_device(const struct hearth_device *device,
                                const struct hearth_limits *limits, char *ret_why, size_t size);
bool merge_records_check_tab(const char *device, const struct hearth_tab *tab,
                             const struct hearth_limits *limits, char *ret_why, size_t size);
bool merge_records_check_tab_group(const char *device, const struct hearth_tab_group *group,
                                   const struct hearth_limits *limits, char *ret_why, size_t size);
bool merge_records_check_page(const struct hearth_page_record *record,
                              const struct hearth_limits *limits, char *ret_why, size_t size);
bool merge_records_check_bookmark(const struct hearth_bookmark_record *record,
                                  const struct hearth_limits *limits, char *ret_why, size_t size);

#endif
