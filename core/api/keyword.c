#include "api/keyword.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/url.h"
#include "search/bookmarks.h"
#include "search/keyword.h"

enum { HOST_MAX = 256 };

struct keyword_finding {
    const struct search_keyword_typed *typed;
    struct arena *arena;
    struct api_keyword *found;
    bool failed;
};

/* Of the text, which may be NULL; marks the finding when the arena is full. */
static const char *keyword_copy(struct keyword_finding *finding, const char *text)
{
    const char *copy = text == NULL ? NULL : arena_strdup(finding->arena, text);
    finding->failed = finding->failed || (text != NULL && copy == NULL);
    return copy;
}

static int keyword_on_bookmark(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct keyword_finding *finding = ctx;
    struct api_keyword *found = finding->found;
    const struct search_keyword_typed *typed = finding->typed;
    if (bookmark->url == NULL || bookmark->keyword == NULL)
        return 1;
    bool takes = search_keyword_takes_words(bookmark->url);
    char *host = arena_alloc(finding->arena, HOST_MAX);
    finding->failed = host == NULL;
    if (host != NULL)
        model_url_host(bookmark->url, host, HOST_MAX);
    found->applies = true;
    found->keyword = keyword_copy(finding, bookmark->keyword);
    found->title = keyword_copy(finding, bookmark->title);
    found->tags = keyword_copy(finding, bookmark->tags);
    found->bookmark = keyword_copy(finding, bookmark->guid);
    found->rest = (struct search_keyword){.takes_words = takes, .host = host};
    if (takes || typed->words_size == 0) {
        const char *url = search_keyword_url(bookmark->url, typed, finding->arena);
        finding->failed = finding->failed || url == NULL;
        found->applies = url != NULL && url[0] != '\0';
        found->url = found->applies ? url : NULL;
    }
    return 1;
}

/* The guid of the bookmark, to be freed; NULL: there is none. */
static int keyword_look_up(struct search *search, struct source *source, int64_t generation,
                           const struct search_keyword_typed *typed, bool *ret_as_kept,
                           char **ret_guid, struct err *err)
{
    char *folded;
    struct index *index;
    if (search_keyword_fold(typed->first, typed->first_size, &folded) < 0)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int r = search_index(search, source->account, generation, SEARCH_INDEX_BOOKMARKS,
                         &source->reading, &index, err);
    if (r == 0) {
        uint32_t number = search_bookmarks_keyword(bookmarks_of(index), folded);
        *ret_as_kept = strlen(folded) == typed->first_size &&
                       memcmp(folded, typed->first, typed->first_size) == 0;
        *ret_guid =
            number == BOOKMARKS_NONE ? NULL : strdup(bookmarks_guid(bookmarks_of(index), number));
        if (number != BOOKMARKS_NONE && *ret_guid == NULL)
            r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        search_index_done(search, index);
    }
    free(folded);
    return r;
}

int api_keyword_find(struct search *search, struct source *source, int64_t generation,
                     const char *text, struct arena *arena, struct api_keyword *ret_keyword,
                     struct err *err)
{
    struct search_keyword_typed typed;
    struct api_keyword found = {.applies = false};
    struct keyword_finding finding = {.typed = &typed, .arena = arena, .found = &found};
    char *guid = NULL;
    bool as_kept = false;
    int r = 0;
    if (search_keyword_split(text, &typed))
        r = keyword_look_up(search, source, generation, &typed, &as_kept, &guid, err);
    if (r == 0 && guid != NULL && (as_kept || !search_keyword_is_restricted(text, arena)))
        r = source->reading.bookmark(source->reading.ctx, guid, keyword_on_bookmark, &finding, err);
    free(guid);
    if (r == 0 && finding.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    found.rest.as_kept = as_kept;
    if (r == 0)
        *ret_keyword = found;
    return r;
}
