#include "search/text_filter.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/url.h"

int search_text_filter_init(struct text_filter *words, const char *text, struct arena *arena,
                            struct err *err)
{
    *words = (struct text_filter){0};
    if (text == NULL)
        return 0;
    int r = search_query_parse_list(text, arena, &words->query, err);
    if (r == 0 && (words->scratch = arena_alloc(arena, TEXT_FILTER_ROOM)) == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    return r;
}

bool search_text_filter_is_empty(const struct text_filter *words)
{
    return words->query.word_count == 0;
}

static size_t fold_field(const char *text, char *out)
{
    if (text == NULL)
        return 0;
    size_t size =
        search_fold_cut(text, strnlen(text, TEXT_FILTER_TEXT_MAX + 4), TEXT_FILTER_TEXT_MAX);
    size_t n = search_fold_text(text, size, out, NULL, 0);
    out[n] = '\n'; /* no word reaches over it */
    return n + 1;
}

size_t search_text_filter_fold(const char *title, const char *url, const char *tags,
                               char ret_text[TEXT_FILTER_ROOM])
{
    char decoded[TEXT_FILTER_TEXT_MAX + 8];
    size_t end = fold_field(title, ret_text);
    if (url != NULL) {
        size_t size =
            search_fold_cut(url, strnlen(url, TEXT_FILTER_TEXT_MAX + 4), TEXT_FILTER_TEXT_MAX);
        model_url_decode(url, size, decoded);
        end += fold_field(decoded, ret_text + end);
    }
    return end + fold_field(tags, ret_text + end);
}

static bool has_all_words(const struct text_filter *words, const char *from, const char *end)
{
    for (size_t i = 0; i < words->query.word_count; i++)
        if (search_needle_find(&words->query.words[i], from, end) == NULL)
            return false;
    return true;
}

bool search_text_filter_match(struct text_filter *words, const char *title, const char *url,
                              const char *tags)
{
    return search_text_filter_is_empty(words) ||
           has_all_words(words, words->scratch,
                         words->scratch +
                             search_text_filter_fold(title, url, tags, words->scratch));
}

/* The first word, which is the longest, is looked for in the text of all rows at once. */
void search_text_filter_scan(const struct text_filter *words, const char *text,
                             const uint32_t *offsets, uint32_t count, uint64_t *bits, size_t first)
{
    const char *from = text + offsets[0], *end = text + offsets[count], *hit;
    uint32_t row = 0;
    while ((hit = search_needle_find(&words->query.words[0], from, end)) != NULL) {
        while (text + offsets[row + 1] <= hit)
            row++;
        from = text + offsets[row + 1];
        if (has_all_words(words, text + offsets[row], from))
            bits[(first + row) / 64] |= UINT64_C(1) << (first + row) % 64;
    }
}
