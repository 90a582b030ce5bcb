/* The text that an account is made of, one thing a line. Fields are separated by one space; what
 * is in brackets may be missing, and goes on to the end of the line. Empty lines and lines that
 * begin with # say nothing.
 *
 *   account EMAIL UID [NAME]                  once
 *   device ID NAME
 *   tab DEVICE URL [TITLE]                    after its device
 *   folder GUID PARENT [TITLE]                PARENT: a folder's GUID; menu, toolbar, unfiled,
 *                                             mobile; places for these four
 *   bookmark GUID PARENT URL [TITLE]
 *   page GUID URL DATE [TITLE]                DATE: of its one visit, ms since 1970
 *   fail STATE WORDS                          STATE: waiting, signin, error: how every pull ends */
#ifndef SYNC_MEM_TEXT_H
#define SYNC_MEM_TEXT_H

#include "hearth/sync.h"

enum { FIELDS = 3 };

enum line_kind {
    LINE_ACCOUNT,
    LINE_DEVICE,
    LINE_TAB,
    LINE_FOLDER,
    LINE_BOOKMARK,
    LINE_PAGE,
    LINE_FAIL,
    LINE_KINDS
};

struct line {
    enum line_kind kind;
    int32_t collection; /* enum hearth_collection */
    const char *field[FIELDS];
    const char *rest; /* "" when it is missing */
    int64_t number;   /* page: the date; fail: enum hearth_account_state */
};

struct text {
    const struct line *account, *fail; /* fail: NULL when there is none */
    struct line *lines;
    size_t count;
};

/* Everything lives in the call's memory. INVALID, with words that name the line; NOMEM. */
int text_parse(const struct hearth_host *host, struct hearth_call *call, const void *bytes,
               size_t size, struct text *ret_text);

#endif
