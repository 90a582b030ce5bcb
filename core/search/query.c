#include "search/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/codec.h"
#include "model/url.h"
#include "search/fold.h"
#include "search/search.h"

enum { MAX_CHARS = 500 }; /* what comes after stays together with the last word */

struct word {
    const char *text;
    size_t size;
};

struct words {
    struct word list[QUERY_MAX_WORDS];
    size_t count;
};

static bool query_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

/* Moves *from and *end together until neither is white space. */
static void query_trim(const char *text, size_t *from, size_t *end)
{
    while (*from < *end) {
        size_t next = *from;
        if (!query_is_space(str_next_char(text, *end, &next)))
            break;
        *from = next;
    }
    while (*from < *end) {
        size_t last = *end - 1;
        while (last > *from && ((uint8_t)text[last] & 0xC0) == 0x80)
            last--;
        size_t next = last;
        if (!query_is_space(str_next_char(text, *end, &next)))
            break;
        *end = last;
    }
}

static void query_split_words(const char *text, size_t from, size_t end, struct words *ret_words)
{
    size_t chars = 0, start = from;
    bool inside = false;
    for (size_t at = from; at < end && chars < MAX_CHARS; chars++) {
        size_t next = at;
        bool space = query_is_space(str_next_char(text, end, &next));
        if (space && inside && ret_words->count < QUERY_MAX_WORDS)
            ret_words->list[ret_words->count++] = (struct word){text + start, at - start};
        if (!space && !inside)
            start = at;
        inside = !space;
        at = next;
    }
    if (inside && ret_words->count < QUERY_MAX_WORDS)
        ret_words->list[ret_words->count++] = (struct word){text + start, end - start};
}

/* Applies a restriction character; false if it is none, or one of its sort was taken before. */
static bool restrict_by(struct query *query, char c)
{
    static const char only[] = "^*+%", field[] = "#$";
    const char *at = c == '\0' ? NULL : strchr(only, c);
    if (at != NULL && query->only == QUERY_ANY) {
        query->only = (enum query_only)(QUERY_HISTORY + (at - only));
        return true;
    }
    at = c == '\0' ? NULL : strchr(field, c);
    if (at != NULL && query->field == QUERY_EVERYWHERE) {
        query->field = (enum query_field)(QUERY_TITLE + (at - field));
        return true;
    }
    return false;
}

static void query_drop_word(struct words *words, size_t index)
{
    memmove(&words->list[index], &words->list[index + 1],
            (words->count - index - 1) * sizeof(words->list[0]));
    words->count--;
}

/* One of each sort, from the two words at the beginning, then the two at the end; the others are
 * ordinary text. */
static void take_restrictions(struct words *words, struct query *query)
{
    for (int i = 0; i < 2 && words->count > 0 && words->list[0].size == 1 &&
                    restrict_by(query, words->list[0].text[0]);
         i++)
        query_drop_word(words, 0);
    for (int i = 0; i < 2 && words->count > 0; i++) {
        const struct word *last = &words->list[words->count - 1];
        if (last->size != 1 || !restrict_by(query, last->text[0]))
            break;
        query_drop_word(words, words->count - 1);
    }
    if (query->only != QUERY_ANY || query->field != QUERY_EVERYWHERE || words->count == 0)
        return;
    struct word *first = &words->list[0];
    bool escape = first->size > 2 && first->text[0] == '%' &&
                  codec_hex_digit(first->text[1]) >= 0 && codec_hex_digit(first->text[2]) >= 0;
    if (first->size > 1 && !escape && restrict_by(query, first->text[0])) {
        first->text++;
        first->size--;
    }
}

/* "https://" and the like, which is not part of what is searched in; but not all of the word. */
static void strip_scheme(struct word *word)
{
    size_t n = 0;
    while (n < word->size && ((word->text[n] >= 'a' && word->text[n] <= 'z') ||
                              (word->text[n] >= 'A' && word->text[n] <= 'Z')))
        n++;
    if (n > 0 && word->size > n + 3 && memcmp(word->text + n, "://", 3) == 0) {
        word->text += n + 3;
        word->size -= n + 3;
    }
}

static int query_compare_longer_first(const void *a, const void *b)
{
    const struct needle *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return memcmp(x->text, y->text, x->size);
}

static int fold_words(const struct words *words, struct arena *arena, struct query *query)
{
    for (size_t i = 0; i < words->count; i++) {
        char *folded = arena_alloc(arena, FOLD_ROOM(words->list[i].size));
        if (folded == NULL)
            return HEARTH_ERR_NOMEM;
        size_t size = search_fold_text(words->list[i].text, words->list[i].size, folded, NULL, 0);
        if (size > 0)
            search_needle_init(&query->words[query->word_count++], folded, size);
    }
    qsort(query->words, query->word_count, sizeof(query->words[0]), query_compare_longer_first);
    return 0;
}

int search_query_parse(const char *text, struct arena *arena, struct query *ret_query,
                       struct err *err)
{
    size_t size = strnlen(text, SEARCH_MAX_QUERY + 1);
    if (size > SEARCH_MAX_QUERY)
        return err_set(err, HEARTH_ERR_INVALID, "the query is longer than %d bytes",
                       SEARCH_MAX_QUERY);
    if (!str_is_utf8(text, size))
        return err_set(err, HEARTH_ERR_INVALID, "the query is not valid UTF-8");
    struct query *query = arena_alloc(arena, sizeof(*query));
    char *decoded = arena_alloc(arena, size + 1);
    if (query == NULL || decoded == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    size_t from = 0, end = model_url_decode(text, size, decoded);
    query_trim(decoded, &from, &end);
    struct words words = {.count = 0};
    query->javascript = str_starts(decoded + from, "javascript:");
    if (str_starts(decoded + from, "data:"))
        words.list[words.count++] = (struct word){decoded + from, end - from};
    else
        query_split_words(decoded, from, end, &words);
    take_restrictions(&words, query);
    if (words.count > 0)
        strip_scheme(&words.list[0]);
    if (fold_words(&words, arena, query) < 0)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    *ret_query = *query;
    return 0;
}

void search_fold_input(const char *text, char *ret_input, size_t size)
{
    size_t from = 0, end = strnlen(text, SEARCH_MAX_QUERY), used = 0;
    end = search_fold_cut(text, strlen(text), end);
    query_trim(text, &from, &end);
    ret_input[0] = '\0';
    while (from < end) {
        size_t next = from;
        str_next_char(text, end, &next);
        char one[FOLD_ROOM(4)];
        size_t n = search_fold_text(text + from, next - from, one, NULL, 0);
        if (used + n >= size)
            break;
        memcpy(ret_input + used, one, n);
        used += n;
        from = next;
    }
    ret_input[used] = '\0';
}
