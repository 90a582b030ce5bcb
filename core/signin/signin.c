#include "signin/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/email.h"
#include "base/message.h"
#include "signin/messages.h"

enum { STEP_TIMEOUT = 60000, ARENA_MAX = 1 << 20 };

int signin_create(const struct signin_options *options, struct signin **ret_signin, struct err *err)
{
    struct signin *signin = calloc(1, sizeof(*signin));
    if (signin == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    signin->options = *options;
    atomic_init(&signin->password, options->password);
    if (signin->options.step_timeout == 0)
        signin->options.step_timeout = STEP_TIMEOUT;
    pthread_mutex_init(&signin->lock, NULL);
    for (size_t i = 0; i < SIGNIN_PROVIDERS_MAX; i++) {
        signin_gate_init(&signin->gates[i], signin->options.step_timeout / GATE_PART);
        signin_gate_init(&signin->start_gates[i], signin->options.step_timeout / GATE_PART);
    }
    *ret_signin = signin;
    return 0;
}

void signin_destroy(struct signin *signin)
{
    if (signin == NULL)
        return;
    pthread_mutex_destroy(&signin->lock);
    for (size_t i = 0; i < SIGNIN_PROVIDERS_MAX; i++) {
        signin_gate_fini(&signin->gates[i]);
        signin_gate_fini(&signin->start_gates[i]);
    }
    free(signin);
}

size_t signin_provider_count(const struct signin *signin)
{
    return signin->options.provider_count;
}

const char *signin_provider_name(const struct signin *signin, size_t provider)
{
    return signin->options.providers[provider].name;
}

const struct vault *signin_vault(const struct signin *signin)
{
    return signin->options.vault;
}

uint64_t signin_methods(const struct signin *signin, size_t provider)
{
    const struct signin_provider *p = &signin->options.providers[provider];
    if (p->signin == NULL)
        return 0;
    uint64_t methods = p->signin->methods(p->self);
    return atomic_load(&signin->password) ? methods : methods & ~(uint64_t)HEARTH_SIGNIN_PASSWORD;
}

void signin_set_password(struct signin *signin, bool offered)
{
    atomic_store(&signin->password, offered);
}

/* --- a thread's part --- */

void signin_worker_init(struct signin_worker *worker, struct signin *signin)
{
    memset(worker, 0, sizeof(*worker));
    worker->signin = signin;
    plug_call_init(&worker->call, &worker->stop, 0, ARENA_MAX);
}

void signin_worker_close(struct signin_worker *worker)
{
    for (size_t i = 0; i < SIGNIN_PROVIDERS_MAX; i++) {
        void *handle = (void *)atomic_exchange(&worker->handles[i], 0);
        if (handle != NULL)
            worker->signin->options.providers[i].ops->handle_close(handle);
    }
    arena_wipe(&worker->call.arena);
    plug_call_fini(&worker->call);
}

void signin_worker_interrupt(struct signin_worker *worker)
{
    atomic_store(&worker->stop, true);
    for (size_t i = 0; i < SIGNIN_PROVIDERS_MAX; i++) {
        void *handle = (void *)atomic_load(&worker->handles[i]);
        if (handle != NULL)
            worker->signin->options.providers[i].ops->interrupt(handle);
    }
}

int signin_handle(struct signin_worker *worker, size_t provider, void **ret_handle, struct err *err)
{
    const struct signin_provider *p = &worker->signin->options.providers[provider];
    void *handle = (void *)atomic_load(&worker->handles[provider]);
    if (handle == NULL) {
        int r = plug_call_check(&worker->call,
                                p->ops->handle_open(p->self, &worker->call.hearth, &handle), err);
        if (r < 0)
            return r;
        atomic_store(&worker->handles[provider], (uintptr_t)handle);
    }
    *ret_handle = handle;
    return 0;
}

/* What a provider puts into a call's arena may be secret. */
static int signin_begin_call(struct signin_worker *worker, size_t provider, void **ret_handle,
                             struct err *err)
{
    arena_wipe(&worker->call.arena);
    plug_call_reset(&worker->call);
    worker->call.hearth.deadline = clock_monotonic() + worker->signin->options.step_timeout;
    return signin_handle(worker, provider, ret_handle, err);
}

/* Of a plugin's array of structs, whatever their size there, an array of this host's in the
 * call's memory. NULL: there is none. */
static const void *copy_array(struct signin_worker *worker, const void *items, size_t count,
                              size_t size)
{
    uint32_t stride = count == 0 ? 0 : *(const uint32_t *)items;
    char *copy = arena_alloc(&worker->call.arena, (count + 1) * size);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        memcpy(copy + i * size, (const char *)items + i * stride, stride < size ? stride : size);
        memcpy(copy + i * size, &(uint32_t){(uint32_t)size}, sizeof(uint32_t));
    }
    return copy;
}

enum { STEP_ITEMS_MAX = 64 };

static int take_arrays(struct signin_worker *worker, struct hearth_signin_step *step,
                       struct err *err)
{
    if (step->field_count > STEP_ITEMS_MAX || step->choice_count > STEP_ITEMS_MAX ||
        (step->field_count > 0 && step->fields == NULL) ||
        (step->choice_count > 0 && step->choices == NULL))
        return err_set(
            err, HEARTH_ERR_INTERNAL,
            "a step of the sign-in has %zu fields and %zu choices, some of which are not there",
            step->field_count, step->choice_count);
    step->fields = copy_array(worker, step->fields, step->field_count, sizeof(*step->fields));
    step->choices = copy_array(worker, step->choices, step->choice_count, sizeof(*step->choices));
    return step->fields != NULL && step->choices != NULL
               ? 0
               : err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

/* Its words, as this host's structs in the call's memory. */
static int signin_keep_message(struct signin_worker *worker, struct hearth_signin_step *step,
                               struct err *err)
{
    struct arena *arena = &worker->call.arena;
    /* take_arrays() made them */
    struct hearth_signin_field *fields = (struct hearth_signin_field *)(uintptr_t)step->fields;
    struct hearth_signin_choice *choices = (struct hearth_signin_choice *)(uintptr_t)step->choices;
    int r = message_take(arena, step->title, &step->title, err);
    if (r == 0)
        r = message_take(arena, step->text, &step->text, err);
    if (r == 0)
        r = message_take(arena, step->problem, &step->problem, err);
    for (size_t i = 0; r == 0 && i < step->field_count; i++) {
        r = message_take(arena, fields[i].label, &fields[i].label, err);
        if (r == 0)
            r = message_take(arena, fields[i].hint, &fields[i].hint, err);
    }
    for (size_t i = 0; r == 0 && i < step->choice_count; i++)
        r = message_take(arena, choices[i].label, &choices[i].label, err);
    return r;
}

static bool fields_are_sound(const struct hearth_signin_step *step)
{
    for (size_t i = 0; i < step->field_count; i++)
        if (step->fields[i].name == NULL || step->fields[i].label == NULL)
            return false;
    for (size_t i = 0; i < step->choice_count; i++)
        if (step->choices[i].name == NULL || step->choices[i].label == NULL)
            return false;
    return true;
}

/* What a plugin of a stranger may get wrong. */
static int check_step(struct signin_worker *worker, size_t provider,
                      struct hearth_signin_step *step, struct err *err)
{
    const struct signin *signin = worker->signin;
    int r = take_arrays(worker, step, err);
    if (r == 0)
        r = signin_keep_message(worker, step, err);
    if (r < 0)
        return r == HEARTH_ERR_INVALID ? err->code = HEARTH_ERR_INTERNAL : r;
    const char *name = signin->options.providers[provider].name;
    bool goes_on = step->kind == HEARTH_SIGNIN_ASK || step->kind == HEARTH_SIGNIN_VISIT ||
                   step->kind == HEARTH_SIGNIN_WAIT;
    const struct hearth_identity *identity = step->identity;
    if (goes_on && (step->state == NULL || step->state_size > SIGNIN_STATE_MAX ||
                    step->title == NULL || !fields_are_sound(step)))
        return err_set(err, HEARTH_ERR_INTERNAL,
                       "the sync plugin of [sync %s] gave a malformed step", name);
    if (step->kind == HEARTH_SIGNIN_VISIT && step->url == NULL)
        return err_set(err, HEARTH_ERR_INTERNAL,
                       "the sync plugin of [sync %s] names no address to visit", name);
    if (step->kind == HEARTH_SIGNIN_DONE &&
        (identity == NULL || identity->uid == NULL || identity->credentials == NULL))
        return err_set(err, HEARTH_ERR_INTERNAL,
                       "the sync plugin of [sync %s] gave an incomplete identity", name);
    if (!goes_on && step->kind != HEARTH_SIGNIN_DONE && step->kind != HEARTH_SIGNIN_FAILED)
        return err_set(err, HEARTH_ERR_INTERNAL,
                       "the sync plugin of [sync %s] gave a step of an unknown kind", name);
    return 0;
}

/* Whoever says so, no account is called by an address that cannot be read, typed or told from
 * another. One that is nobody's address at all comes in by the operator alone, who says whose it
 * is. */
static int signin_refuse_address(struct signin_worker *worker, struct hearth_signin_step *step,
                                 struct err *err)
{
    const char *email = step->kind == HEARTH_SIGNIN_DONE ? step->identity->email : NULL;
    if (step->kind != HEARTH_SIGNIN_DONE || (email != NULL && email_fault(email) == NULL))
        return 0;
    struct hearth_sentence sentences[] = {signin_says_title(),
                                          email == NULL ? signin_says_no_address()
                                                        : signin_says_unusable_address()};
    struct hearth_message title = hearth_sentence_message(&sentences[0]),
                          text = hearth_sentence_message(&sentences[1]);
    *step =
        (struct hearth_signin_step){.struct_size = step->struct_size,
                                    .kind = HEARTH_SIGNIN_FAILED,
                                    .reason = email == NULL ? "no_address" : "unusable_address"};
    int r = message_take(&worker->call.arena, &title, &step->title, err);
    return r == 0 ? message_take(&worker->call.arena, &text, &step->text, err) : r;
}

static struct hearth_signin_step empty_step(void)
{
    return (struct hearth_signin_step){.struct_size = sizeof(struct hearth_signin_step)};
}

/* A provider's server that is slow takes no more than its share of the threads. */
static int signin_enter_gate(struct signin_worker *worker, struct gate *gate, size_t provider,
                             struct gate_visit *visit, struct err *err)
{
    const char *name = signin_provider_name(worker->signin, provider);
    switch (signin_gate_enter(gate, worker->address, worker->email, &worker->stop, visit)) {
    case GATE_INSIDE:
        return 0;
    case GATE_BUSY:
        return err_set(err, HEARTH_ERR_CONFLICT, "[sync %s]: a sign-in of this person is under way",
                       name);
    case GATE_STOPPED:
        return err_set(err, HEARTH_ERR_CANCELLED, "[sync %s]: the sign-in was interrupted", name);
    default:
        return err_set(err, HEARTH_ERR_UNAVAILABLE,
                       "[sync %s]: the accounts server is slow; many people already wait for it",
                       name);
    }
}

int signin_start(struct signin_worker *worker, size_t provider, const struct hearth_signin *what,
                 struct hearth_signin_step *ret_step, struct err *err)
{
    const struct signin *signin = worker->signin;
    struct hearth_signin_step step = empty_step();
    void *handle;
    if ((signin_methods(signin, provider) & (uint64_t)what->method) == 0)
        return err_set(err, HEARTH_ERR_UNSUPPORTED,
                       "[sync %s] does not offer this way of signing in",
                       signin_provider_name(signin, provider));
    struct gate_visit visit;
    struct gate *gate = &worker->signin->start_gates[provider];
    int r = signin_enter_gate(worker, gate, provider, &visit, err);
    if (r < 0)
        return r;
    r = signin_begin_call(worker, provider, &handle, err);
    if (r == 0)
        r = plug_call_check(&worker->call,
                            signin->options.providers[provider].signin->start(
                                handle, &worker->call.hearth, what, &step),
                            err);
    signin_gate_leave(gate, &visit);
    if (r == 0)
        r = check_step(worker, provider, &step, err);
    if (r == 0)
        r = signin_refuse_address(worker, &step, err);
    if (r == 0)
        *ret_step = step;
    return r;
}

int signin_next(struct signin_worker *worker, size_t provider, const void *state, size_t state_size,
                const struct hearth_signin_answer *answers, size_t count,
                struct hearth_signin_step *ret_step, struct err *err)
{
    const struct signin *signin = worker->signin;
    struct hearth_signin_step step = empty_step();
    void *handle;
    struct gate_visit visit;
    struct gate *gate = &worker->signin->gates[provider];
    int r = signin_enter_gate(worker, gate, provider, &visit, err);
    if (r < 0)
        return r;
    r = signin_begin_call(worker, provider, &handle, err);
    if (r == 0)
        r = plug_call_check(
            &worker->call,
            signin->options.providers[provider].signin->next(handle, &worker->call.hearth, state,
                                                             state_size, answers, count, &step),
            err);
    signin_gate_leave(gate, &visit);
    if (r == 0)
        r = check_step(worker, provider, &step, err);
    if (r == 0)
        r = signin_refuse_address(worker, &step, err);
    if (r == 0)
        *ret_step = step;
    return r;
}

int signin_import(struct signin_worker *worker, size_t provider, const char *text,
                  struct hearth_identity *ret_identity, struct err *err)
{
    struct hearth_identity identity = {.struct_size = sizeof(identity)};
    void *handle;
    int r = signin_begin_call(worker, provider, &handle, err);
    if (r == 0)
        r = plug_call_check(&worker->call,
                            worker->signin->options.providers[provider].ops->account_import(
                                handle, &worker->call.hearth, text, &identity),
                            err);
    const char *fault = r < 0 || identity.email == NULL ? NULL : email_fault(identity.email);
    if (fault != NULL)
        r = err_set(err, HEARTH_ERR_INVALID, "the e-mail address %s %s", identity.email, fault);
    if (r == 0)
        *ret_identity = identity;
    return r;
}
