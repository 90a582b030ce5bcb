#include "search/keyword.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "codec/codec.h"
#include "search/query.h"
#include "search/white_space.h"

int search_keyword_fold(const char *keyword, size_t size, char **ret_folded)
{
    size_t from = 0;
    white_space_trim(keyword, &from, &size);
    char *folded = malloc((size - from) * CODEC_FOLD_GROWTH + 1);
    if (folded == NULL)
        return HEARTH_ERR_NOMEM;
    folded[codec_fold(keyword + from, size - from, folded)] = '\0';
    *ret_folded = folded;
    return 0;
}

bool search_keyword_split(const char *typed, struct search_keyword_typed *ret_typed)
{
    size_t from = 0, end = strlen(typed);
    white_space_trim(typed, &from, &end);
    size_t size = white_space_word(typed + from, end - from), words = from + size;
    if (size == 0 || (size == 1 && strchr("^*+%?>#$", typed[from]) != NULL))
        return false;
    white_space_trim(typed, &words, &end);
    *ret_typed = (struct search_keyword_typed){.first = typed + from,
                                               .first_size = size,
                                               .words = typed + words,
                                               .words_size = end - words};
    return true;
}

/* The next %s or %S, or the end. */
static const char *next_place(const char *url)
{
    while (*url != '\0' && !(url[0] == '%' && (url[1] == 's' || url[1] == 'S')))
        url++;
    return url;
}

bool search_keyword_takes_words(const char *url)
{
    return *next_place(url) != '\0';
}

/* As encodeURIComponent() does. */
static size_t encode_words(const char *words, size_t size, char *ret_text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)words[i];
        if (codec_is_alnum(words[i]) || strchr("-_.!~*'()", words[i]) != NULL) {
            ret_text[used++] = words[i];
        } else {
            ret_text[used++] = '%';
            ret_text[used++] = hex[c >> 4];
            ret_text[used++] = hex[c & 15];
        }
    }
    return used;
}

const char *search_keyword_url(const char *url, const struct search_keyword_typed *typed,
                               struct arena *arena)
{
    size_t room = strlen(url) + 1;
    for (const char *at = next_place(url); *at != '\0'; at = next_place(at + 2))
        room += 3 * typed->words_size;
    char *made = arena_alloc(arena, room);
    size_t used = 0;
    while (made != NULL) {
        const char *place = next_place(url);
        memcpy(made + used, url, (size_t)(place - url));
        used += (size_t)(place - url);
        if (*place == '\0')
            break;
        if (place[1] == 's') {
            used += encode_words(typed->words, typed->words_size, made + used);
        } else {
            memcpy(made + used, typed->words, typed->words_size);
            used += typed->words_size;
        }
        url = place + 2;
    }
    if (made != NULL)
        made[used] = '\0';
    return made;
}

bool search_keyword_is_restricted(const char *typed, struct arena *arena)
{
    struct query query;
    return search_query_parse(typed, NULL, arena, &query, NULL) == 0 &&
           query.only != QUERY_ANY && query.only != QUERY_BOOKMARKS && query.only != QUERY_TAGGED;
}
