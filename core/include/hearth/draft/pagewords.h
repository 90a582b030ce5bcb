/* hearth/draft/pagewords.h: tags and keywords of a URL. A draft: docs/plugins.md says what that
 * means.
 *
 * In Firefox's own database a tag and a keyword belong to the address, not to one of its bookmarks.
 * A source that knows them so (an import of places.sqlite, another browser) has a place for them
 * here; what a bookmark's record says stays in the bookmark, and hearth_page.tags has both joined,
 * made by the core. Several sources may give a page the same tag: each has a row, and a listing
 * says each. They go with the page and with their source; an archive carries them. */
#ifndef HEARTH_DRAFT_PAGEWORDS_H
#define HEARTH_DRAFT_PAGEWORDS_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */

/* Unique by page, source and the tag as Firefox folds it. */
#define HEARTH_PAGE_TAG_FIELDS(X, T) \
    X(T, KEY, INT,  page,   1, INT64_MAX,       "id of the page") \
    X(T, KEY, TEXT, tag,    1, HEARTH_LINE_MAX, "as it was written") \
    X(T, KEY, INT,  source, 0, 65535,           "id of the source that says so")

/* Unique by keyword and source. */
#define HEARTH_PAGE_KEYWORD_FIELDS(X, T) \
    X(T, KEY,      TEXT, keyword,   1, HEARTH_LINE_MAX, \
      "as Firefox folds it, without blanks at its ends") \
    X(T, KEY,      INT,  source,    0, 65535,           "id of the source that says so") \
    X(T, ALWAYS,   INT,  page,      1, INT64_MAX, \
      "id of the page that it opens; %s in its URL is replaced") \
    X(T, OPTIONAL, TEXT, post_data, 1, HEARTH_TEXT_MAX, \
      "what is sent, %s being replaced; NULL: nothing, a GET")

#define HEARTH_PAGE_WORD_RECORDS(R) \
    R(page_tag,     HEARTH_PAGE_TAG_FIELDS) \
    R(page_keyword, HEARTH_PAGE_KEYWORD_FIELDS)
/* clang-format on */

HEARTH_PAGE_WORD_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_page_tag_cb)(void *ctx, const struct hearth_page_tag *tag);
typedef int (*hearth_page_keyword_cb)(void *ctx, const struct hearth_page_keyword *keyword);

#define HEARTH_STORAGE_PAGEWORDS "hearth.storage.pagewords.draft/1"
struct hearth_storage_pagewords {
    uint32_t struct_size;
    uint32_t reserved;
    /* --- in a batch; INVALID without one. A page whose words change has changed: it gets the
     * batch's generation, and comes in pages_changed(). --- */
    /* All tags that `source` gives the page, in the place of those that it gave; count 0: none. Of
     * several that fold alike the last stays. NOT_FOUND: there is no such page. */
    int (*page_tags_put)(void *handle, struct hearth_call *call, int64_t page, int64_t source,
                         const char *const *tags, size_t count);
    /* Inserts or replaces. NOT_FOUND: there is no such page. */
    int (*page_keyword_put)(void *handle, struct hearth_call *call,
                            const struct hearth_page_keyword *keyword);
    /* Missing is fine. */
    int (*page_keyword_remove)(void *handle, struct hearth_call *call, const char *keyword,
                               int64_t source);
    /* All words of the source; so a source is read anew. */
    int (*page_words_clear)(void *handle, struct hearth_call *call, int64_t source);
    /* --- reading, inside or outside of a batch --- */
    /* page 0: of all pages. By page, then the folded tag by bytes, then source. */
    int (*page_tag_list)(void *handle, struct hearth_call *call, const char *account, int64_t page,
                         hearth_page_tag_cb cb, void *ctx);
    /* In pieces. Every page that has the tag, however it is spelled, by page, then source; behind
     * the page `after_page`, 0: from the first. */
    int (*pages_by_tag)(void *handle, struct hearth_call *call, const char *account,
                        const char *tag, int64_t after_page, hearth_page_tag_cb cb, void *ctx);
    /* Each tag once, with how many pages have it. By the folded tag by bytes; of several spellings
     * the least by bytes. */
    int (*page_tag_counts)(void *handle, struct hearth_call *call, const char *account,
                           hearth_tag_cb cb, void *ctx);
    /* page 0: of all pages. By keyword by bytes, then source. */
    int (*page_keyword_list)(void *handle, struct hearth_call *call, const char *account,
                             int64_t page, hearth_page_keyword_cb cb, void *ctx);
    /* What the keyword opens; of several sources that with the least id. NOT_FOUND. */
    int (*page_keyword_get)(void *handle, struct hearth_call *call, const char *account,
                            const char *keyword, struct hearth_page_keyword *ret_keyword);
};

#ifdef __cplusplus
}
#endif
#endif
