/* What pages leave to each plugin: the rows, in a batch, and what it learns from those that are
 * read. */
#ifndef STORAGE_SQL_PAGE_HOOKS_H
#define STORAGE_SQL_PAGE_HOOKS_H

#include "hearth/storage.h"

struct op;
struct handle;

int sql_page_write(struct handle *handle, const struct hearth_page *page);
int sql_page_erase(struct handle *handle, int64_t page); /* visits and guids too; missing is fine */
int sql_page_join_guid(struct handle *handle, const char *guid, int64_t page);
int sql_visits_write(struct handle *handle, int64_t page, const struct hearth_visit *visits,
                     size_t count, int64_t *ret_added);
int sql_visits_erase(struct handle *handle, int64_t page);    /* missing is fine */
int sql_page_is_missing(struct handle *handle, int64_t page); /* NOT_FOUND, in words */

/* The core reads a page before it writes it. What the batch knows of the page: 0: that it is not
 * there; 1: it has to be looked for; or an error. */
int sql_page_expect(struct op *op, const char *account, int64_t page);
/* What was found: page NULL, nothing. row: the column of the fragment PAGE_ALSO. */
void sql_page_note(struct op *op, const char *account, int64_t id, const struct hearth_page *page,
                   int64_t row);
/* false: surely not there */
bool sql_page_expect_guid(const struct handle *handle, const char *guid);

/* When sql_op_begin_account() said OP_NO_ROWS: the generation with which the account was made.
 * NOT_FOUND. */
int sql_account_first_generation(void *self, struct hearth_call *call, const char *account,
                                 int64_t *ret_generation);
/* What changed since, for an account that has no rows: 0, nothing; or NOT_FOUND, in words. */
int sql_page_changes_without_rows(void *self, struct hearth_call *call, const char *account,
                                  int64_t since);

#endif
