/* Keywords: of one record, and of all URLs of an account. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/number_set.h"
#include "base/str.h"
#include "codec/codec.h"
#include "merge/apply_tree.h"
#include "merge/labels.h"
#include "model/tree.h"

int merge_labels_keyword(struct arena *arena, const char *said, const char **ret_keyword)
{
    size_t size = said == NULL ? 0 : strlen(said);
    if (said != NULL)
        codec_trim(&said, &size);
    char *keyword = size == 0 ? NULL : arena_alloc(arena, CODEC_FOLD_GROWTH * size + 1);
    if (size > 0 && keyword == NULL)
        return HEARTH_ERR_NOMEM;
    if (size > 0 && codec_fold(said, size, keyword) > HEARTH_TEXT_MAX)
        keyword = NULL;
    *ret_keyword = keyword;
    return 0;
}

/* A bookmark whose URL has, had or may have a keyword. */
struct keyed {
    int64_t source, page, number;      /* number: where it is in the tree */
    const char *guid, *keyword, *said; /* said: as merge_labels_keyword() has it */
};

struct keywords {
    struct arena arena;
    struct model_tree *tree;
    struct number_set pages;
    struct keyed *list;
    size_t count, room;
    bool failed;
};

static int on_any_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct keywords *keywords = ctx;
    if (item->keyword != NULL || item->said_keyword != NULL)
        keywords->failed |= !number_set_add(&keywords->pages, (uint64_t)item->page);
    return keywords->failed;
}

static int on_keyed_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct keywords *keywords = ctx;
    bool of_page = item->page != 0 && number_set_has(&keywords->pages, (uint64_t)item->page);
    if (!of_page && item->keyword == NULL)
        return 0;
    if (!ARRAY_MAKE_ROOM(keywords->list, keywords->count, keywords->room))
        return keywords->failed = true;
    struct keyed *keyed = &keywords->list[keywords->count++];
    *keyed = (struct keyed){.source = item->source,
                            .page = item->page,
                            .number = model_tree_number(keywords->tree, item->guid),
                            .guid = arena_strdup(&keywords->arena, item->guid),
                            .keyword = arena_strdup(&keywords->arena, item->keyword)};
    const char *said = of_page ? item->said_keyword : NULL; /* not for queries and folders */
    keywords->failed = keyed->guid == NULL || (keyed->keyword == NULL && item->keyword != NULL) ||
                       merge_labels_keyword(&keywords->arena, said, &keyed->said) < 0;
    return keywords->failed;
}

/* In which order keywords are given out. */
static int compare_claims(const void *a, const void *b)
{
    const struct keyed *x = *(const struct keyed *const *)a, *y = *(const struct keyed *const *)b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    int order = strcmp(x->said, y->said);
    return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

static int compare_owners(const void *a, const void *b)
{
    int64_t x = (*(const struct keyed *const *)a)->page,
            y = (*(const struct keyed *const *)b)->page;
    return x < y ? -1 : x > y;
}

static size_t collect_claims(const struct keywords *keywords, struct keyed **ret_claims)
{
    size_t count = 0;
    for (size_t i = 0; i < keywords->count; i++)
        if (keywords->list[i].said != NULL)
            ret_claims[count++] = &keywords->list[i];
    return count;
}

/* First come, first served: what is left in `claims` are the owners, by page. */
static bool give_keywords(struct keyed **claims, size_t *count)
{
    struct number_set given = {.count = 0}, served = {.count = 0};
    size_t owners = 0;
    bool fine = true;
    if (*count > 1)
        qsort(claims, *count, sizeof(*claims), compare_claims);
    for (size_t i = 0; fine && i < *count; i++) {
        struct keyed *claim = claims[i];
        if (number_set_has_text(&given, claim->said) ||
            number_set_has(&served, (uint64_t)claim->page))
            continue;
        fine = number_set_add_text(&given, claim->said) &&
               number_set_add(&served, (uint64_t)claim->page);
        claims[owners++] = claim;
    }
    number_set_fini(&given);
    number_set_fini(&served);
    if (owners > 1)
        qsort(claims, owners, sizeof(*claims), compare_owners);
    *count = owners;
    return fine;
}

static int write_keywords(struct apply *apply, const struct keywords *keywords,
                          struct number_set *touched, struct err *err)
{
    struct keyed **claims = calloc(keywords->count + 1, sizeof(struct keyed *));
    size_t count = claims == NULL ? 0 : collect_claims(keywords, claims);
    int r = claims == NULL || !give_keywords(claims, &count)
                ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                : 0;
    for (size_t i = 0; r == 0 && i < keywords->count; i++) {
        const struct keyed *keyed = &keywords->list[i];
        struct keyed *const *owner =
            count == 0 ? NULL : bsearch(&keyed, claims, count, sizeof(*claims), compare_owners);
        const char *keyword = owner == NULL ? NULL : (*owner)->said;
        if (str_equal(keyed->keyword, keyword))
            continue;
        r = merge_apply_touch_page(touched, keyed->page, err);
        if (r == 0)
            r = merge_labels_rewrite(apply, keyed->guid, LABELS_KEYWORD, keyword, err);
    }
    free(claims);
    return r;
}

int merge_labels_apply_keywords(struct apply *apply, struct model_tree *tree,
                                struct number_set *touched, struct err *err)
{
    struct keywords keywords = {.tree = tree};
    arena_init(&keywords.arena, 0);
    int r = STORAGE(apply->storage, err, bookmark_items, apply->account, on_any_item, &keywords);
    plug_storage_reset(apply->storage);
    if (r == 0 && keywords.pages.count > 0 && model_tree_count(tree) < 0)
        keywords.failed = true;
    if (r == 0 && !keywords.failed && keywords.pages.count > 0)
        r = STORAGE(apply->storage, err, bookmark_items, apply->account, on_keyed_item, &keywords);
    plug_storage_reset(apply->storage);
    if (r == 0 && keywords.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && keywords.count > 0)
        r = write_keywords(apply, &keywords, touched, err);
    free(keywords.list);
    number_set_fini(&keywords.pages);
    arena_fini(&keywords.arena);
    return r;
}
