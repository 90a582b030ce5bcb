/* hearthd copy: the accounts of another installation into this one, as archives that no file is
 * between. docs/archive.md. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/messages.h"
#include "base/array.h"
#include "base/str.h"
#include "main/app_key.h"
#include "main/audit.h"
#include "main/progress.h"
#include "main/restoring.h"

enum { COPY_ATTEMPTS = 3 };

struct copying {
    struct app from, to;
    const struct cli *cli;
    int lock;      /* of the other installation; -1: it is not held */
    char **emails; /* all that are to be copied */
    size_t email_count, email_room;
    size_t copied, there;
    struct findings failures;
};

/* --- the other installation --- */

static int refuse_running(const char *state_dir, struct err *err)
{
    return err_set(err, HEARTH_ERR_CONFLICT,
                   "a hearthd runs on %s; stop it first, so that nothing changes while it is "
                   "copied, and leave it stopped: two servers with the same sign-ins end each "
                   "other's",
                   state_dir);
}

/* No daemon may run, and none may start meanwhile. The lock is held, but where both have one state
 * directory: this installation's would be the same. */
static int lock_source(struct copying *copying, struct err *err)
{
    struct app *from = &copying->from;
    if (main_app_daemon_runs(from))
        return refuse_running(from->state_dir, err);
    if (access(from->state_dir, F_OK) != 0) /* a fleet's may be on other machines */
        return 0;
    return strcmp(from->state_dir, copying->to.state_dir) == 0
               ? 0
               : main_app_take_lock(from, &copying->lock, err);
}

static bool source_is_shared(const struct app *from)
{
    bool shared = false;
    for (size_t i = 0; i < from->nodes.count; i++)
        shared = shared ||
                 (plug_descriptor(from->nodes.items[i].storage)->capabilities & HEARTH_SHARED) != 0;
    return shared;
}

/* The units of a fleet run in folders of their roles. */
static int check_roles(const struct app *from, struct err *err)
{
    static const char *const roles[] = {"web", "worker", "scheduler"};
    char folder[CONF_STATE_DIR_MAX + 16];
    for (int i = 0; source_is_shared(from) && i < 3; i++) {
        snprintf(folder, sizeof(folder), "%s/%s", from->state_dir, roles[i]);
        if (main_app_lock_is_held(folder))
            return refuse_running(folder, err);
    }
    return 0;
}

/* The key that its credentials are sealed with; without a file there are none. */
static int open_source_key(struct app *from, struct err *err)
{
    int r = main_app_check_key(from, err);
    return r == 0 && access(main_app_key_path(from), F_OK) == 0
               ? main_app_read_key(from, &from->vault, err)
               : r;
}

static int open_source(struct copying *copying, const char *dir, struct err *err)
{
    struct app *from = &copying->from;
    char *own = realpath(copying->cli->config != NULL ? copying->cli->config : "/etc/hearth/conf.d",
                         NULL),
         *other = realpath(dir, NULL);
    bool is_own = own != NULL && other != NULL && strcmp(own, other) == 0;
    free(own);
    free(other);
    if (is_own)
        return err_set(err, HEARTH_ERR_INVALID,
                       "--from %s is the configuration of this installation itself; name that of "
                       "the one to copy from",
                       dir);
    int r = main_app_init_other(from, dir, err);
    if (r == 0)
        r = lock_source(copying, err);
    if (r == 0)
        r = main_app_open_storage(from, APP_MIGRATE_NEVER, err);
    if (r == 0)
        r = check_roles(from, err);
    if (r == 0)
        r = open_source_key(from, err);
    return r < 0 ? err_prefix(err, "--from %s", dir) : 0;
}

/* --- which accounts --- */

static int add_email(struct copying *copying, const char *email)
{
    char *copy = strdup(email);
    if (copy == NULL ||
        !ARRAY_MAKE_ROOM(copying->emails, copying->email_count, copying->email_room)) {
        free(copy);
        return HEARTH_ERR_NOMEM;
    }
    copying->emails[copying->email_count++] = copy;
    return 0;
}

struct listing {
    struct copying *copying;
    int code;
};

static int copy_list_account(void *ctx, const struct hearth_account *account)
{
    struct listing *listing = ctx;
    listing->code = add_email(listing->copying, account->email);
    return listing->code < 0;
}

static int copy_list_node(struct app *from, void *ctx, struct err *err)
{
    struct listing listing = {ctx, 0};
    int r = STORAGE(from->storage, err, account_list, copy_list_account, &listing);
    return listing.code < 0 ? err_set(err, listing.code, "out of memory") : r;
}

static int compare_emails(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One that is on its way from a node to another has a row in both. */
static void sort_emails(struct copying *copying)
{
    size_t kept = 0;
    if (copying->email_count > 0)
        qsort(copying->emails, copying->email_count, sizeof(copying->emails[0]), compare_emails);
    for (size_t i = 0; i < copying->email_count; i++) {
        if (kept > 0 && strcmp(copying->emails[kept - 1], copying->emails[i]) == 0)
            free(copying->emails[i]);
        else
            copying->emails[kept++] = copying->emails[i];
    }
    copying->email_count = kept;
}

static int choose_emails(struct copying *copying, struct err *err)
{
    const struct cli *cli = copying->cli;
    int r = 0;
    for (int i = 0; r == 0 && i < cli->argc; i++)
        if (add_email(copying, cli->argv[i]) < 0)
            r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (cli->argc == 0)
        r = main_app_each_node(&copying->from, copy_list_node, copying, err);
    sort_emails(copying);
    return r;
}

/* --- one account --- */

static bool is_being_restored(const struct hearth_account *account)
{
    return account->state_message != NULL &&
           strcmp(account->state_message, archive_says_being_restored().id) == 0;
}

/* Its row in the other installation, whose node is then in use. */
static int look_at_source(struct copying *copying, const char *email,
                          struct archive_summary *ret_summary, struct hearth_counts *ret_counts,
                          struct err *err)
{
    struct app *from = &copying->from;
    struct hearth_account row = {.struct_size = sizeof(row)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct archive_summary summary = {.data_model = HEARTH_DATA_MODEL};
    int r = main_app_account(from, email, &row, err);
    if (r == 0 && strcmp(row.node, from->nodes.items[from->node].name) != 0)
        r = err_set(err, HEARTH_ERR_CONFLICT,
                    "there it is on its way to the node %s: start that installation again until it "
                    "has arrived",
                    row.node);
    if (r == 0 && is_being_restored(&row))
        r = err_set(err, HEARTH_ERR_CONFLICT,
                    "there it was never restored to the end: restore it again, or remove it");
    if (r == 0) {
        str_copy(summary.id, sizeof(summary.id), row.id);
        str_copy(summary.email, sizeof(summary.email), row.email);
        str_copy(summary.uid, sizeof(summary.uid), row.uid);
        str_copy(summary.provider, sizeof(summary.provider), row.provider);
        r = STORAGE(from->storage, err, counts, row.id, &counts);
    }
    if (from->storage != NULL)
        plug_storage_reset(from->storage);
    if (r < 0)
        return r;
    *ret_summary = summary;
    *ret_counts = counts;
    return 0;
}

/* The same account, where it is here already. */
struct twin {
    const struct archive_summary *summary;
    bool found, is_half;
    int64_t pages, visits;
    size_t node;
    char email[sizeof(((struct archive_summary *)0)->email)];
};

static int look_for_twin(struct app *to, void *ctx, struct err *err)
{
    struct twin *twin = ctx;
    struct hearth_account row = {.struct_size = sizeof(row)};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    struct err why = {0};
    int r = STORAGE(to->storage, &why, account_get, twin->summary->id, &row);
    if (r == 0 && str_equal(row.uid, twin->summary->uid) &&
        str_equal(row.provider, twin->summary->provider)) {
        twin->found = true;
        twin->is_half = is_being_restored(&row);
        twin->node = to->node;
        str_copy(twin->email, sizeof(twin->email), row.email);
        r = STORAGE(to->storage, &why, counts, twin->summary->id, &counts);
        twin->pages = counts.pages;
        twin->visits = counts.visits;
    }
    return r == 0 || r == HEARTH_ERR_NOT_FOUND ? 0 : err_set(err, r, "%s", why.text);
}

/* Pages and visits are forgotten by their person's word alone. Where there are fewer than in the
 * other installation, this may be the account of somebody who signed in here before all of it was
 * copied. */
static int check_twin(struct copying *copying, const struct twin *twin,
                      const struct hearth_counts *counts, struct err *err)
{
    if (twin->pages < counts->pages || twin->visits < counts->visits)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "it is here already, with %lld pages and %lld visits, and there it has %lld "
                       "and %lld; if it was never whole here: hearthd account remove %s, and copy "
                       "again",
                       (long long)twin->pages, (long long)twin->visits, (long long)counts->pages,
                       (long long)counts->visits, twin->email);
    main_cli_print(stdout, "%s is here already, and is left as it is.\n", twin->email);
    copying->there++;
    return 0;
}

/* What a command that was killed has left: nobody has used it, and all of it is there. */
static int remove_half(struct app *to, const struct twin *twin, struct err *err)
{
    main_cli_print(stdout, "%s is half here, since a copy was interrupted: it is copied anew.\n",
                   twin->email);
    int r = main_app_use_node(to, twin->node, err);
    return r < 0 ? r : STORAGE(to->storage, err, account_remove, twin->summary->id);
}

struct copy_stream {
    struct archive_reader *reader;
    atomic_llong lines;
    int64_t rows; /* about as many lines will come */
};

static int copy_feed(void *ctx, const void *bytes, size_t size, struct err *err)
{
    struct copy_stream *stream = ctx;
    const char *at = bytes, *end = at + size;
    long long lines = 0;
    for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        lines++;
    atomic_fetch_add(&stream->lines, lines);
    return archive_feed(stream->reader, bytes, size, err);
}

static bool measure_stream(void *ctx, int64_t *ret_done, int64_t *ret_total)
{
    struct copy_stream *stream = ctx;
    *ret_done = atomic_load(&stream->lines);
    /* then what came is made sure of, and nobody knows how far that is */
    *ret_total = *ret_done < stream->rows ? stream->rows : 0;
    return true;
}

/* UNCERTAIN: it has changed meanwhile. */
static int copy_once(struct copying *copying, struct restoring *restoring,
                     struct copy_stream *stream, struct err *err)
{
    struct archive_out out = {copy_feed, stream};
    atomic_store(&stream->lines, 0);
    int r = main_restoring_open(restoring, &stream->reader, err);
    if (r < 0)
        return r;
    r = archive_write(copying->from.storage, restoring->archive.id,
                      ARCHIVE_CREDENTIALS | ARCHIVE_TOKENS, &out, NULL, err);
    plug_storage_reset(copying->from.storage);
    if (r == 0)
        r = archive_end(stream->reader, &restoring->archive, err);
    archive_close(stream->reader);
    return r;
}

static int copy_contents(struct copying *copying, struct restoring *restoring,
                         const struct hearth_counts *counts, struct err *err)
{
    struct copy_stream stream = {.rows = counts->devices + counts->tabs + counts->pages +
                                         counts->visits + counts->bookmarks + counts->folders};
    struct progress progress;
    char what[64];
    struct err why = {0};
    int r = HEARTH_ERR_UNCERTAIN;
    snprintf(what, sizeof(what), "Copying account %zu of %zu",
             copying->copied + copying->there + copying->failures.count + copying->failures.more +
                 1,
             copying->email_count);
    main_progress_begin(&progress, copying->cli, what, false, measure_stream, &stream);
    for (int i = 0; r == HEARTH_ERR_UNCERTAIN && i < COPY_ATTEMPTS; i++)
        r = copy_once(copying, restoring, &stream, &why);
    main_progress_end(&progress);
    return r < 0 ? err_set(err, r, "%s", why.text) : 0;
}

static void account_is_copied(struct copying *copying, struct restoring *restoring)
{
    char words[RESTORING_WORDS_SIZE];
    main_restoring_finish(restoring);
    main_restoring_count_words(restoring->archive.counts, words);
    main_cli_print(stdout, "%s is copied: %s.\n", restoring->email, words);
    main_audit_command(&copying->to, "account copied",
                       LOG_TEXT("account", main_restoring_id(restoring)),
                       LOG_TEXT("email", restoring->email), LOG_TEXT("from", copying->cli->from));
    copying->copied++;
}

/* The account of its address that is here, under another id. */
static int check_namesake(struct restoring *restoring, struct err *err)
{
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = STORAGE(restoring->app->storage, err, counts, restoring->id, &counts);
    if (r == 0 && counts.devices + counts.tabs + counts.pages + counts.visits + counts.bookmarks +
                          counts.folders >
                      0)
        r = err_set(
            err, HEARTH_ERR_CONFLICT,
            "another account of this address is here, with data of its own; hearthd account "
            "remove %s first, if those can go",
            restoring->email);
    return r;
}

static int copy_account(struct copying *copying, const char *email, struct err *err)
{
    struct app *to = &copying->to;
    struct restoring restoring = {.app = to, .opens = copying->from.vault, .is_copy = true};
    struct twin twin = {.summary = &restoring.archive};
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    int r = look_at_source(copying, email, &restoring.archive, &counts, err);
    if (r == 0)
        r = main_app_each_node(to, look_for_twin, &twin, err);
    if (r == 0 && twin.found && !twin.is_half)
        return check_twin(copying, &twin, &counts, err);
    if (r == 0 && twin.found)
        r = remove_half(to, &twin, err);
    if (r == 0)
        r = main_restoring_choose(&restoring, NULL, err);
    if (r == 0 && restoring.exists)
        r = check_namesake(&restoring, err);
    if (r == 0)
        r = copy_contents(copying, &restoring, &counts, err);
    if (r == 0)
        account_is_copied(copying, &restoring);
    if (to->storage != NULL)
        plug_storage_reset(to->storage);
    main_restoring_fini(&restoring);
    return r;
}

/* --- all of them --- */

static int ask_about_processes(const struct copying *copying, struct err *err)
{
    char accounts[CLI_COUNT_SIZE];
    if (!source_is_shared(&copying->from))
        return 0;
    main_cli_count((long long)copying->email_count, "account", "accounts", accounts);
    return main_cli_confirm(copying->cli, err,
                            "Processes on other machines may work on the databases of %s; has each "
                            "of them been stopped, and %s can be copied?",
                            copying->cli->from, accounts);
}

static int copy_report(struct copying *copying, struct err *err)
{
    const struct findings *failures = &copying->failures;
    size_t failed = failures->count + failures->more;
    char copied[CLI_COUNT_SIZE];
    main_cli_count((long long)copying->copied, "account is", "accounts are", copied);
    main_cli_print(stdout, "%s copied, %zu here already.\n", copied, copying->there);
    for (size_t i = 0; i < failures->count; i++)
        main_cli_print(stderr, "hearthd: %s\n", failures->items[i].text);
    return failed == 0 ? 0
                       : err_set(err, HEARTH_ERR_UNAVAILABLE,
                                 "%zu of %zu not copied; the same command copies what is missing",
                                 failed, copying->email_count);
}

static int copy_all(struct copying *copying, struct err *err)
{
    int r = main_app_open_vault(&copying->to, err); /* before anything is copied without it */
    if (r == 0)
        r = choose_emails(copying, err);
    if (r == 0)
        r = ask_about_processes(copying, err);
    for (size_t i = 0; r == 0 && i < copying->email_count; i++) {
        struct err why = {0};
        if (copy_account(copying, copying->emails[i], &why) < 0)
            findings_add(&copying->failures, why.code, "%s is not copied: %s", copying->emails[i],
                         why.text);
        fflush(stdout);
    }
    return r < 0 ? r : copy_report(copying, err);
}

int main_cmd_copy(struct cli *cli)
{
    struct copying copying = {.cli = cli, .lock = -1};
    struct err err = {0};
    if (cli->from == NULL) {
        main_cli_print(stderr, "hearthd: copy needs --from DIR: the configuration of the "
                               "installation whose accounts are copied.\n");
        return main_cli_usage(cli);
    }
    int r = main_app_init(&copying.to, cli, &err);
    if (r == 0)
        r = main_app_open_storage(&copying.to, APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = open_source(&copying, cli->from, &err);
    if (r == 0)
        r = copy_all(&copying, &err);
    for (size_t i = 0; i < copying.email_count; i++)
        free(copying.emails[i]);
    free(copying.emails);
    findings_fini(&copying.failures);
    main_app_fini(&copying.from);
    main_app_fini(&copying.to);
    if (copying.lock >= 0)
        close(copying.lock);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}
