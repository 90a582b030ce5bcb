/* Servers of others that do not answer, or say that they cannot: by "host:port", because that is
 * what is down for everybody whose data are there. What a server answers to one request (404,
 * 500) is that request's business. */
#include <string.h>

#include "base/lock.h"
#include "base/str.h"
#include "net/net_internal.h"

enum {
    TOO_MANY_REQUESTS = 429,
    BAD_GATEWAY = 502,
    SERVICE_UNAVAILABLE = 503,
    GATEWAY_TIMEOUT = 504
};

static bool status_is_of_outage(int status)
{
    return status == TOO_MANY_REQUESTS || status == BAD_GATEWAY || status == SERVICE_UNAVAILABLE ||
           status == GATEWAY_TIMEOUT;
}

/* NULL: it is not there; with `make`: there is no place for it. Places are never given up, only
 * taken over when their outage is over. */
static struct outage *outage_of(struct net *net, const char *place, bool make)
{
    struct net_outage *free_place = NULL, *found = NULL;
    lock_take(&net->lock);
    for (size_t i = 0; i < NET_OUTAGES_MAX && found == NULL; i++) {
        if (strcmp(net->outages[i].place, place) == 0)
            found = &net->outages[i];
        else if (free_place == NULL && !outage_lasts(&net->outages[i].outage))
            free_place = &net->outages[i];
    }
    if (found == NULL && make && free_place != NULL) {
        found = free_place;
        str_copy(found->place, sizeof(found->place), place);
    }
    lock_release(&net->lock);
    return found == NULL ? NULL : &found->outage;
}

bool net_outage_lasts(struct net *net, const char *place)
{
    struct outage *outage = outage_of(net, place, false);
    return outage != NULL && outage_lasts(outage);
}

bool net_note_outage(struct net *net, const char *place, int code, int status, const char *words)
{
    char answered[32];
    bool silent = status == 0 && (code == HEARTH_ERR_UNAVAILABLE || code == HEARTH_ERR_TIMEOUT);
    if (!silent && !status_is_of_outage(status)) {
        /* without an answer: interrupted, refused here */
        struct outage *outage = status == 0 ? NULL : outage_of(net, place, false);
        if (outage != NULL)
            outage_ends(outage, "net", "answers again", LOG_TEXT("server", place));
        return false;
    }
    struct outage *outage = outage_of(net, place, true);
    if (outage == NULL)
        return false;
    snprintf(answered, sizeof(answered), "it answered %d", status);
    outage_begins(
        outage, HEARTH_LOG_WARNING, "net", "cannot be used",
        LOG_PAIRS(LOG_TEXT("server", place), LOG_TEXT("error", silent ? words : answered)));
    return true;
}
