/* From records to a storage. What is synced goes into one batch; what stands before it in an
 * archive and is not of the batch (identities, settings, credentials) is kept until that is
 * committed, what stands behind it follows. What is removed here goes first, so that no sync
 * brings it between. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/issuers.h"
#include "archive/messages.h"
#include "archive/reader.h"
#include "archive/store_sources.h"
#include "base/str.h"
#include "codec/codec.h"
#include "merge/removed_here.h"
#include "model/generation.h"

enum { VISITS_AT_ONCE = 512 };

struct storing {
    struct storage *storage;
    struct archive_into into;
    const struct archive_warnings *warnings;
    struct arena kept; /* what is put after the batch */
    struct hearth_account account;
    char id[33], was_id[33];
    struct hearth_account_identity *identities[ARCHIVE_IDENTITIES_MAX];
    size_t identity_count;
    const char *removed[REMOVED_HERE_MAX]; /* ids of what was put of what is removed here */
    size_t removed_count;
    struct archive_sources sources;
    const char *settings, *sealed;
    bool created; /* by us: removed again when something fails */
    bool has_own; /* was there with credentials or paused: its schedule is its own */
    bool opened, begun, committed, ended;
    int64_t rows;
    int64_t page; /* whose visits wait */
    struct hearth_visit visits[VISITS_AT_ONCE];
    size_t visit_count;
};

static int no_memory(struct err *err)
{
    return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

/* --- the account --- */

static int take_account(struct storing *s, const struct hearth_account *account, struct err *err)
{
    if (plug_fields_copy(&plug_fields_account, account, &s->kept, &s->account) < 0)
        return no_memory(err);
    s->account.struct_size = sizeof(s->account);
    str_copy(s->was_id, sizeof(s->was_id), account->id);
    const char *id = s->into.account != NULL ? s->into.account
                     : s->into.id != NULL    ? s->into.id
                                             : account->id;
    str_copy(s->id, sizeof(s->id), id);
    return 0;
}

static int take_identity(struct storing *s, const struct hearth_account_identity *identity,
                         struct err *err)
{
    struct hearth_account_identity *copy = arena_alloc(&s->kept, sizeof(*copy));
    if (s->identity_count == ARCHIVE_IDENTITIES_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "an account has at most %d identities",
                       ARCHIVE_IDENTITIES_MAX);
    if (copy == NULL ||
        plug_fields_copy(&plug_fields_account_identity, identity, &s->kept, copy) < 0)
        return no_memory(err);
    copy->struct_size = sizeof(*copy);
    s->identities[s->identity_count++] = copy;
    return 0;
}

/* The new row, which nobody syncs before everything is there, and which says so until then:
 * whoever kills us leaves it. Where what came is stored as it came, its generation will be that of
 * the archive when the batch ends; else one that the account has not had while it lived elsewhere
 * or later than the archive. */
static int create_account(struct storing *s, struct err *err)
{
    struct hearth_account row = s->account;
    struct err why = {0};
    row.id = s->id;
    row.node = s->into.node != NULL ? s->into.node : "";
    row.email = s->into.email != NULL ? s->into.email : row.email;
    row.placement = row.placement != NULL && row.placement[0] != '\0' ? row.placement : NULL;
    row.next_sync = 0;
    row.state = HEARTH_ACCOUNT_SIGNIN_NEEDED;
    struct message_kept being_restored;
    message_put_account_sentence(&being_restored, archive_says_being_restored(), &row);
    row.generation = s->into.settle != NULL ? model_generation_begin(row.generation)
                     : row.generation > 0   ? row.generation - 1
                                            : 0;
    int r = STORAGE(s->storage, &why, account_create, &row);
    if (r < 0)
        return err_set(err, r, "the account %s cannot be made here: %s", row.email, why.text);
    s->created = true;
    return 0;
}

static bool store_account_is_empty(const struct hearth_counts *counts)
{
    return counts->devices == 0 && counts->tabs == 0 && counts->bookmarks == 0 &&
           counts->folders == 0 && counts->pages == 0 && counts->visits == 0;
}

/* One that is there: of the same person, and without anything. */
static int check_account(struct storing *s, struct err *err)
{
    struct hearth_account row = {.struct_size = sizeof(row)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = STORAGE(s->storage, err, account_get, s->id, &row);
    if (r == 0 &&
        (strcmp(row.provider, s->account.provider) != 0 || strcmp(row.uid, s->account.uid) != 0))
        r = err_set(
            err, HEARTH_ERR_CONFLICT,
            "%s is another person's account, or another provider's: the archive is that of %s",
            row.email, s->account.email);
    s->has_own = r == 0 && row.state == HEARTH_ACCOUNT_PAUSED;
    if (r == 0)
        r = STORAGE(s->storage, err, counts, s->id, &counts);
    if (r == 0 && !store_account_is_empty(&counts))
        r = err_set(err, HEARTH_ERR_CONFLICT,
                    "the account has data already, which an archive does not replace; hearthd "
                    "account remove %s first",
                    row.email);
    return r;
}

static int open_account(struct storing *s, struct err *err)
{
    int r = s->opened                 ? 0
            : s->into.account == NULL ? create_account(s, err)
                                      : check_account(s, err);
    if (r == 0 && !s->opened && !s->created && !s->into.synced_only)
        r = archive_sources_check(s->storage, s->id, err);
    s->opened = r == 0;
    return r;
}

static int take_source(struct storing *s, const struct hearth_source *source, struct err *err)
{
    int r = open_account(s, err);
    return r < 0 ? r : archive_sources_put(&s->sources, s->storage, s->id, source, err);
}

static int take_removed_here(struct storing *s, const struct hearth_removed_here *removed,
                             struct err *err)
{
    if (s->removed_count == REMOVED_HERE_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "an account has at most %d removals",
                       REMOVED_HERE_MAX);
    const char *id = arena_strdup(&s->kept, removed->id);
    int r = id == NULL ? no_memory(err) : open_account(s, err);
    if (r < 0)
        return r;
    s->removed[s->removed_count++] = id;
    return STORAGE(s->storage, err, removed_here_put, s->id, removed);
}

/* --- the batch --- */

static int begin_storing(struct storing *s, struct err *err)
{
    int64_t generation;
    if (s->begun)
        return 0;
    int r = open_account(s, err);
    if (r == 0)
        r = STORAGE(s->storage, err, batch_begin, s->id, HEARTH_COLLECTION_NONE, &generation);
    s->begun = r == 0;
    /* a sync, or another restore, has come between: it is theirs, and stays */
    if (r == 0 && (r = check_account(s, err)) == HEARTH_ERR_CONFLICT)
        s->created = false;
    return r;
}

static int store_put_visits(struct storing *s, struct err *err)
{
    size_t count = s->visit_count;
    int64_t added;
    s->visit_count = 0;
    if (count == 0)
        return 0;
    int r = STORAGE(s->storage, err, visits_put, s->page, s->visits, count, &added);
    return r < 0 ? err_prefix(err, "the visits before it") : r;
}

static int take_visit(struct storing *s, int64_t page, const struct hearth_visit *visit,
                      struct err *err)
{
    int r = s->page != page || s->visit_count == VISITS_AT_ONCE ? store_put_visits(s, err) : 0;
    s->page = page;
    s->visits[s->visit_count++] =
        (struct hearth_visit)HEARTH_VISIT_OF(visit->date, visit->type, visit->source);
    return r;
}

static int check_page(struct storing *s, int64_t id, struct err *err)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct err why = {0};
    int r = STORAGE(s->storage, &why, page_get, s->id, id, &page);
    plug_storage_reset(s->storage);
    if (r == HEARTH_ERR_NOT_FOUND)
        return err_set(err, HEARTH_ERR_INVALID, "its page %" PRId64 " is not there", id);
    return r < 0 ? err_set(err, r, "%s", why.text) : 0;
}

/* A NULL parent keeps the place: of one that is new, none. */
static int take_bookmark(struct storing *s, const struct hearth_bookmark *bookmark, struct err *err)
{
    bool is_believed = s->into.settle == NULL;
    int r = bookmark->page != 0 && !is_believed ? check_page(s, bookmark->page, err) : 0;
    if (r == 0)
        r = STORAGE(s->storage, err, bookmark_put, bookmark);
    if (r == 0 && bookmark->parent == NULL && bookmark->position != 0)
        r = STORAGE(s->storage, err, bookmark_place, bookmark->guid, NULL, bookmark->position);
    return r;
}

/* A storage makes one by removing what was there. */
static int take_tombstone(struct storing *s, const struct archive_tombstone *tombstone,
                          struct err *err)
{
    struct hearth_bookmark was = {.struct_size = sizeof(was),
                                  .guid = tombstone->guid,
                                  .kind = HEARTH_FOLDER,
                                  .parent = tombstone->parent,
                                  .source = tombstone->source};
    struct hearth_bookmark here = {.struct_size = sizeof(here)};
    struct err why = {0};
    int r = STORAGE(s->storage, &why, bookmark_get, s->id, tombstone->guid, &here);
    if (r == 0)
        return err_set(err, HEARTH_ERR_INVALID, "there is a bookmark of this id");
    if (r != HEARTH_ERR_NOT_FOUND)
        return err_set(err, r, "%s", why.text);
    r = tombstone->parent == NULL && tombstone->source == 0
            ? 0
            : STORAGE(s->storage, err, bookmark_put, &was);
    return r < 0 ? r : STORAGE(s->storage, err, bookmark_remove, tombstone->guid);
}

static int take_cursor(struct storing *s, const struct archive_cursor *cursor, struct err *err)
{
    if (cursor->collection == HEARTH_COLLECTION_NONE ||
        hearth_collection_name((int32_t)cursor->collection) != NULL)
        return STORAGE(s->storage, err, sync_cursor_put, cursor->source,
                       (int32_t)cursor->collection, cursor->text);
    archive_warn(s->warnings,
                 "the cursor of collection %d is kept out: this release does not know it",
                 (int)cursor->collection);
    return 0;
}

static int take_synced(struct storing *s, const struct archive_record *record, struct err *err)
{
    int r = begin_storing(s, err);
    if (r == 0 && record->kind != ARCHIVE_KIND_visit)
        r = store_put_visits(s, err);
    if (r < 0)
        return r;
    s->rows++;
    switch (record->kind) {
    case ARCHIVE_KIND_device:
        return STORAGE(s->storage, err, device_put, &record->device);
    case ARCHIVE_KIND_hidden:
        return STORAGE(s->storage, err, device_hide, record->hidden.device, true);
    case ARCHIVE_KIND_tab_group:
        return STORAGE(s->storage, err, tab_group_put, record->owner.of_device.device,
                       &record->tab_group);
    case ARCHIVE_KIND_tab:
        return STORAGE(s->storage, err, tab_put, record->owner.of_device.device, &record->tab);
    case ARCHIVE_KIND_page:
        return STORAGE(s->storage, err, page_put, &record->page);
    case ARCHIVE_KIND_page_guid:
        return STORAGE(s->storage, err, page_guid_put, record->page_guid.guid,
                       record->owner.of_page.page);
    case ARCHIVE_KIND_visit:
        return take_visit(s, record->owner.of_page.page, &record->visit, err);
    case ARCHIVE_KIND_bookmark:
        return take_bookmark(s, &record->bookmark, err);
    case ARCHIVE_KIND_tombstone:
        return take_tombstone(s, &record->tombstone, err);
    case ARCHIVE_KIND_children:
        return STORAGE(s->storage, err, bookmark_children_put, record->children.source,
                       record->children.folder, record->listed, record->listed_count);
    default:
        return take_cursor(s, &record->cursor, err);
    }
}

/* --- behind the batch --- */

static int store_put_identity(struct storing *s, const struct hearth_account_identity *identity,
                              struct err *err)
{
    char issuer[1024 + 1];
    struct hearth_account_identity here = *identity;
    struct err why = {0};
    here.issuer = archive_issuer_here(s->was_id, s->id, identity->issuer, issuer, sizeof(issuer));
    if (!archive_issuer_belongs(s->id, here.issuer)) {
        archive_warn(s->warnings, "the identity of %s is kept out: it is none of this account's",
                     identity->issuer);
        return 0;
    }
    int r = STORAGE(s->storage, &why, identity_put, s->id, &here);
    if (r == HEARTH_ERR_CONFLICT)
        archive_warn(s->warnings, "the identity of %s is kept out: it opens another account here",
                     identity->issuer);
    return r < 0 && r != HEARTH_ERR_CONFLICT ? err_set(err, r, "%s", why.text) : 0;
}

/* Does the archive say anybody who comes in? */
static bool opens_to_somebody(const struct storing *s)
{
    bool opens = false;
    for (size_t i = 0; i < s->identity_count; i++) {
        const char *issuer = s->identities[i]->issuer;
        opens = opens || (archive_issuer_belongs(s->id, issuer) && !str_starts(issuer, "closed:") &&
                          !str_starts(issuer, "left:"));
    }
    return opens;
}

/* Which account_create() made, of now: the archive has it, of then, or it opens the account no
 * more. Where it has none at all it stays. */
static int put_identities(struct storing *s, struct err *err)
{
    char issuer[HEARTH_ID_MAX + 6];
    int r = 0;
    /* what came is stored as it came: an account that nobody can open stays one */
    bool exact = s->into.settle == NULL;
    if (s->created && s->account.uid[0] != '\0' && (exact || opens_to_somebody(s))) {
        struct err why = {0};
        snprintf(issuer, sizeof(issuer), "sync:%s", s->account.provider);
        r = STORAGE(s->storage, &why, identity_remove, s->id, issuer, s->account.uid);
        r = r < 0 && r != HEARTH_ERR_NOT_FOUND ? err_set(err, r, "%s", why.text) : 0;
    }
    for (size_t i = 0; r == 0 && i < s->identity_count; i++)
        r = store_put_identity(s, s->identities[i], err);
    return r;
}

static bool sealed_from_hex(const char *hex, uint8_t *ret)
{
    return codec_hex_decode(hex, strlen(hex), ret, strlen(hex) / 2) == 0;
}

/* Of a source; *ret_put: this server can use them. */
static int put_sealed(struct storing *s, int64_t source, const char *provider, const char *sealed,
                      bool *ret_put, struct err *err)
{
    struct err why = {0};
    size_t size = strlen(sealed) / 2;
    uint8_t *bytes = malloc(size + 1);
    void *again = NULL;
    int r = bytes == NULL ? no_memory(err) : 0;
    if (r == 0 && !sealed_from_hex(sealed, bytes))
        r = err_set(err, HEARTH_ERR_INVALID, "its sealed credentials are no hex digits");
    bool opens = r == 0 && (s->into.seal_again == NULL ||
                            s->into.seal_again(s->into.ctx, s->was_id, s->id, source, provider,
                                               bytes, size, &again, &size, &why) == 0);
    if (r == 0 && !opens)
        archive_warn(s->warnings, "the credentials are kept out: %s", why.text);
    if (opens)
        r = STORAGE(s->storage, err, credentials_put, s->id, source, again != NULL ? again : bytes,
                    size);
    *ret_put = opens && r == 0;
    free(again);
    free(bytes);
    return r;
}

/* Those of the account's own provider wait until it has its rows. */
static int take_credentials(struct storing *s, const struct archive_credentials *credentials,
                            struct err *err)
{
    bool put;
    if (credentials->source == 0) {
        s->sealed = arena_strdup(&s->kept, credentials->sealed);
        return s->sealed == NULL ? no_memory(err) : 0;
    }
    const char *provider = archive_sources_provider(&s->sources, credentials->source);
    if (provider != NULL)
        return put_sealed(s, credentials->source, provider, credentials->sealed, &put, err);
    return err_set(err, HEARTH_ERR_INVALID, "there is no source %lld",
                   (long long)credentials->source);
}

/* *ret_usable: the account can be synced. */
static int store_put_credentials(struct storing *s, bool *ret_usable, struct err *err)
{
    struct err why = {0};
    const void *there;
    size_t size;
    if (!s->created) {
        int r = STORAGE(s->storage, &why, credentials_get, s->id, 0, &there, &size);
        if (r != HEARTH_ERR_NOT_FOUND) {
            *ret_usable = r == 0;
            s->has_own = true;
            return r < 0 ? err_set(err, r, "%s", why.text) : 0;
        }
    }
    *ret_usable = false;
    if (s->sealed == NULL)
        return 0;
    return put_sealed(s, 0, s->account.provider, s->sealed, ret_usable, err);
}

static int put_schedule(struct storing *s, bool usable, struct err *err)
{
    struct hearth_account row = s->account;
    struct message_kept restored;
    if (s->has_own)
        return 0;
    row.id = s->id;
    if (!usable && row.state != HEARTH_ACCOUNT_PAUSED) {
        row.next_sync = 0;
        row.state = HEARTH_ACCOUNT_SIGNIN_NEEDED;
        message_put_account_sentence(&restored, archive_says_restored(), &row);
    }
    return STORAGE(s->storage, err, account_update, &row,
                   HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_STATE);
}

static int store_end_batch(struct storing *s, struct err *err)
{
    if (s->committed)
        return 0;
    int r = begin_storing(s, err);
    if (r == 0)
        r = store_put_visits(s, err);
    if (r == 0 && s->into.settle != NULL)
        r = s->into.settle(s->into.ctx, s->storage, s->id, err);
    if (r == 0)
        r = STORAGE(s->storage, err, batch_commit, s->rows > 0 || s->account.generation > 0);
    s->committed = r == 0;
    if (r == 0 && s->settings != NULL)
        r = STORAGE(s->storage, err, settings_put, s->id, s->settings);
    return r == 0 ? put_identities(s, err) : r;
}

static int take_token(struct storing *s, const struct hearth_token *token, struct err *err)
{
    struct hearth_token here = *token;
    struct err why = {0};
    here.account = s->id;
    int r = STORAGE(s->storage, &why, token_create, &here);
    if (r == HEARTH_ERR_CONFLICT)
        archive_warn(s->warnings,
                     "the token %s is kept out: there is one of this id or secret here", token->id);
    return r < 0 && r != HEARTH_ERR_CONFLICT ? err_set(err, r, "%s", why.text) : 0;
}

/* --- the taker --- */

static int keep_text(struct storing *s, const char *text, const char **ret, struct err *err)
{
    *ret = arena_strdup(&s->kept, text);
    return *ret == NULL ? no_memory(err) : 0;
}

static int take_one(struct storing *s, const struct archive_record *record, struct err *err)
{
    int r;
    switch (record->kind) {
    case ARCHIVE_KIND_account:
        return take_account(s, &record->account, err);
    case ARCHIVE_KIND_account_identity:
        return take_identity(s, &record->account_identity, err);
    case ARCHIVE_KIND_settings:
        return keep_text(s, record->settings.json, &s->settings, err);
    case ARCHIVE_KIND_source:
        return take_source(s, &record->source, err);
    case ARCHIVE_KIND_credentials:
        return take_credentials(s, &record->credentials, err);
    case ARCHIVE_KIND_removed_here:
        return take_removed_here(s, &record->removed_here, err);
    case ARCHIVE_KIND_pick:
        r = store_end_batch(s, err);
        return r < 0 ? r : STORAGE(s->storage, err, pick_put, s->id, &record->pick);
    case ARCHIVE_KIND_token:
        r = store_end_batch(s, err);
        return r < 0 ? r : take_token(s, &record->token, err);
    default:
        return take_synced(s, record, err);
    }
}

static int take_record(void *ctx, const struct archive_record *record, struct err *err)
{
    struct storing *s = ctx;
    int r = s->into.look == NULL ? 0 : s->into.look(record, err);
    if (r == 0)
        r = take_one(s, record, err);
    plug_storage_reset(s->storage);
    return r;
}

static int end_storing(void *ctx, struct err *err)
{
    struct storing *s = ctx;
    bool usable = false;
    int r = store_end_batch(s, err);
    if (r == 0)
        r = store_put_credentials(s, &usable, err);
    if (r == 0)
        r = put_schedule(s, usable, err);
    s->ended = r == 0;
    plug_storage_reset(s->storage);
    return r;
}

static void close_storing(void *ctx)
{
    struct storing *s = ctx;
    if (s->begun && !s->committed)
        s->storage->ops->batch_abort(s->storage->handle);
    for (size_t i = 0; !s->created && !s->committed && i < s->removed_count; i++)
        STORAGE(s->storage, NULL, removed_here_remove, s->id, s->removed[i]);
    if (!s->created && !s->committed)
        archive_sources_take_back(&s->sources, s->storage, s->id);
    if (s->created && !s->ended)
        STORAGE(s->storage, NULL, account_remove, s->id);
    arena_wipe(&s->kept); /* sealed, but still */
    arena_fini(&s->kept);
    archive_sources_fini(&s->sources);
    free(s);
}

struct archive_reader *archive_store(struct storage *storage, const struct archive_into *into,
                                     const struct archive_warnings *warnings)
{
    struct storing *s = calloc(1, sizeof(*s));
    struct archive_taker taker = {take_record, end_storing, close_storing, s};
    if (s == NULL)
        return NULL;
    s->storage = storage;
    s->into = *into;
    s->warnings = warnings;
    arena_init(&s->kept, 0);
    struct archive_reader *reader = archive_reader_create(&taker, storage->limits, warnings);
    if (reader == NULL)
        close_storing(s);
    return reader;
}

static int feed_copy(void *ctx, const void *bytes, size_t size, struct err *err)
{
    return archive_feed(ctx, bytes, size, err);
}

int archive_copy_synced(struct storage *from, struct storage *to, const char *account,
                        struct err *err)
{
    struct archive_into into = {.account = account, .synced_only = true};
    struct archive_reader *reader = archive_store(to, &into, NULL);
    struct archive_out out = {feed_copy, reader};
    int r = reader == NULL ? no_memory(err)
                           : archive_write(from, account, ARCHIVE_SYNCED_ONLY, &out, NULL, err);
    if (r == 0)
        r = archive_end(reader, NULL, err);
    archive_close(reader);
    return r;
}
