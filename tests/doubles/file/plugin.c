/* A source that is a file of this machine, as a browser's own history is: it knows no e-mail
 * address, it forgets nothing by itself (each pull is a snapshot), and a thread watches it, so
 * that a change is synced at once. The account is imported by the file's path; the file has a
 * page a line, "GUID URL DATE [TITLE]". */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "hearth/sync.h"

enum { WATCHED_MAX = 16, PATH_SIZE = 512, LOOK_MS = 20 };

/* What tells two contents of a file apart. */
struct version {
    char text[80]; /* "": there is no file */
};

struct watched {
    char account[40], path[PATH_SIZE]; /* account "": free */
    struct version seen;
};

struct provider {
    const struct hearth_host *host;
    const struct hearth_host_changes *ear; /* NULL: nobody listens, and nothing is watched */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    bool stop;
    struct watched watched[WATCHED_MAX];
};

static struct version version_of(const char *path)
{
    struct stat status;
    struct version version = {""};
    if (stat(path, &status) == 0)
        snprintf(version.text, sizeof(version.text), "%lld %lld.%09ld %llu",
                 (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                 status.st_mtim.tv_nsec, (unsigned long long)status.st_ino);
    return version;
}

/* --- the thread that watches --- */

static void look(struct provider *provider)
{
    for (size_t i = 0; i < WATCHED_MAX; i++) {
        struct watched *watched = &provider->watched[i];
        struct version now = version_of(watched->path);
        if (watched->account[0] == '\0' || strcmp(now.text, watched->seen.text) == 0)
            continue;
        watched->seen = now;
        /* never blocks: so it may be called under the lock, as forget() needs */
        provider->ear->changed(provider->host, watched->account);
    }
}

static void *watch_main(void *arg)
{
    struct provider *provider = arg;
    pthread_mutex_lock(&provider->lock);
    while (!provider->stop) {
        struct timespec until;
        look(provider);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&provider->wake, &provider->lock, &until);
    }
    pthread_mutex_unlock(&provider->lock);
    return NULL;
}

static void watch(struct provider *provider, const char *account, const char *path,
                  const struct version *version)
{
    struct watched *at = NULL;
    pthread_mutex_lock(&provider->lock);
    for (size_t i = 0; i < WATCHED_MAX; i++)
        if (provider->watched[i].account[0] == '\0' ||
            strcmp(provider->watched[i].account, account) == 0)
            at = at == NULL || strcmp(provider->watched[i].account, account) == 0
                     ? &provider->watched[i]
                     : at;
    if (at != NULL) {
        snprintf(at->account, sizeof(at->account), "%s", account);
        snprintf(at->path, sizeof(at->path), "%s", path);
        at->seen = *version;
    }
    pthread_mutex_unlock(&provider->lock);
}

static void provider_forget(void *self, const char *account)
{
    struct provider *provider = self;
    pthread_mutex_lock(&provider->lock);
    for (size_t i = 0; i < WATCHED_MAX; i++)
        if (strcmp(provider->watched[i].account, account) == 0)
            provider->watched[i].account[0] = '\0';
    pthread_mutex_unlock(&provider->lock);
}

/* --- life --- */

static int provider_open(const struct hearth_host *host, struct hearth_call *call,
                         const struct hearth_config_value *values, void **ret_self)
{
    struct provider *provider = calloc(1, sizeof(*provider));
    (void)values;
    if (provider == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    provider->host = host;
    provider->ear = host->extension(host, HEARTH_HOST_CHANGES);
    pthread_mutex_init(&provider->lock, NULL);
    pthread_cond_init(&provider->wake, NULL);
    if (provider->ear != NULL &&
        pthread_create(&provider->thread, NULL, watch_main, provider) != 0) {
        free(provider);
        return hearth_fail(call, HEARTH_ERR_NOMEM, "there is no thread to watch files");
    }
    *ret_self = provider;
    return 0;
}

static void provider_close(void *self)
{
    struct provider *provider = self;
    if (provider == NULL)
        return;
    pthread_mutex_lock(&provider->lock);
    provider->stop = true;
    pthread_cond_signal(&provider->wake);
    pthread_mutex_unlock(&provider->lock);
    if (provider->ear != NULL)
        pthread_join(provider->thread, NULL);
    pthread_cond_destroy(&provider->wake);
    pthread_mutex_destroy(&provider->lock);
    free(provider);
}

static int handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    (void)call;
    *ret_handle = self;
    return 0;
}

static void handle_close(void *handle)
{
    (void)handle;
}

static void interrupt(void *handle)
{
    (void)handle;
}

/* --- accounts --- */

static int account_import(void *handle, struct hearth_call *call, const char *text,
                          struct hearth_identity *ret_identity)
{
    const struct hearth_host *host = ((struct provider *)handle)->host;
    size_t size = strcspn(text, "\r\n");
    if (text[0] != '/' || size >= PATH_SIZE)
        return hearth_fail(call, HEARTH_ERR_INVALID, "line 1 is not the absolute path of a file");
    char *path = host->alloc(call, size + 1);
    if (path == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    memcpy(path, text, size);
    ret_identity->email = NULL; /* a file knows none */
    ret_identity->name = NULL;
    ret_identity->uid = path;
    ret_identity->credentials = path;
    ret_identity->credentials_size = size;
    return 0;
}

static uint64_t signin_methods(void *self)
{
    (void)self;
    return HEARTH_SIGNIN_PASSWORD;
}

static int signin_start(void *handle, struct hearth_call *call, const struct hearth_signin *signin,
                        struct hearth_signin_step *ret_step)
{
    static const struct hearth_message title = HEARTH_ENGLISH("Which file?"),
                                       label = HEARTH_ENGLISH("The file");
    static const struct hearth_signin_field field = {.struct_size = sizeof(field),
                                                     .input = HEARTH_SIGNIN_SECRET,
                                                     .name = "path",
                                                     .label = &label};
    (void)handle;
    if (signin->method != HEARTH_SIGNIN_PASSWORD)
        return hearth_fail(call, HEARTH_ERR_UNSUPPORTED, "a file has no page to sign in at");
    *ret_step = (struct hearth_signin_step){.struct_size = sizeof(*ret_step),
                                            .kind = HEARTH_SIGNIN_ASK,
                                            .title = &title,
                                            .fields = &field,
                                            .field_count = 1,
                                            .state = "file",
                                            .state_size = 4};
    return 0;
}

static int signin_next(void *handle, struct hearth_call *call, const void *state, size_t state_size,
                       const struct hearth_signin_answer *answers, size_t count,
                       struct hearth_signin_step *ret_step)
{
    static const struct hearth_message no_file = HEARTH_ENGLISH("That is no file.");
    struct hearth_identity *identity =
        ((struct provider *)handle)->host->alloc(call, sizeof(*identity));
    if (state_size != 4 || memcmp(state, "file", 4) != 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a sign-in of somebody else's");
    if (identity == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "out of memory");
    if (count > 0 && strcmp(answers[0].value, "fault") == 0)
        return hearth_fail(call, HEARTH_ERR_IO, "the disk of this machine says no");
    identity->struct_size = sizeof(*identity);
    int r =
        count == 0 ? HEARTH_ERR_INVALID : account_import(handle, call, answers[0].value, identity);
    *ret_step =
        (struct hearth_signin_step){.struct_size = sizeof(*ret_step),
                                    .kind = r < 0 ? HEARTH_SIGNIN_FAILED : HEARTH_SIGNIN_DONE,
                                    .text = r < 0 ? &no_file : NULL,
                                    .identity = r < 0 ? NULL : identity};
    return 0;
}

/* --- pulling --- */

static bool has_cursor(const struct hearth_pull *pull, const struct version *version)
{
    for (size_t i = 0; i < pull->cursor_count; i++)
        if (HEARTH_AT(pull->cursors, i)->collection == HEARTH_HISTORY)
            return strcmp(HEARTH_AT(pull->cursors, i)->text, version->text) == 0;
    return false;
}

static int send_line(const struct hearth_sync_sink *sink, char *line)
{
    char *rest = line, *guid = strsep(&rest, " "), *url = strsep(&rest, " "),
         *date = strsep(&rest, " \n");
    if (url == NULL || date == NULL)
        return sink->damaged(sink->ctx, guid[0] == '\0' || guid[0] == '\n' ? NULL : guid,
                             "a line without URL and date");
    if (rest != NULL)
        rest[strcspn(rest, "\n")] = '\0';
    struct hearth_visit visit = HEARTH_VISIT(strtoll(date, NULL, 10), HEARTH_VISIT_LINK);
    struct hearth_page_record record = {.struct_size = sizeof(record),
                                        .guid = guid,
                                        .url = url,
                                        .title = rest,
                                        .visits = &visit,
                                        .visit_count = 1,
                                        .modified = visit.date};
    return sink->page(sink->ctx, &record);
}

static int pull_file(struct provider *provider, struct hearth_call *call,
                     const struct hearth_pull *pull, const char *path,
                     struct hearth_pull_result *ret_result)
{
    static const struct hearth_message not_there = HEARTH_ENGLISH("The file is not there yet.");
    const struct hearth_sync_sink *sink = pull->sink;
    /* before it is read: what changes meanwhile is another change */
    struct version version = version_of(path);
    char line[4096];
    if (strlen(path) < PATH_SIZE)
        watch(provider, pull->account, path, &version);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        ret_result->state = HEARTH_ACCOUNT_WAITING;
        ret_result->message = &not_there;
        return 0;
    }
    int r =
        has_cursor(pull, &version) ? 1 : sink->begin(sink->ctx, HEARTH_HISTORY, HEARTH_SNAPSHOT);
    while (r == 0 && fgets(line, sizeof(line), file) != NULL)
        r = provider->host->should_stop(call) ? hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped")
                                              : send_line(sink, line);
    if (r == 0)
        r = sink->commit(sink->ctx, version.text);
    fclose(file);
    return r > 0 ? 0 : r;
}

static int pull(void *handle, struct hearth_call *call, const struct hearth_pull *pull,
                struct hearth_pull_result *ret_result)
{
    static const struct hearth_message no_path =
        HEARTH_ENGLISH("What is stored is no path of a file.");
    struct provider *provider = handle;
    char path[PATH_SIZE] = "";
    call->error[0] = '\0';
    if (provider->host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped");
    if (pull->credentials_size < PATH_SIZE)
        memcpy(path, pull->credentials, pull->credentials_size);
    if (path[0] != '/') {
        ret_result->state = HEARTH_ACCOUNT_SIGNIN_NEEDED;
        ret_result->message = &no_path;
        return 0;
    }
    ret_result->state = HEARTH_ACCOUNT_OK;
    int r = pull_file(provider, call, pull, path, ret_result);
    if (r < 0 && call->error[0] == '\0')
        hearth_fail(call, r, "what was read could not be stored");
    return r;
}

static const struct hearth_sync operations = {
    .struct_size = sizeof(operations),
    .open = provider_open,
    .close = provider_close,
    .handle_open = handle_open,
    .handle_close = handle_close,
    .interrupt = interrupt,
    .account_import = account_import,
    .pull = pull,
    .forget = provider_forget,
};

static const void *extension(const char *name)
{
    static const struct hearth_sync_signin signin = {.struct_size = sizeof(signin),
                                                     .methods = signin_methods,
                                                     .start = signin_start,
                                                     .next = signin_next};
    return strcmp(name, HEARTH_SYNC_SIGNIN) == 0 ? &signin : NULL;
}

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_SYNC,
        .name = "file",
        .version = "1",
        .description = "pages that are the lines of a file, for tests",
        .operations = &operations,
        .extension = extension,
    };
    return &plugin;
}
