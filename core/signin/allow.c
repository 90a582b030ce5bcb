#include "signin/allow.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/lock.h"
#include "conf/conf.h"

struct allow {
    pthread_mutex_t lock; /* a leaf */
    const struct conf_list *list;
};

struct allow *signin_allow_create(const struct conf_list *list)
{
    struct allow *allow = calloc(1, sizeof(*allow));
    if (allow == NULL)
        return NULL;
    pthread_mutex_init(&allow->lock, NULL);
    allow->list = list;
    return allow;
}

void signin_allow_destroy(struct allow *allow)
{
    if (allow != NULL)
        pthread_mutex_destroy(&allow->lock);
    free(allow);
}

void signin_allow_replace(struct allow *allow, const struct conf_list *list)
{
    lock_take(&allow->lock);
    allow->list = list;
    lock_release(&allow->lock);
}

bool signin_allow_is_given(struct allow *allow)
{
    if (allow == NULL)
        return false;
    lock_take(&allow->lock);
    bool given = allow->list != NULL;
    lock_release(&allow->lock);
    return given;
}

bool signin_allow_admits(struct allow *allow, const char *email)
{
    if (allow == NULL)
        return true;
    lock_take(&allow->lock);
    bool admits = signin_allow_matches(allow->list, email);
    lock_release(&allow->lock);
    return admits;
}

bool signin_allow_matches(const struct conf_list *list, const char *email)
{
    for (size_t i = 0; list != NULL && i < list->count; i++)
        if (fnmatch(list->items[i], email, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
            return true;
    return list == NULL;
}
