#include "api/words.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/url.h"
#include "search/fold.h"

int words_init(struct words *words, const char *text, struct arena *arena, struct err *err)
{
    *words = (struct words){0};
    if (text == NULL)
        return 0;
    int r = query_parse(text, arena, &words->query, err);
    if (r == 0 && (words->scratch = arena_alloc(arena, 3 * FOLD_ROOM(WORDS_TEXT_MAX) + FIND_PADDING)) == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    return r;
}

bool words_empty(const struct words *words)
{
    return words->query.word_count == 0;
}

static size_t add(struct words *words, size_t at, const char *text)
{
    if (text == NULL)
        return at;
    size_t size = strnlen(text, WORDS_TEXT_MAX + 4);
    size = fold_cut(text, size, WORDS_TEXT_MAX);
    at += fold_text(text, size, words->scratch + at, NULL, 0);
    words->scratch[at++] = '\n'; /* no word reaches over it */
    return at;
}

bool words_match(struct words *words, const char *title, const char *url, const char *tags)
{
    if (words_empty(words))
        return true;
    char decoded[WORDS_TEXT_MAX + 8];
    size_t end = add(words, 0, title);
    if (url != NULL) {
        size_t size = fold_cut(url, strnlen(url, WORDS_TEXT_MAX + 4), WORDS_TEXT_MAX);
        decoded[model_url_decode(url, size, decoded)] = '\0';
        end = add(words, end, decoded);
    }
    end = add(words, end, tags);
    for (size_t i = 0; i < words->query.word_count; i++)
        if (needle_find(&words->query.words[i], words->scratch, words->scratch + end) == NULL)
            return false;
    return true;
}
