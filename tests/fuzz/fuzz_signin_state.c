/* What the host hands back between two steps of a sign-in, and what the accounts server says no
 * with. */
#include <assert.h>
#include <string.h>

#include "signin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fx_signin_state state;
    struct fx_answer answer = {.status = 400};
    struct fx_signin_refusal refusal;
    if (fx_signin_state_read(data, size, &state) == 0)
        assert(state.stage > 0 && state.stage < FX_STAGES &&
               strlen(state.email) < sizeof(state.email));
    fx_signin_state_init(&state, FX_AT_TOTP, 0); /* a good one, overwritten from the middle on */
    size_t n = size < sizeof(state) - 24 ? size : sizeof(state) - 24;
    memcpy((char *)&state + 24, data, n);
    struct fx_signin_state read;
    if (fx_signin_state_read(&state, sizeof(state), &read) == 0)
        assert(strlen(read.callback) < sizeof(read.callback) &&
               strlen(read.verifier) < sizeof(read.verifier));
    answer.error_body_size =
        size < sizeof(answer.error_body) - 1 ? size : sizeof(answer.error_body) - 1;
    memcpy(answer.error_body, data, answer.error_body_size);
    fx_signin_refusal_read(&answer, &refusal);
    assert(strlen(refusal.email) < sizeof(refusal.email) && refusal.retry_after >= 0);
    return 0;
}
