/* The core's end of a pull: spools the records of a collection, then stores them with the new
 * cursor as one batch. */
#ifndef HEARTH_CORE_MERGE_SINK_H
#define HEARTH_CORE_MERGE_SINK_H

#include "auth/credentials.h"
#include "auth/vault.h"
#include "hearth/sync.h"
#include "merge/spool.h"
#include "plug/storage.h"

/* On the stack of the worker; one pull. */
struct sink {
    uint32_t magic;
    struct hearth_sync_sink hearth; /* handed to the provider */
    struct storage *storage;
    const struct vault *vault;
    const char *account;  /* id */
    int64_t source;       /* whose records come; 0: the account's own provider */
    const char *provider; /* whose sign-in made the credentials */
    struct spool spool;
    int32_t collection; /* begun; NONE: none */
    int32_t how;        /* enum hearth_sync_begin */
    int64_t damaged, records;
    /* begin(): a restart, or a collection that is dropped, counts again from there */
    int64_t damaged_before, records_before;
    /* a damaged record without a guid came since begin() or restart() */
    bool nameless;
    /* the account's last sync failed: single records are told at debug level */
    bool failed_before;
    char damaged_example[96]; /* "bookmarks AbCdEfGhIjKl: reason" */
    unsigned changed;         /* bit 1 << collection: it changed something */
    int64_t generation;       /* after the last commit that changed something */
    /* the credentials of the pull are known by `fingerprint` */
    bool fingerprinted;
    uint8_t fingerprint[CREDENTIALS_FINGERPRINT_SIZE];
    struct err err; /* why a sink function returned an error */
};

/* Texts and limits (NULL: none) are borrowed. */
void merge_sink_init(struct sink *sink, struct storage *storage, const struct vault *vault,
                     const char *account, const char *provider, const char *spool_directory,
                     const struct limits *limits);
void merge_sink_fini(struct sink *sink);

/* Whose records come, from now on; 0 until then. The account has a row of it. */
void merge_sink_set_source(struct sink *sink, int64_t source);

/* Before the pull reads the credentials that it works with. */
void merge_sink_note_credentials(struct sink *sink);
/* CANCELLED, in sink->err: somebody has signed in meanwhile, and nothing of this pull is to be
 * stored any more. */
int merge_sink_check_credentials(struct sink *sink);

#endif
