/* Providers that sign people in: what is true of any such conversation. */
#include "sync_kit.h"

static void need_signin(struct kit *kit)
{
    if (kit->signin == NULL)
        kit_skip("the plugin has no sign-in");
}

static void expect_step(const struct hearth_signin_step *step)
{
    bool goes_on = step->kind == HEARTH_SIGNIN_ASK || step->kind == HEARTH_SIGNIN_VISIT ||
                   step->kind == HEARTH_SIGNIN_WAIT;
    if (!goes_on && step->kind != HEARTH_SIGNIN_DONE && step->kind != HEARTH_SIGNIN_FAILED)
        fail_msg("a step of the unknown kind %d", (int)step->kind);
    if (goes_on && (step->state == NULL || step->state_size == 0 || step->state_size > 16384))
        fail_msg("a step without a state of 1 to 16,384 bytes");
    if (goes_on && step->title == NULL)
        fail_msg("a step without a title");
    kit_check_message(step->title, "the title");
    kit_check_message(step->text, "the text");
    kit_check_message(step->problem, "the problem");
    if (step->kind == HEARTH_SIGNIN_VISIT && step->url == NULL)
        fail_msg("a VISIT without an address");
    if (step->kind == HEARTH_SIGNIN_VISIT && !step->returns && step->field_count == 0)
        fail_msg("a VISIT that neither returns nor asks for anything");
    if (step->kind == HEARTH_SIGNIN_FAILED && step->text == NULL)
        fail_msg("a FAILED without words");
    for (size_t i = 0; i < step->field_count; i++)
        expect(HEARTH_AT(step->fields, i)->name != NULL &&
               HEARTH_AT(step->fields, i)->label != NULL);
    for (size_t i = 0; i < step->field_count; i++) {
        kit_check_message(HEARTH_AT(step->fields, i)->label, "a label");
        kit_check_message(HEARTH_AT(step->fields, i)->hint, "a hint");
    }
    for (size_t i = 0; i < step->choice_count; i++)
        kit_check_message(HEARTH_AT(step->choices, i)->label, "a choice");
}

static struct hearth_signin_step signin_step_empty(void)
{
    return (struct hearth_signin_step){.struct_size = sizeof(struct hearth_signin_step)};
}

static int signin_flow_start(struct kit *kit, int method, struct hearth_signin_step *ret_step)
{
    struct hearth_signin signin = {.struct_size = sizeof(signin),
                                   .method = method,
                                   .email = "a@example.org",
                                   .callback = "https://kit.example.org/auth/callback"};
    *ret_step = signin_step_empty();
    return WATCHED("start", kit->signin->start(kit->handle, &kit->call.hearth, &signin, ret_step));
}

/* Whatever the other servers say, there is a step, or a code with words. */
static void any_answer(struct kit *kit)
{
    static const int statuses[] = {
        HEARTH_ERR_UNAVAILABLE, HEARTH_ERR_TIMEOUT, 200, 204, 400, 401, 404, 406, 429, 500, 503};
    static const char *const bodies[] = {"", "{}", "[", "{\"errno\":999}", "\xff"};
    struct hearth_signin_step step;
    need_signin(kit);
    for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++) {
        for (size_t b = 0; b < sizeof(bodies) / sizeof(bodies[0]); b++) {
            struct sync_answer answer = {.status = statuses[s], .body = bodies[b]};
            struct hearth_signin_answer password = {
                .struct_size = sizeof(password), .name = "password", .value = "x"};
            kit_sync_answer(&answer);
            for (int method = 1; method <= HEARTH_SIGNIN_PASSWORD; method <<= 1) {
                if ((kit->signin->methods(kit->self) & (uint64_t)method) == 0)
                    continue;
                int r = signin_flow_start(kit, method, &step);
                if (r == 0)
                    expect_step(&step);
                if (r == 0 && step.state != NULL) {
                    struct hearth_signin_step next = signin_step_empty();
                    r = WATCHED("next",
                                kit->signin->next(kit->handle, &kit->call.hearth, step.state,
                                                  step.state_size, &password, 1, &next));
                    if (r == 0)
                        expect_step(&next);
                }
                if (r < 0 && kit->call.error[0] == '\0')
                    fail_msg("%s without words", err_name(r));
                plug_call_reset(&kit->call);
            }
        }
    }
}

static void foreign_state(struct kit *kit)
{
    static const size_t sizes[] = {0, 1, 16, 255, 4096, 16384};
    static unsigned char bytes[16384];
    struct sync_answer answer = {.status = 404, .body = ""};
    need_signin(kit);
    kit_sync_answer(&answer);
    for (int fill = 0; fill < 256; fill += 51) {
        memset(bytes, fill, sizeof(bytes));
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct hearth_signin_step step, before;
            memset(&step, 0x5a, sizeof(step));
            step.struct_size = sizeof(step);
            before = step;
            int r = WATCHED("next", kit->signin->next(kit->handle, &kit->call.hearth, bytes,
                                                      sizes[i], NULL, 0, &step));
            if (r < 0 && memcmp(&step, &before, sizeof(step)) != 0)
                fail_msg(
                    "next() failed with %s and changed its output: what fails leaves it as it was",
                    err_name(r));
            if (r == 0 ? step.kind != HEARTH_SIGNIN_FAILED : r != HEARTH_ERR_INVALID)
                fail_msg("a foreign state of %zu bytes is taken (%s)", sizes[i],
                         r == 0 ? "a step" : err_name(r));
            plug_call_reset(&kit->call);
        }
    }
}

static void way_not_offered(struct kit *kit)
{
    struct hearth_signin_step step;
    need_signin(kit);
    int r = signin_flow_start(kit, 1 << 20, &step);
    if (r != HEARTH_ERR_UNSUPPORTED)
        fail_msg("a way that is not offered returned %s, UNSUPPORTED was expected", err_name(r));
}

static void signin_described(struct kit *kit)
{
    struct hearth_identity identity, told = {.struct_size = sizeof(told)};
    if (kit->describe == NULL)
        kit_skip("the plugin does not describe credentials");
    kit_sync_identity(kit, &identity);
    expect_number(kit->describe->describe(kit->handle, &kit->call.hearth, identity.credentials,
                                          identity.credentials_size, &told),
                  0);
    expect_text(told.uid, identity.uid);
    expect(told.credentials == NULL && told.email == NULL);
    expect_number(kit->describe->describe(kit->handle, &kit->call.hearth, "x", 1, &told),
                  HEARTH_ERR_INVALID);
}

const struct kit_test kit_signin_tests[] = {
    {"sign-in: whatever the service answers, there is a step or words", any_answer},
    {"sign-in: a foreign state is INVALID, or the end", foreign_state},
    {"sign-in: a way that is not offered is UNSUPPORTED", way_not_offered},
    {"sign-in: credentials say whose they are", signin_described},
    {NULL, NULL},
};
