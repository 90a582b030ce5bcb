/* The core's own sections and keys. What is here is what docs/configuration.md lists; a test
 * compares them. */
#include <string.h>

#include "conf/conf_internal.h"

#define KEY(t, n, f, h)                                                                            \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .type = HEARTH_CONFIG_##t, .name = (n),   \
        .fallback = (f), .help = (h)                                                               \
    }
/* Of a type of the core's own: enum conf_type. */
#define SHAPE(t, n, f, h)                                                                          \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .type = CONF_##t, .name = (n),            \
        .fallback = (f), .help = (h)                                                               \
    }
#define RANGE(t, n, f, low, high, h)                                                               \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .type = HEARTH_CONFIG_##t, .name = (n),   \
        .fallback = (f), .minimum = (low), .maximum = (high), .help = (h)                          \
    }
#define CHOICE(n, f, c, h)                                                                         \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .type = HEARTH_CONFIG_ENUM, .name = (n),  \
        .fallback = (f), .choices = (c), .help = (h)                                               \
    }
#define NEEDED(t, n, h)                                                                            \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .type = (t), .name = (n), .help = (h),    \
        .required = true                                                                           \
    }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND   1000LL
#define HOUR     (3600 * SECOND)
#define DAY      (24 * HOUR)

static const struct hearth_config_key hearth_keys[] = {
    {.struct_size = sizeof(struct hearth_config_key),
     .type = CONF_SET,
     .name = "roles",
     .fallback = CONF_ROLES,
     .choices = CONF_ROLES,
     .help = "what this process does: web, worker, scheduler"},
    SHAPE(FOLDER, "state_dir", "/var/lib/hearth",
          "where data live: database, key file, and while they are needed files without a name of "
          "syncs and exports; default: "
          "$STATE_DIRECTORY, which systemd sets, else this"),
    KEY(PATH, "key_file", "hearth.key", "keys that seal credentials; made on the first start"),
    SHAPE(FOLDER, "plugin_dir", NULL,
          "where plugins are looked for first; else where they are installed, or in hearthd's own "
          "build tree"),
    CHOICE("log", "text", "text json", "format of the log on standard error"),
    CHOICE("log_level", "info", "error warning info debug", "how much is logged"),
    KEY(BOOL, "audit", "yes",
        "log who signed in or tried to, and what was made, revoked or removed, whatever log_level "
        "is"),
    RANGE(DURATION, "probe_interval", "500ms", 10, HOUR,
          "how often databases and queue are probed while they are used; rarer when not"),
    RANGE(DURATION, "probe_timeout", "1s", 10, HOUR,
          "a probe that takes longer has failed: who needs it gets 503 at once from then on"),
};

static const struct hearth_config_key listen_keys[] = {
    SHAPE(ADDRESS, "address", "127.0.0.1:8080",
          "host:port, [ipv6]:port, or unix:/path; port 0 picks a free one"),
    KEY(PATH, "tls_certificate", NULL,
        "PEM file with the certificate chain; with it the listener speaks TLS"),
    KEY(PATH, "tls_key", NULL, "PEM file with the private key"),
    CHOICE("serves", "people", "people metrics",
           "people: pages and services; metrics: /metrics, /healthz and /readyz for machines that "
           "watch, and nothing else"),
};

static const struct hearth_config_key web_keys[] = {
    SHAPE(BASE_URL, "base_url", NULL,
          "the address people use, e.g. https://home.example.org, or https://example.org/hearth/: "
          "then everything is under that path"),
    SHAPE(HOSTS, "hosts", "",
          "further names that people reach this server by, e.g. home.example.org nas.lan; always "
          "known: the one of base_url, those of "
          "[node] urls, IP addresses, localhost, this machine's own name, also with .local"),
    SHAPE(FOLDER, "app_dir", NULL,
          "where the built web app is; else where it is installed, or in hearthd's own build tree"),
    SHAPE(NAME, "node", NULL,
          "in a fleet: the [node] whose people this process serves; needed by the role web when "
          "there are several"),
    SHAPE(NETWORKS, "trusted_proxies", "",
          "networks whose X-Forwarded-* and Forwarded headers are believed, e.g. 127.0.0.1/32"),
    KEY(BOOL, "access_log", "no",
        "log each request: its method, path without query, status, client, account; no secrets"),
    RANGE(INT, "threads", "0", 0, 64, "event loops; 0: one for each processor, at most 4"),
    RANGE(INT, "storage_threads", "4", 1, 256,
          "threads with a storage handle each, that answer requests"),
    RANGE(
        SIZE, "search_memory", "64MiB", 1 << 20, 1LL << 40,
        "for what is kept in memory of accounts that were here lately: search blocks, and indexes "
        "of their lists"),
    RANGE(SIZE, "cache_memory", "8MiB", 0, 1LL << 40, "for answers that are still valid"),
    RANGE(DURATION, "request_timeout", "10s", 100, HOUR, "for headers and body of one request"),
    RANGE(DURATION, "storage_timeout", "10s", 100, HOUR,
          "a request that the storage has not answered by then gets 503"),
    RANGE(DURATION, "idle_timeout", "60s", 100, DAY, "a connection without requests is closed"),
    RANGE(DURATION, "stall_timeout", "30s", 100, HOUR,
          "an answer that the client does not read is given up"),
    RANGE(DURATION, "event_interval", "25s", 1000, HOUR,
          "an event stream sends a line so often, and ends when its token, session or account has "
          "ended meanwhile"),
    RANGE(DURATION, "drain_timeout", "10s", 0, HOUR,
          "at a stop, answers under way have so long; whatever hangs, the process ends within 8 s "
          "more"),
    RANGE(INT, "max_connections", "10000", 1, 1000000, "in total"),
    RANGE(INT, "max_connections_per_address", "256", 1, 1000000,
          "of one client address; trusted proxies have no limit"),
    RANGE(INT, "max_pending_requests", "1024", 1, 1000000,
          "requests that wait for a storage thread or have one; more get 503"),
    RANGE(INT, "max_pending_requests_per_connection", "100", 100, 100000,
          "of one connection: not less than the 100 streams that HTTP/2 clients are promised; "
          "trusted "
          "proxies have no limit"),
    RANGE(INT, "max_pending_requests_per_account", "128", 1, 100000,
          "of one account, or of one address that is not signed in"),
    RANGE(SIZE, "unsent_per_connection", "8MiB", 1 << 16, 1LL << 40,
          "memory for answers that a client has not fetched; beyond it gets 503, at twice as much "
          "it is disconnected"),
    RANGE(SIZE, "unsent_per_account", "16MiB", 1 << 16, 1LL << 40,
          "the same of one account, or of one address that is not signed in"),
    RANGE(SIZE, "unsent_total", "64MiB", 1 << 16, 1LL << 40,
          "the same of all clients; beyond, those who hold most are disconnected"),
    RANGE(INT, "export_threads", "2", 1, 64, "exports made at a time"),
    RANGE(DURATION, "export_timeout", "10min", 100, DAY,
          "an export that the storage has not given by then gets 503"),
    RANGE(SIZE, "export_space", "1GiB", 1 << 16, 1LL << 50,
          "disk for exports until they were fetched; those that do not fit get 503"),
    RANGE(INT, "exports_per_account", "2", 1, 1000,
          "exports of one account until they were fetched; more get 429"),
};

static const struct hearth_config_key auth_keys[] = {
    SHAPE(PATTERNS, "allow", NULL,
          "who may sign in: addresses and patterns like *@example.org; default: who has an account "
          "here, and on a new server the first "
          "person, who needs the set-up code"),
    KEY(BOOL, "password", "yes",
        "offer to sign in by typing the password of the Mozilla account here"),
    RANGE(DURATION, "step_timeout", "60s", 1000, HOUR,
          "so long a step of a sign-in may wait for the accounts server or the OpenID provider"),
    RANGE(DURATION, "session_idle", "30d", 60 * SECOND, 3650 * DAY,
          "a browser that was not used for so long is signed out"),
    RANGE(DURATION, "session_life", "365d", 60 * SECOND, 3650 * DAY,
          "a browser is signed out after so long in any case"),
    SHAPE(HEADER, "proxy_header", NULL,
          "header in which a trusted proxy names who has signed in there, first by the e-mail "
          "address of the account, e.g. Remote-Email"),
};

static const struct hearth_config_key oidc_keys[] = {
    KEY(STRING, "title", NULL, "what people read on the button; default: the section's name"),
    NEEDED(CONF_ISSUER, "issuer", "address of the OpenID provider, exactly as it calls itself"),
    NEEDED(HEARTH_CONFIG_STRING, "client_id", "the id under which this server is registered there"),
    KEY(SECRET, "client_secret", NULL, "the secret that belongs to it; none for public clients"),
    KEY(STRING, "scopes", "openid email profile", "what is asked for"),
    KEY(BOOL, "insecure_http", "no", "allow plain http to a provider that is not on this machine"),
    KEY(BOOL, "private_addresses", "no",
        "let the provider name endpoints on private, link-local and loopback addresses"),
};

static const struct hearth_config_key node_keys[] = {
    SHAPE(BASE_URL, "url", NULL,
          "the address of this node's web processes, for people that come to another one, with the "
          "path of base_url; needed when there are several nodes"),
    SHAPE(NAME, "storage", NULL,
          "the [storage] section of its database; default: the one of the same name"),
    RANGE(INT, "weight", "100", 0, 1000000,
          "its share of new accounts, beside the other nodes' weights; 0: none"),
};

static const struct hearth_config_key plugin_keys_storage[] = {
    KEY(STRING, "plugin", "sqlite", "name of the storage plugin")};
static const struct hearth_config_key plugin_keys_queue[] = {
    KEY(STRING, "plugin", "inproc", "name of the queue plugin")};
static const struct hearth_config_key plugin_keys_sync[] = {
    KEY(STRING, "plugin", "fx", "name of the sync plugin")};

static const struct hearth_config_key scheduler_keys[] = {
    RANGE(DURATION, "interval", "15min", SECOND, 30 * DAY,
          "between syncs of people seen in the last day"),
    RANGE(DURATION, "interval_week", "1h", SECOND, 30 * DAY, "of people seen within a week"),
    RANGE(DURATION, "interval_month", "1d", SECOND, 30 * DAY,
          "of people seen within dormant_after"),
    RANGE(DURATION, "dormant_after", "60d", SECOND, 3650 * DAY,
          "accounts of people who were not seen for so long are not synced"),
    RANGE(DURATION, "retry", "5s", SECOND, DAY,
          "pause after the first failure; then 3, 12, 24, 48 … times as long"),
    RANGE(DURATION, "retry_max", "8h", SECOND, 30 * DAY,
          "longest pause after failures; when the service cannot be reached: interval"),
    RANGE(DURATION, "signin_retry", "8h", SECOND, 30 * DAY,
          "until a sign-in that was refused is tried again by itself, once"),
    RANGE(DURATION, "signin_retry_max", "1d", SECOND, 30 * DAY, "and between tries after that"),
    RANGE(INT, "jitter", "10", 0, 50, "per cent by which pauses vary, so that accounts spread"),
    RANGE(DURATION, "tick", "1s", 10, HOUR, "how often due accounts are looked for"),
    RANGE(DURATION, "lease", "15min", SECOND, DAY,
          "after which a due account whose job was lost is queued again"),
    RANGE(INT, "batch", "100", 1, 100000, "due accounts queued at a time"),
};

static const struct hearth_config_key worker_keys[] = {
    RANGE(INT, "parallel", "16", 1, 1000, "syncs at a time"),
    RANGE(DURATION, "lease", "2min", SECOND, DAY,
          "a job of a dead worker is given to another after so long"),
    RANGE(DURATION, "timeout", "30min", SECOND, DAY, "longest sync of one account"),
    RANGE(INT, "connections_per_host", "4", 1, 100, "to one Sync server"),
    KEY(PATH, "ca_file", NULL,
        "PEM file with the authorities that sign the certificates of Sync servers; default: the "
        "system's"),
};

static const struct hearth_config_key limits_keys[] = {
    RANGE(INT, "pages", "2000000", 0, 1000000000, "in the history of one account; 0: no limit"),
    RANGE(INT, "bookmarks", "100000", 0, 1000000000, "with folders, of one account; 0: no limit"),
    RANGE(SIZE, "space", "4GiB", 0, 1LL << 50,
          "of one account: its file (SQLite), and what a sync brings of one collection (any "
          "storage); 0: no limit"),
    RANGE(SIZE, "free_space", "64MiB", 0, 1LL << 50,
          "what syncs leave free of the disks that have state_dir and the database's file; 0: "
          "nothing"),
};

static const struct hearth_config_key push_keys[] = {
    KEY(BOOL, "enabled", "yes", "apps may register for push messages, and are sent some"),
    KEY(STRING, "contact", NULL,
        "whom a push service can ask about this server: mailto:… or https://…; default: base_url"),
    SHAPE(NETWORKS, "allow", "",
          "networks that endpoints may lie in besides public addresses, e.g. 192.168.1.7 for a "
          "push service of your own"),
    RANGE(DURATION, "interval", "1min", 100, DAY,
          "at least so long between two messages to an endpoint; what comes meanwhile is one at "
          "its end"),
    RANGE(DURATION, "connect_timeout", "5s", 100, HOUR, "to be connected with a service"),
    RANGE(DURATION, "timeout", "10s", 100, HOUR, "for a message with everything"),
    RANGE(DURATION, "give_up", "7d", SECOND, 365 * DAY,
          "an endpoint to which messages fail for so long is removed"),
    KEY(PATH, "ca_file", NULL,
        "PEM file with the authorities that sign the certificates of push services; default: the "
        "system's"),
};

/* What a reload applies: what is asked for at each request, connection, job or line of the log.
 * Sizes of pools, addresses, plugins and what they are told at the start are not among it. */
static const char web_reloaded[] =
    "access_log stall_timeout event_interval max_connections max_connections_per_address "
    "max_pending_requests max_pending_requests_per_connection max_pending_requests_per_account "
    "unsent_per_connection unsent_per_account unsent_total export_space exports_per_account";
static const char scheduler_reloaded[] =
    "interval interval_week interval_month dormant_after retry retry_max signin_retry "
    "signin_retry_max jitter";

static const struct conf_kind kinds[] = {
    {"hearth", false, false, hearth_keys, COUNT(hearth_keys), "", 1, "log_level audit"},
    {"listen", true, false, listen_keys, COUNT(listen_keys), "main", CONF_LISTEN_MAX,
     "tls_certificate tls_key"},
    {"web", false, false, web_keys, COUNT(web_keys), "", 1, web_reloaded},
    {"auth", false, false, auth_keys, COUNT(auth_keys), "", 1, "allow password"},
    {"oidc", true, false, oidc_keys, COUNT(oidc_keys), NULL, CONF_OIDC_MAX, NULL},
    {"storage", true, true, plugin_keys_storage, COUNT(plugin_keys_storage), "main",
     CONF_STORAGE_MAX, NULL},
    {"node", true, false, node_keys, COUNT(node_keys), NULL, CONF_NODE_MAX, NULL},
    {"queue", false, true, plugin_keys_queue, COUNT(plugin_keys_queue), "", 1, NULL},
    {"sync", true, true, plugin_keys_sync, COUNT(plugin_keys_sync), "firefox", CONF_SYNC_MAX, NULL},
    {"scheduler", false, false, scheduler_keys, COUNT(scheduler_keys), "", 1, scheduler_reloaded},
    {"worker", false, false, worker_keys, COUNT(worker_keys), "", 1, "timeout"},
    {"limits", false, false, limits_keys, COUNT(limits_keys), "", 1,
     "pages bookmarks space free_space"},
    {"push", false, false, push_keys, COUNT(push_keys), "", 1,
     "interval connect_timeout timeout give_up"},
    {NULL, false, false, NULL, 0, NULL, 0, NULL},
};

const struct conf_kind *conf_kinds(void)
{
    return kinds;
}
