#include "pages/app.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pages/app_files.h"
#include "pages/html.h"
#include "pages/messages.h"
#include "plug/places.h"

/* No inline script or style, no other host; what becomes script passes the app's own policies. */
static const char POLICY[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src "
                             "'self' data:; font-src 'self'; connect-src 'self'; "
                             "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri "
                             "'none'; frame-ancestors 'none'; "
                             "require-trusted-types-for 'script'; trusted-types lit-html hearth";

/* The app's addresses, and the basic page that shows the same. With a star: what follows becomes
 * the parameter. */
static const struct {
    const char *path, *basic, *parameter;
} addresses[] = {
    {"/", "/basic/", NULL},
    {"/index.html", "/basic/", NULL},
    {"/search", "/basic/search", "q"},
    {"/tabs", "/basic/tabs", NULL},
    {"/bookmarks", "/basic/bookmarks", NULL},
    {"/bookmarks/*", "/basic/bookmarks", "folder"},
    {"/history", "/basic/history", NULL},
    {"/history/*", "/basic/history", NULL},
    {"/sites", "/basic/history", NULL},
    {"/account", "/auth/account", NULL},
    {"/themes", "/basic/", NULL},
};

enum { ADDRESSES = sizeof(addresses) / sizeof(addresses[0]), TOP_MAX = 64 };

struct app_address {
    struct app_server *server;
    size_t index;
};

struct app_server {
    struct app_files *files; /* NULL: there are none */
    struct app_address addresses[ADDRESSES];
    struct arena arena; /* paths of routes */
    struct http_route routes[ADDRESSES + TOP_MAX];
    size_t route_count;
};

bool pages_app_is_unable(const char *user_agent, int version)
{
    static const char *const names[] = {
        "Lynx/",  "w3m/",  "Links (",  "ELinks/",   "Dillo/",    "NetSurf/",   "NetFront",
        "Kindle", "MSIE ", "Trident/", "Mozilla/4", "Mozilla/3", "Opera Mini", "Presto/"};
    if (version < 11)
        return true;
    for (size_t i = 0; user_agent != NULL && i < sizeof(names) / sizeof(names[0]); i++)
        if (strstr(user_agent, names[i]) != NULL)
            return true;
    return false;
}

/* `page`: at one of the app's addresses, where not every browser gets it. */
static void send_file(struct http_request *request, struct http_reply *reply,
                      const struct app_file *file, bool page)
{
    bool forms = file->gzip.size > 0 || file->brotli.size > 0;
    bool lasting = strncmp(file->path, "/assets/", 8) == 0; /* its name changes with its contents */
    const struct app_bytes *form = &file->plain;
    const char *coding = NULL;
    if (file->brotli.size > 0 && http_accepts(request, "br")) {
        form = &file->brotli;
        coding = "br";
    } else if (file->gzip.size > 0 && http_accepts(request, "gzip")) {
        form = &file->gzip;
        coding = "gzip";
    }
    char *etag = arena_printf(&request->arena, "\"%s%s%s\"", file->hash, coding == NULL ? "" : "-",
                              coding == NULL ? "" : coding);
    /* a worker's script has a policy of its own: the one it came with */
    http_reply_header(reply, "content-security-policy", POLICY);
    http_reply_header(reply, "cache-control",
                      lasting ? "public, max-age=31536000, immutable" : "no-cache");
    if (page && forms)
        http_reply_header(reply, "vary", "accept-encoding, user-agent");
    else if (page || forms)
        http_reply_header(reply, "vary", page ? "user-agent" : "accept-encoding");
    if (etag != NULL)
        http_reply_header(reply, "etag", etag);
    if (etag != NULL && http_etag_matches(request, etag)) {
        reply->status = 304;
        return;
    }
    reply->status = 200;
    reply->content_type = file->type;
    if (coding != NULL)
        http_reply_header(reply, "content-encoding", coding);
    reply->fixed = form->data;
    reply->fixed_size = form->size;
}

static void serve_file(struct http_request *request, struct http_reply *reply, void *worker)
{
    const struct app_server *server = request->route_data;
    const struct app_file *file = pages_app_files_find(server->files, request->path);
    (void)worker;
    if (file == NULL)
        http_reply_problem(reply, 404, pages_says_no_file());
    else
        send_file(request, reply, file, false);
}

static void lead_to_basic(struct http_request *request, struct http_reply *reply, size_t index)
{
    struct buf url = {0};
    const char *parameter = addresses[index].parameter;
    const char *value = parameter == NULL              ? NULL
                        : request->argument[0] != '\0' ? request->argument
                                                       : http_parameter(request, parameter);
    buf_add_text(&url, addresses[index].basic);
    if (value != NULL) {
        buf_printf(&url, "?%s=", parameter);
        pages_html_query_value(&url, value);
    }
    const char *to = url.failed ? NULL : arena_strdup(&request->arena, url.data);
    buf_fini(&url);
    reply->status = to == NULL ? 500 : 303;
    http_reply_header(reply, "cache-control", "no-store");
    http_reply_header(reply, "vary", "user-agent");
    if (to != NULL)
        http_reply_header(reply, "location", to);
}

static void serve_page(struct http_request *request, struct http_reply *reply, void *worker)
{
    const struct app_address *address = request->route_data;
    const struct app_server *server = address->server;
    (void)worker;
    if (server->files == NULL || pages_app_is_unable(request->user_agent, request->version)) {
        lead_to_basic(request, reply, address->index);
        return;
    }
    http_reply_header(reply, "cross-origin-opener-policy", "same-origin");
    http_reply_header(reply, "permissions-policy", "camera=(), microphone=(), geolocation=()");
    send_file(request, reply, pages_app_files_find(server->files, "/index.html"), true);
}

static int app_load_files(const char *folder, struct app_files **ret_files, struct err *err)
{
    char path[4096];
    if (folder != NULL) {
        int r = pages_app_files_load(folder, ret_files, err);
        return r < 0 ? err_prefix(err, "[web] app_dir") : 0;
    }
    plug_part("web/app", HEARTH_WEB_DIR, path, sizeof(path));
    int r = pages_app_files_load(path, ret_files, err);
    if (r != HEARTH_ERR_NOT_FOUND)
        return r;
    *err = (struct err){0};
    log_event(
        HEARTH_LOG_WARNING, "pages", "web app missing",
        LOG_TEXT("hint",
                 "people get the basic pages: build it (npm is needed), or set [web] app_dir"));
    return 0;
}

static bool is_routed(const struct app_server *server, const char *path)
{
    for (size_t i = 0; i < server->route_count; i++)
        if (strcmp(server->routes[i].path, path) == 0)
            return true;
    return false;
}

/* One route for each file and each folder at the top; the app's addresses keep theirs. */
static int route_files(struct app_server *server, struct err *err)
{
    const struct app_file *file;
    for (size_t i = 0; (file = pages_app_files_at(server->files, i)) != NULL; i++) {
        size_t top = strcspn(file->path + 1, "/") + 1;
        const char *path = file->path[top] == '\0'
                               ? file->path
                               : arena_printf(&server->arena, "%.*s/*", (int)top, file->path);
        if (path == NULL)
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        if (is_routed(server, path))
            continue;
        if (server->route_count == ADDRESSES + TOP_MAX)
            return err_set(err, HEARTH_ERR_INVALID,
                           "the web app has more than %d files and folders at its top",
                           (int)TOP_MAX);
        server->routes[server->route_count++] = (struct http_route){.path = path,
                                                                    .name = "app file",
                                                                    .methods = HTTP_GET,
                                                                    .kind = HTTP_INLINE,
                                                                    .handler = serve_file,
                                                                    .data = server};
    }
    return 0;
}

int pages_app_create(const char *folder, const char *base_path, struct app_server **ret_server,
                     struct err *err)
{
    struct app_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    arena_init(&server->arena, 0);
    int r = app_load_files(folder, &server->files, err);
    if (r == 0 && server->files != NULL)
        r = pages_app_files_place(server->files, base_path, err);
    if (r < 0) {
        pages_app_destroy(server);
        return r;
    }
    for (size_t i = 0; i < ADDRESSES; i++) {
        server->addresses[i] = (struct app_address){server, i};
        server->routes[server->route_count++] = (struct http_route){.path = addresses[i].path,
                                                                    .methods = HTTP_GET,
                                                                    .kind = HTTP_INLINE,
                                                                    .handler = serve_page,
                                                                    .data = &server->addresses[i]};
    }
    r = server->files == NULL ? 0 : route_files(server, err);
    if (r < 0) {
        pages_app_destroy(server);
        return r;
    }
    *ret_server = server;
    return 0;
}

int pages_app_check(const char *folder, struct err *err)
{
    struct app_files *files = NULL;
    int r = folder == NULL ? 0 : app_load_files(folder, &files, err);
    pages_app_files_free(files);
    return r;
}

void pages_app_destroy(struct app_server *server)
{
    if (server == NULL)
        return;
    pages_app_files_free(server->files);
    arena_fini(&server->arena);
    free(server);
}

const struct http_route *pages_app_routes(const struct app_server *server, size_t *ret_count)
{
    *ret_count = server->route_count;
    return server->routes;
}
