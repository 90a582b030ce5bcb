/* One HTTP exchange through the host: counts, keeps headers, splits good bodies from bad ones. */
#include "fx.h"

#include <string.h>

#include "support/buf.h"

struct exchange {
    struct fx_pull *p;
    const struct fx_request *request;
    struct fx_answer *answer;
    int stopped; /* why a callback ended the exchange */
};

static int exchange_on_response(void *ctx, const struct hearth_http_response *response)
{
    struct exchange *x = ctx;
    fx_answer_read(response, x->answer);
    if (fx_stopping(x->p))
        x->stopped = HEARTH_ERR_CANCELLED;
    else if (x->answer->status == 200 && x->request->on_begin != NULL)
        x->stopped = x->request->on_begin(x->request->ctx, x->answer);
    return x->stopped != 0;
}

static int exchange_on_body(void *ctx, const void *data, size_t size)
{
    struct exchange *x = ctx;
    x->p->result->bytes += (int64_t)size;
    if (fx_stopping(x->p)) {
        x->stopped = HEARTH_ERR_CANCELLED;
    } else if (x->answer->status != 200) {
        size_t room = sizeof(x->answer->error_body) - 1 - x->answer->error_body_size;
        memcpy(x->answer->error_body + x->answer->error_body_size, data, size < room ? size : room);
        x->answer->error_body_size += size < room ? size : room;
    } else if (x->request->on_data != NULL) {
        x->stopped = x->request->on_data(x->request->ctx, data, size);
    } else if (x->request->ret_body != NULL) {
        x->stopped = support_buf_append(x->request->ret_body, data, size);
    }
    return x->stopped != 0;
}

/* The rows of FX_SERVER_MESSAGES, of one server. begun: the headers of the answer had come.
 * until: ms since 1970, when the pause ends for which the host has not asked; 0: it has. */
#define FAULT_SENTENCES(server)                                                                    \
    static struct hearth_sentence server##_fault(int code, bool begun, int64_t until,              \
                                                 const char *path, const char *reason)             \
    {                                                                                              \
        if (until > 0)                                                                             \
            return fx_says_##server##_asked_pause(hearth_time_of(until));                          \
        if (code == HEARTH_ERR_TIMEOUT)                                                            \
            return fx_says_##server##_timeout(path);                                               \
        if (code == HEARTH_ERR_FULL)                                                               \
            return fx_says_##server##_large(path);                                                 \
        return begun ? fx_says_##server##_broke_off(reason)                                        \
                     : fx_says_##server##_unreachable(reason);                                     \
    }
FAULT_SENTENCES(sync)
FAULT_SENTENCES(token)
FAULT_SENTENCES(accounts)

/* `begun`: the headers of the answer had come. */
static int exchange_explain(struct fx_pull *p, const struct fx_request *request, bool begun,
                            int code)
{
    char *reason = p->reason;
    /* the host refuses with this before anything is sent */
    int64_t until = begun || code != HEARTH_ERR_UNAVAILABLE || p->call->retry_after <= 0
                        ? 0
                        : p->host->now_ms(p->host) + p->call->retry_after;
    snprintf(reason, sizeof(p->reason), "%s",
             p->call->error[0] != '\0' ? p->call->error : "no reason given");
    if (p->call->retry_after > 0 && p->result->account_backoff < p->call->retry_after)
        p->result->account_backoff = p->call->retry_after;
    switch (code) {
    case HEARTH_ERR_CANCELLED:
        return fx_break(p, code, fx_says_interrupted());
    case HEARTH_ERR_NOMEM:
        return fx_break(p, code, fx_says_no_memory());
    default:
        break;
    }
    if (code != HEARTH_ERR_FULL)
        p->result->passing = 1;
    return fx_break(p, code,
                    request->server == FX_SYNC_SERVER
                        ? sync_fault(code, begun, until, request->what, reason)
                    : request->server == FX_TOKEN_SERVER
                        ? token_fault(code, begun, until, request->what, reason)
                        : accounts_fault(code, begun, until, request->what, reason));
}

/* NULL: nobody but the operator. */
static const char *origin_named_by(const struct fx_pull *p, enum fx_origin origin)
{
    if (origin == FX_CONFIGURED || p->fx->config.private_addresses)
        return NULL;
    return origin == FX_NAMED_BY_TOKEN_SERVER ? fx_token_server(p) : p->fx->config.accounts_url;
}

/* The host's request; without callbacks. */
static struct hearth_http_request exchange_http(const struct fx_pull *p,
                                                const struct fx_request *request)
{
    return (struct hearth_http_request){
        .struct_size = sizeof(struct hearth_http_request),
        .timeout = p->fx->config.request_timeout,
        .method = request->method,
        .url = request->url,
        .headers = request->headers,
        .header_count = request->header_count,
        .body = request->body,
        .body_size = request->body == NULL ? 0 : strlen(request->body),
        .max_response = request->max_response == 0 ? FX_SMALL_BODY : request->max_response,
        .insecure_http = p->fx->config.insecure_http,
        .named_by = origin_named_by(p, request->origin),
    };
}

static void exchange_forget_fault(struct fx_pull *p)
{
    p->call->error[0] = '\0';
    p->call->retry_after = 0;
}

void *fx_exchange_ahead(struct fx_pull *p, const struct fx_request *request)
{
    struct hearth_http_request http = exchange_http(p, request);
    void *exchange = NULL;
    if (p->sender == NULL || fx_stopping(p))
        return NULL;
    http.timeout *= 2; /* the answer before has its own time first */
    if (p->sender->begin(p->host, p->call, &http, &exchange) < 0) {
        exchange_forget_fault(p); /* it shows again when it is asked for in its turn */
        return NULL;
    }
    p->result->requests++;
    return exchange;
}

/* One that was sent ahead and got no answer in time, because the one before took long, is sent
 * again: its own time begins only now. */
static int exchange_run(struct fx_pull *p, const struct fx_request *request, struct exchange *x)
{
    struct hearth_http_request http = exchange_http(p, request);
    int r = HEARTH_ERR_TIMEOUT;
    http.on_response = exchange_on_response;
    http.on_body = exchange_on_body;
    http.ctx = x;
    exchange_forget_fault(p);
    if (request->ahead != NULL)
        r = p->sender->finish(p->host, p->call, request->ahead, &http);
    if (request->ahead != NULL && (r != HEARTH_ERR_TIMEOUT || x->answer->status != 0))
        return r;
    p->result->requests++;
    exchange_forget_fault(p);
    return p->host->http_fetch(p->host, p->call, &http);
}

int fx_exchange(struct fx_pull *p, const struct fx_request *request, struct fx_answer *ret_answer)
{
    struct exchange x = {.p = p, .request = request, .answer = ret_answer};
    *ret_answer = (struct fx_answer){0};
    if (fx_stopping(p)) {
        if (request->ahead != NULL)
            p->sender->cancel(p->host, p->call, request->ahead);
        return exchange_explain(p, request, false, HEARTH_ERR_CANCELLED);
    }
    if (request->ret_body != NULL)
        request->ret_body->size = 0;
    int r = exchange_run(p, request, &x);
    if (x.stopped == HEARTH_ERR_CANCELLED || x.stopped == HEARTH_ERR_NOMEM)
        return exchange_explain(p, request, true, x.stopped);
    if (x.stopped != 0)
        return x.stopped;
    if (r < 0)
        return exchange_explain(p, request, ret_answer->status != 0, r);
    if (request->ret_body != NULL && support_buf_append(request->ret_body, "", 1) != 0)
        return exchange_explain(p, request, true, HEARTH_ERR_NOMEM);
    if (request->ret_body != NULL)
        request->ret_body->size--;
    return 0;
}
