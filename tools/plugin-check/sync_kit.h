/* A host and a sink for providers: the service on the other side answers as a test wants, the
 * sink checks the order of what arrives. */
#ifndef HEARTH_TOOLS_PLUGIN_CHECK_SYNC_KIT_H
#define HEARTH_TOOLS_PLUGIN_CHECK_SYNC_KIT_H

#include "base/message.h"
#include "kit.h"

/* What every http_fetch() of this thread answers. */
struct sync_answer {
    int status; /* < 0: http_fetch() fails with it */
    const char *body;
    int64_t retry_after;
    int requests; /* counted */
};

int kit_sync_fetch(const struct hearth_host *host, struct hearth_call *call,
                   const struct hearth_http_request *request);
/* The same in two steps (HEARTH_HOST_AHEAD). Fails the test when a plugin has two under way, or one
 * when pull() has returned. */
extern const struct hearth_host_ahead kit_sync_ahead;
void kit_sync_answer(struct sync_answer *answer); /* of this thread from now on; borrowed */

/* A sink that stores nothing but cursors, and fails the test when the order of storage.h is
 * broken. */
struct sync_sink {
    struct hearth_sync_sink hearth;
    int32_t open; /* collection; -1: none */
    int calls, commits, records;
    int fail_at, fail_with; /* the n-th call returns this code; 0: none */
    bool failed;            /* it did */
    /* of the open collection: what does not come is gone; damage without a guid came */
    bool replaces, nameless;
    char cursors[HEARTH_COLLECTION_SLOTS][65537];
};

void kit_sync_sink_init(struct sync_sink *sink);
/* The account of --import; skips the test without one. Lives as long as kit->call. */
void kit_sync_identity(struct kit *kit, struct hearth_identity *ret_identity);
/* The same, as long as `call`. */
void kit_sync_identity_by(struct kit *kit, struct call *call, struct hearth_identity *ret_identity);
/* One pull with the sink's cursors. */
int kit_sync_pull(struct kit *kit, void *handle, struct call *call,
                  const struct hearth_identity *identity, struct sync_sink *sink,
                  struct hearth_pull_result *ret_result);

/* forget(): from here on the plugin knows nothing of the account. */
void kit_sync_forget(struct kit *kit, const char *account);

/* The kit's listener for changes (HEARTH_HOST_CHANGES): fails the test when a plugin names an
 * account that was not pulled or is forgotten, or names one after close(). Any thread. */
extern const struct hearth_host_changes kit_sync_changes;
void kit_sync_opened(bool is_open);
void kit_sync_pulls(void); /* a pull tells the plugin of the account "a" */

extern const struct kit_test kit_signin_tests[]; /* sync_signin.c */

/* A message that the host would take; NULL is none. */
void kit_check_message(const struct hearth_message *message, const char *what);

#endif
