#include "plug/call.h"

#include "base/clock.h"
#include "base/magic.h"

enum { CALL_MAGIC = 0x43a11001 };

void plug_call_init(struct call *call, const atomic_bool *stop, int64_t timeout, size_t arena_limit)
{
    *call = (struct call){.magic = CALL_MAGIC, .stop = stop};
    arena_init(&call->arena, arena_limit);
    call->hearth = (struct hearth_call){
        .struct_size = sizeof(call->hearth),
        .error = call->error,
        .error_size = sizeof(call->error),
        .deadline = timeout == 0 ? 0 : clock_monotonic() + timeout,
        .host_data = call,
    };
}

void plug_call_fini(struct call *call)
{
    arena_fini(&call->arena);
    call->magic = 0;
}

void plug_call_reset(struct call *call)
{
    arena_reset(&call->arena);
    call->error[0] = '\0';
    call->hearth.retry_after = 0;
}

static _Thread_local struct call *current;

void plug_call_enter(struct call *call)
{
    call->told = false;
    call->outer = current;
    current = call;
}

const struct call *plug_call_current(void)
{
    return current;
}

int plug_call_outcome(struct call *call, int code, struct err *err)
{
    if (current == call)
        current = call->outer;
    if (code >= 0)
        return code;
    err_set(err, code, "%s", call->error[0] != '\0' ? call->error : err_text(code));
    if (err != NULL) {
        err->retry_after = call->hearth.retry_after;
        err->told = call->told;
    }
    return code;
}

struct call *plug_call_of(struct hearth_call *hearth)
{
    struct call *call;
    MAGIC_CAST(call, hearth->host_data, CALL_MAGIC);
    return call;
}

bool plug_call_should_stop(struct call *call)
{
    if (call->stop != NULL && atomic_load_explicit(call->stop, memory_order_relaxed))
        return true;
    if (plug_breaker_is_open(call->breaker))
        return true;
    return call->hearth.deadline != 0 && clock_monotonic() >= call->hearth.deadline;
}
