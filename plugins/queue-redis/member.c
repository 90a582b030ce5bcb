/* The names of jobs in the server. */
#include "member.h"

#include <string.h>

static const char UNNAMED[] = "sync";

void redis_member_format(const char *kind, const char *key, char ret_member[MEMBER_MAX + 1])
{
    if (strcmp(kind, UNNAMED) == 0 && strchr(key, ':') == NULL)
        snprintf(ret_member, MEMBER_MAX + 1, "%s", key);
    else
        snprintf(ret_member, MEMBER_MAX + 1, "%s:%s", kind, key);
}

bool redis_member_parse(const char *member, char ret_kind[SUPPORT_KIND_MAX + 1],
                        const char **ret_key)
{
    const char *colon = strchr(member, ':'), *kind = colon == NULL ? UNNAMED : member,
               *key = colon == NULL ? member : colon + 1;
    size_t size = colon == NULL ? strlen(UNNAMED) : (size_t)(colon - member);
    if (!support_kind_is_sound(kind, size) || key[0] == '\0' || strlen(key) > SUPPORT_KEY_MAX)
        return false;
    memcpy(ret_kind, kind, size);
    ret_kind[size] = '\0';
    *ret_key = key;
    return true;
}
