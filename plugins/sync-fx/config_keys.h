/* The keys of [sync NAME] with plugin = fx. The plugin includes it once, and the
 * manual (tools/documentation). */
#ifndef HEARTH_PLUGINS_SYNC_FX_CONFIG_KEYS_H
#define HEARTH_PLUGINS_SYNC_FX_CONFIG_KEYS_H

#include "hearth/plugin.h"

enum key {
    ACCOUNTS_URL,
    TOKEN_SERVER,
    CLIENT_ID,
    REDIRECT_URI,
    SCOPES,
    DEVICE_NAME,
    INSECURE_HTTP,
    PRIVATE_ADDRESSES,
    PAGE_SIZE,
    REQUEST_TIMEOUT,
    HISTORY,
    KEYS
};

#define KEY(...)                                                                                   \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), __VA_ARGS__                               \
    }

static const struct hearth_config_key config_keys[KEYS] = {
    [ACCOUNTS_URL] = KEY(.type = HEARTH_CONFIG_URL, .name = "accounts_url",
                         .fallback = "https://accounts.firefox.com",
                         .help = "the accounts server (FxA content server) that people sign in to"),
    [TOKEN_SERVER] = KEY(.type = HEARTH_CONFIG_URL, .name = "token_server",
                         .fallback = "https://token.services.mozilla.com/1.0/sync/1.5",
                         .help = "the token server; your own for a self-hosted Sync; an imported "
                                 "account may name another"),
    [CLIENT_ID] = KEY(.type = HEARTH_CONFIG_STRING, .name = "client_id",
                      .help = "OAuth client id to sign in with; default: a public one of Mozilla's "
                              "with Mozilla's accounts, else none; "
                              "empty: no signing in"),
    [REDIRECT_URI] =
        KEY(.type = HEARTH_CONFIG_URL, .name = "redirect_uri",
            .help = "where the accounts server sends people back, as registered for client_id: "
                    "BASE_URL/auth/callback, or a page "
                    "of the accounts server; default: ACCOUNTS_URL/oauth/success/CLIENT_ID"),
    [SCOPES] = KEY(.type = HEARTH_CONFIG_STRING, .name = "scopes",
                   .fallback = "profile https://identity.mozilla.com/apps/oldsync",
                   .help = "what is asked for"),
    [DEVICE_NAME] = KEY(.type = HEARTH_CONFIG_STRING, .name = "device_name",
                        .help = "what this server is called in the account's list of devices; "
                                "default: Hearth on HOST"),
    [INSECURE_HTTP] = KEY(.type = HEARTH_CONFIG_BOOL, .name = "insecure_http", .fallback = "no",
                          .help = "allow plain http to other machines (tests, private networks)"),
    [PRIVATE_ADDRESSES] =
        KEY(.type = HEARTH_CONFIG_BOOL, .name = "private_addresses", .fallback = "no",
            .help =
                "let the servers above name others on private, link-local and loopback addresses"),
    [PAGE_SIZE] = KEY(.type = HEARTH_CONFIG_INT, .name = "page_size", .fallback = "1000",
                      .minimum = 50, .maximum = 1000, .help = "records asked for in one request"),
    [REQUEST_TIMEOUT] =
        KEY(.type = HEARTH_CONFIG_DURATION, .name = "request_timeout", .fallback = "2min",
            .minimum = 1000, .maximum = 600000, .help = "longest time for one request"),
    [HISTORY] = KEY(.type = HEARTH_CONFIG_BOOL, .name = "history", .fallback = "yes",
                    .help = "read the browsing history"),
};

#endif
