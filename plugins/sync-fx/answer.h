/* What the plugin reads of an HTTP answer's headers. */
#ifndef HEARTH_PLUGINS_SYNC_FX_ANSWER_H
#define HEARTH_PLUGINS_SYNC_FX_ANSWER_H

#include "hearth/plugin.h"

enum fx_body_type { FX_BODY_OTHER = 0, FX_BODY_JSON, FX_BODY_NEWLINES };

enum { FX_OFFSET_MAX = 512, FX_ALERT_MAX = 300, FX_ERROR_BODY_MAX = 2048 };

/* Times: -1 absent. */
struct fx_answer {
    int status;
    int body_type;         /* enum fx_body_type */
    int64_t last_modified; /* centiseconds */
    int64_t server_time;   /* ms: the server's clock, as far as one header or all agree on it */
    int64_t date;          /* ms: Date */
    int64_t weave_time;    /* ms: X-Weave-Timestamp, X-Timestamp; -1 also when it is no clock */
    int64_t hawk_ts;       /* seconds, from WWW-Authenticate: Hawk ts="…" */
    int64_t retry_after;   /* ms; 0 absent */
    int64_t backoff;       /* ms: X-Weave-Backoff, X-Backoff; 0 absent */
    int64_t records;
    bool is_weave;            /* has X-Weave-Timestamp */
    bool is_hawk;             /* has a Hawk challenge */
    bool has_next;            /* X-Weave-Next-Offset */
    char next[FX_OFFSET_MAX]; /* "" with has_next: unusable */
    char alert[FX_ALERT_MAX]; /* X-Weave-Alert on one line; "" absent */
    /* Of a body that nobody asked to stream, or of an error: its beginning, NUL-terminated. */
    char error_body[FX_ERROR_BODY_MAX];
    size_t error_body_size;
};

void fx_answer_read(const struct hearth_http_response *response, struct fx_answer *ret_answer);

/* The refusal (a status from 400 on) is not by the server that was asked: an HTML page of a proxy,
 * a portal or a CDN, which says nothing about sign-in or data. Own answers are JSON, or nothing, or
 * a plain word beside X-Weave-Timestamp. */
bool fx_answer_is_foreign(const struct fx_answer *answer);

/* "Retry-After: 120" and its like: any number of seconds, to ms, from 0 to a day; of several, with
 * commas between them, the largest. INVALID otherwise. */
int fx_answer_seconds(const char *text, int64_t *ret_ms);

/* ts of a Hawk challenge, in seconds. NOT_FOUND. */
int fx_answer_hawk_ts(const char *www_authenticate, int64_t *ret_ts);

#endif
