#include "auth/doors.h"

#include <stdio.h>
#include <string.h>

/* Rows cannot be removed while they are listed. */
struct closing {
    struct doors *doors;
    size_t count;
    char ids[64][TOKEN_ID_SIZE];
};

void doors_add(struct doors *doors, const struct hearth_token *token)
{
    doors->browsers += token->scope == HEARTH_TOKEN_BROWSER;
    doors->tokens += token->scope <= HEARTH_TOKEN_READ;
    doors->links += token->scope == HEARTH_TOKEN_LINK; /* its code goes with it */
}

static int on_door(void *ctx, const struct hearth_token *token)
{
    struct closing *closing = ctx;
    if (snprintf(closing->ids[closing->count], TOKEN_ID_SIZE, "%s", token->id) >= TOKEN_ID_SIZE)
        return 0; /* none of ours */
    doors_add(closing->doors, token);
    return ++closing->count == sizeof(closing->ids) / sizeof(closing->ids[0]);
}

int doors_close(struct store *store, const char *account, struct doors *doors, struct err *err)
{
    struct closing closing = {.doors = doors};
    do {
        closing.count = 0;
        int r = STORE(store, err, token_list, account, on_door, &closing);
        for (size_t i = 0; r >= 0 && i < closing.count; i++) {
            struct err why = {0};
            r = STORE(store, &why, token_remove, account, closing.ids[i]);
            if (r == HEARTH_ERR_NOT_FOUND) /* somebody else was quicker */
                r = 0;
            else if (r < 0 && err != NULL)
                *err = why;
        }
        if (r < 0)
            return r;
    } while (closing.count > 0);
    return 0;
}
