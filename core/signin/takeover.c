#include "signin/takeover.h"

#include <stdio.h>
#include <string.h>

#include "auth/doors.h"

static void add_words(char words[TAKEOVER_WORDS_SIZE], int count, const char *one, const char *more)
{
    char text[64];
    if (count == 0)
        return;
    snprintf(text, sizeof(text), "%s%d %s", words[0] == '\0' ? "" : ", ", count,
             count == 1 ? one : more);
    size_t size = strlen(words);
    snprintf(words + size, TAKEOVER_WORDS_SIZE - size, "%s", text);
}

static void takeover_put_words(const struct doors *ended, int identities,
                               char ret_words[TAKEOVER_WORDS_SIZE])
{
    char words[TAKEOVER_WORDS_SIZE] = "";
    add_words(words, ended->browsers, "browser", "browsers");
    add_words(words, ended->tokens, "API token", "API tokens");
    add_words(words, ended->links, "sign-in link", "sign-in links");
    add_words(words, identities, "identity", "identities");
    snprintf(ret_words, TAKEOVER_WORDS_SIZE, "%s", words);
}

static int takeover_end_others(struct storage *storage, const char *account, const struct who *who,
                               struct doors *doors, int *ret_identities, struct err *err)
{
    int r = nodes_who_end_others(storage, account, who, ret_identities, err);
    return r == 0 && *ret_identities > 0 ? auth_doors_close(storage, account, doors, err) : r;
}

int signin_takeover_end(struct storage *storage, const char *account, const struct who *who,
                        char ret_words[TAKEOVER_WORDS_SIZE], struct err *err)
{
    struct doors doors = {0};
    int identities = 0, r = takeover_end_others(storage, account, who, &doors, &identities, err);
    if (r == 0)
        takeover_put_words(&doors, identities, ret_words);
    return r;
}

int signin_takeover(struct storage *storage, const char *account, const struct who *who,
                    char ret_words[TAKEOVER_WORDS_SIZE], struct err *err)
{
    struct doors doors = {0};
    int identities = 0;
    /* Before, so that whatever breaks off leaves the operator's word, or nothing that is open;
     * and when nobody can come in by the identities of before any more, once more. */
    int r = takeover_end_others(storage, account, who, &doors, &identities, err);
    if (r == 0)
        r = nodes_who_join(storage, account, who, err);
    if (r == 0 && identities > 0)
        r = auth_doors_close(storage, account, &doors, err);
    if (r == 0)
        takeover_put_words(&doors, identities, ret_words);
    return r;
}
