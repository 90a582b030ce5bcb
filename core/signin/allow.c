#include "signin/allow.h"

#include <fnmatch.h>

#include "conf/conf.h"

bool signin_allow_admits(const struct conf_list *allow, const char *email)
{
    for (size_t i = 0; allow != NULL && i < allow->count; i++)
        if (fnmatch(allow->items[i], email, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
            return true;
    return allow == NULL;
}
