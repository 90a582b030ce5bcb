/* Every operation that lists something of an account, as text. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_LISTINGS_H
#define HEARTH_TOOLS_PLUGIN_CHECK_STORAGE_LISTINGS_H

#include "storage_kit.h"

/* What one of them says. */
struct listing {
    struct lines lines;
    void (*at_row)(void *ctx); /* called in the callback of the first row; NULL */
    void *ctx;
};

/* What one asks for, and where what it delivers lies. */
enum listing_kind {
    LISTING_SYNCED = 0, /* written in batches */
    LISTING_SMALL = 1,  /* written row by row */
    LISTING_PEOPLE = 2, /* the accounts themselves */
};

struct storage_listing {
    const char *name;
    /* of the account "a"; the code */
    int (*list)(struct storage *storage, struct listing *listing);
    enum listing_kind kind;
    bool any_order;    /* its lines are sorted */
    bool page_by_page; /* what it says of each page may be of another moment */
};

/* What kit_listed_put() has put is in each of them, or what kit_listed_remove() has left. Ends
 * with a name of NULL. */
extern const struct storage_listing kit_storage_listings[];

/* Runs it, and fails the test when it fails. */
void kit_listing_read(struct storage *storage, const struct storage_listing *of,
                      struct listing *ret_listing);
/* Two rows and more for each of the kind. */
void kit_listed_put(struct storage *storage, enum listing_kind kind);
void kit_listed_remove(struct storage *storage, enum listing_kind kind);

#endif
