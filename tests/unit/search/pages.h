/* Made-up pages for tests: few words, so that much matches; some in other scripts, some with
 * CamelCase. */
#ifndef HEARTH_TESTS_UNIT_SEARCH_PAGES_H
#define HEARTH_TESTS_UNIT_SEARCH_PAGES_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "hearth/storage.h"

static uint64_t pages_seed = 99;
static inline uint32_t pages_below(uint32_t n)
{
    pages_seed ^= pages_seed << 13;
    pages_seed ^= pages_seed >> 7;
    pages_seed ^= pages_seed << 17;
    return (uint32_t)(pages_seed >> 16) % n;
}

static const char *const pages_words[] = {"river", "RiverBank", "Gärten", "library", "garden",
                                          "Quiet", "zürich",    "москва", "北京",    "teapot",
                                          "c++",   "driver",    "éclair", "Otter",   "a",
                                          "ab",    "abc",       "x9y",    "über",    "straße"};

static inline const char *pages_word(void)
{
    return pages_words[pages_below(sizeof(pages_words) / sizeof(pages_words[0]))];
}

/* The page with this id, in one of its possible states. */
static inline struct hearth_page pages_make(struct arena *arena, int64_t id)
{
    static const char *const schemes[] = {"https://", "http://", "https://www.", "ftp://"};
    bool bookmarked = pages_below(4) == 0;
    return (struct hearth_page){
        .struct_size = sizeof(struct hearth_page),
        .id = id,
        .url = arena_printf(arena, "%s%s.example/%s/%d?q=%s%%20%s%%C3%%A9", schemes[pages_below(4)],
                            pages_word(), pages_word(), (int)id, pages_word(), pages_word()),
        .title = pages_below(5) == 0 ? NULL
                                     : arena_printf(arena, "%s %s%s – %s", pages_word(),
                                                    pages_word(), pages_word(), pages_word()),
        .bookmarks = bookmarked,
        .bookmark_title = bookmarked ? pages_word() : NULL,
        .tags = bookmarked && pages_below(2) ? "tagged,OtterTag" : NULL,
        .frecency = pages_below(10) == 0 ? 0 : (int64_t)pages_below(300),
        .visit_count = pages_below(3),
    };
}

#endif
