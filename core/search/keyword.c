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

const char *search_keyword_url(const char *url, const struct search_keyword_typed *typed,
                               struct arena *arena)
{
    static const char kept[] = "-_.!~*'()"; /* as encodeURIComponent() keeps them */
    size_t encoded_room = 3 * typed->words_size + 1, room = strlen(url) + 1;
    for (const char *at = next_place(url); *at != '\0'; at = next_place(at + 2))
        room += encoded_room;
    if (room > SEARCH_KEYWORD_ROOM)
        return "";
    char *words = arena_alloc(arena, typed->words_size + 1),
         *encoded = arena_alloc(arena, encoded_room), *made = arena_alloc(arena, room);
    if (words == NULL || encoded == NULL || made == NULL)
        return NULL;
    memcpy(words, typed->words, typed->words_size);
    words[typed->words_size] = '\0';
    codec_percent_encode(words, kept, encoded, encoded_room);
    size_t used = 0;
    for (const char *place;; url = place + 2) {
        place = next_place(url);
        memcpy(made + used, url, (size_t)(place - url));
        used += (size_t)(place - url);
        if (*place == '\0')
            break;
        const char *put = place[1] == 's' ? encoded : words;
        memcpy(made + used, put, strlen(put));
        used += strlen(put);
    }
    made[used] = '\0';
    return made;
}

bool search_keyword_is_restricted(const char *typed, struct arena *arena)
{
    struct query query;
    return search_query_parse(typed, NULL, arena, &query, NULL) == 0 && query.only != QUERY_ANY &&
           query.only != QUERY_BOOKMARKS && query.only != QUERY_TAGGED;
}
