#include "signin/takeover.h"

#include <stdio.h>
#include <string.h>

#include "auth/doors.h"

static void add_words(char words[TAKEOVER_WORDS_SIZE], int count, const char *one, const char *more)
{
    char text[64];
    if (count == 0)
        return;
    snprintf(text, sizeof(text), "%s%d %s", words[0] == '\0' ? "" : ", ", count, count == 1 ? one : more);
    size_t size = strlen(words);
    snprintf(words + size, TAKEOVER_WORDS_SIZE - size, "%s", text);
}

int takeover_end(struct store *store, const char *account, const struct who *who, char ret_words[TAKEOVER_WORDS_SIZE], struct err *err)
{
    struct doors doors = {0};
    char words[TAKEOVER_WORDS_SIZE] = "";
    int identities = 0;
    int r = who_end_others(store, account, who, &identities, err);
    if (r == 0 && identities > 0)
        r = doors_close(store, account, &doors, err);
    if (r < 0)
        return r;
    add_words(words, doors.browsers, "browser", "browsers");
    add_words(words, doors.tokens, "API token", "API tokens");
    add_words(words, doors.links, "sign-in link", "sign-in links");
    add_words(words, identities, "identity", "identities");
    snprintf(ret_words, TAKEOVER_WORDS_SIZE, "%s", words);
    return 0;
}
