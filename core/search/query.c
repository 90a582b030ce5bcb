#include "search/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/codec.h"
#include "model/url.h"
#include "search/confusable.h"
#include "search/fold.h"
#include "search/search.h"
#include "search/white_space.h"

enum { MAX_CHARS = 500 }; /* what comes after stays together with the last word */

struct word {
    const char *text;
    size_t size;
};

struct words {
    struct word list[QUERY_MAX_WORDS];
    size_t count;
};

static void query_split_words(const char *text, size_t from, size_t end, struct words *ret_words)
{
    size_t chars = 0, start = from;
    bool inside = false;
    for (size_t at = from; at < end && chars < MAX_CHARS; chars++) {
        size_t next = at;
        bool space = codec_is_space(str_next_char(text, end, &next));
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
    static const char only[] = "^*+%?>", field[] = "#$";
    const char *at = c == '\0' ? NULL : strchr(only, c);
    if (at != NULL && query->only == QUERY_ANY) {
        query->only = at - only < QUERY_NOTHING - QUERY_HISTORY
                          ? (enum query_only)(QUERY_HISTORY + (at - only))
                          : QUERY_NOTHING;
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

static bool begins_with_escape(const struct word *word, size_t at)
{
    return word->size > at + 2 && word->text[at] == '%' &&
           codec_hex_digit(word->text[at + 1]) >= 0 && codec_hex_digit(word->text[at + 2]) >= 0;
}

/* "*river": only where no restriction stands alone, anywhere; and "%C3%A4" is an escaped letter. */
static bool takes_glued(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (words->list[i].size == 1 && strchr("^*+%?>#$", words->list[i].text[0]) != NULL)
            return false;
    const struct word *first = &words->list[0];
    return words->count > 0 && !(begins_with_escape(first, 0) && begins_with_escape(first, 3));
}

/* One of each sort, from the two words at the beginning, then the two at the end; the others are
 * ordinary text. */
static void take_restrictions(struct words *words, struct query *query)
{
    bool glued = takes_glued(words);
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
    struct word *first = &words->list[0];
    if (glued && restrict_by(query, first->text[0])) {
        first->text++;
        first->size--;
    }
}

/* Bytes of what stands before an address: "https://", "view-source:". Also of what only could be
 * one ("x-y:/"), but not of "localhost:" or of "about:", which is looked for. */
static size_t query_scheme(const char *text, size_t size)
{
    static const char *const bare[] = {"data:", "file:", "javascript:", "view-source:"};
    size_t n = 0, slashes = 0;
    while (n < size &&
           (text[n] == '-' || (codec_lower(text[n]) >= 'a' && codec_lower(text[n]) <= 'z')))
        n++;
    if (n == 0 || n == size || text[n] != ':' || (size > n && strncmp(text, "about:", 6) == 0))
        return 0;
    n++;
    while (slashes < 2 && n + slashes < size && text[n + slashes] == '/')
        slashes++;
    if (n + slashes < size && text[n + slashes] == ' ')
        return 0;
    if (slashes > 0)
        return n + slashes;
    for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
        if (strlen(bare[i]) == n && strncasecmp(bare[i], text, n) == 0)
            return n;
    return 0;
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

/* The word that a browser's script would split no further, as its database does. */
static void split_plain(struct words *words)
{
    struct word whole = words->list[0];
    words->count = 0;
    for (size_t at = 0; at < whole.size && words->count < QUERY_MAX_WORDS;) {
        size_t n = 0;
        while (at + n < whole.size && strchr(" \t\n\r\f\v", whole.text[at + n]) == NULL)
            n++;
        if (n > 0)
            words->list[words->count++] = (struct word){whole.text + at, n};
        at += n + 1;
    }
}

/* What is typed, trimmed, as Firefox looks for it: escapes decoded, and what could pass for
 * something else escaped; but not of what is long. */
static int decode_typed(const char *text, size_t size, bool bar, struct arena *arena,
                        char **ret_text, size_t *ret_size)
{
    enum { DECODE_MAX = 255 }; /* UTF-16 code units */
    char *decoded = arena_alloc(arena, size + 1);
    if (decoded == NULL)
        return HEARTH_ERR_NOMEM;
    bool plain = true; /* as most is */
    for (size_t i = 0; i < size && plain; i++)
        plain = (uint8_t)text[i] < 0x80 && text[i] != '%';
    if (plain) {
        *ret_text = memcpy(decoded, text, size);
        *ret_size = size;
        return 0;
    }
    size_t units = 0;
    for (size_t i = 0; i < size; i++)
        units += ((uint8_t)text[i] & 0xC0) != 0x80 ? 1 + ((uint8_t)text[i] >= 0xF0) : 0;
    if (bar && units > DECODE_MAX) {
        memcpy(decoded, text, size);
        decoded[size] = '\0';
        *ret_text = decoded;
        *ret_size = size;
        return 0;
    }
    char *escaped = bar ? arena_alloc(arena, size * 3 + CONFUSABLE_ESCAPE + 1) : decoded;
    if (escaped == NULL)
        return HEARTH_ERR_NOMEM;
    size = model_url_decode(text, size, decoded);
    *ret_text = escaped;
    *ret_size = bar ? search_confusable_escape(decoded, size, escaped) : size;
    return 0;
}

/* Restrictions are those that were typed, not what escapes hide; what follows a keyword is not
 * one. */
static void read_words(const char *text, size_t from, size_t end, bool restricts,
                       struct words *ret_words)
{
    white_space_trim(text, &from, &end);
    bool data = end - from >= 5 && memcmp(text + from, "data:", 5) == 0;
    size_t scheme = query_scheme(text + from, end - from);
    ret_words->count = 0;
    if (data)
        ret_words->list[ret_words->count++] = (struct word){text + from, end - from};
    else
        query_split_words(text, from, end, ret_words);
    struct query dropped;
    dropped.only = QUERY_ANY;
    dropped.field = QUERY_EVERYWHERE;
    if (restricts)
        take_restrictions(ret_words, &dropped);
    struct word *first = &ret_words->list[0];
    if (ret_words->count > 0 && first->text == text + from && first->size > scheme) {
        first->text += scheme;
        first->size -= scheme;
    }
    if (data && ret_words->count > 0)
        split_plain(ret_words);
}

static int query_read(const char *text, const struct search_keyword *keyword, bool bar,
                      struct arena *arena, struct query *query, struct words *words)
{
    size_t from = 0, end = strlen(text), size;
    char *decoded;
    white_space_trim(text, &from, &end);
    if ((keyword == NULL || !keyword->as_kept) && strpbrk(text, "^*+%?>#$") != NULL) {
        struct words typed;
        typed.count = 0;
        query_split_words(text, from, end, &typed);
        take_restrictions(&typed, query);
    }
    bool restricts = query->only != QUERY_ANY || query->field != QUERY_EVERYWHERE;
    if (bar && end > from && text[from] == '@')
        query->only = QUERY_NOTHING;
    if (decode_typed(text + from, end - from, bar, arena, &decoded, &size) < 0)
        return HEARTH_ERR_NOMEM;
    read_words(decoded, 0, size, restricts, words);
    if (bar && !restricts && size > 0 && query_scheme(decoded, size) == size)
        query->only = QUERY_HISTORY; /* an address that nothing is known of but its scheme */
    return 0;
}

/* Takes the keyword away where its words are looked for on its site. */
static int after_keyword(const struct search_keyword *keyword, const char *text,
                         struct arena *arena, struct words *words, struct query *query)
{
    if (keyword == NULL || !keyword->takes_words || words->count == 0)
        return 0;
    size_t from = 0, end = strlen(text);
    white_space_trim(text, &from, &end);
    size_t first = white_space_word(text + from, end - from);
    if (words->list[0].size != first || memcmp(words->list[0].text, text + from, first) != 0)
        return 0; /* a space that is no longer one when escaped */
    query_drop_word(words, 0);
    if (keyword->host[0] == '\0')
        return 0;
    size_t size = strlen(keyword->host);
    char *host = arena_alloc(arena, FOLD_ROOM(size));
    if (host == NULL)
        return HEARTH_ERR_NOMEM;
    query->host_size = search_fold_text(keyword->host, size, host, NULL, 0);
    query->host = host;
    return 0;
}

static int query_parse(const char *text, const struct search_keyword *keyword, bool bar,
                       struct arena *arena, struct query *ret_query, struct err *err)
{
    size_t size = strnlen(text, SEARCH_MAX_QUERY + 1);
    if (size > SEARCH_MAX_QUERY)
        return err_set(err, HEARTH_ERR_INVALID, "the query is longer than %d bytes",
                       SEARCH_MAX_QUERY);
    if (!str_is_utf8(text, size))
        return err_set(err, HEARTH_ERR_INVALID, "the query is not valid UTF-8");
    struct query *query = arena_alloc(arena, sizeof(*query));
    struct words words;
    if (query == NULL || query_read(text, keyword, bar, arena, query, &words) < 0 ||
        after_keyword(keyword, text, arena, &words, query) < 0)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    query->javascript = words.count > 0 && words.list[0].size >= 11 &&
                        memcmp(words.list[0].text, "javascript:", 11) == 0;
    if (fold_words(&words, arena, query) < 0)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    *ret_query = *query;
    return 0;
}

int search_query_parse(const char *text, const struct search_keyword *keyword, struct arena *arena,
                       struct query *ret_query, struct err *err)
{
    return query_parse(text, keyword, true, arena, ret_query, err);
}

int search_query_parse_list(const char *text, struct arena *arena, struct query *ret_query,
                            struct err *err)
{
    return query_parse(text, NULL, false, arena, ret_query, err);
}

void search_fold_input(const char *text, char *ret_input, size_t size)
{
    size_t from = 0, end = strnlen(text, SEARCH_MAX_QUERY), used = 0;
    end = search_fold_cut(text, strlen(text), end);
    white_space_trim(text, &from, &end);
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
