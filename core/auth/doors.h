/* What was given out to open an account: signed-in browsers, API tokens, sign-in links and codes, fresh sign-ins. Rows of its tokens. */
#ifndef HEARTH_CORE_AUTH_DOORS_H
#define HEARTH_CORE_AUTH_DOORS_H

#include "auth/token.h"
#include "base/err.h"
#include "plug/store.h"

struct doors {
    int browsers, tokens, links;
};

void doors_add(struct doors *doors, const struct hearth_token *token);
/* All of them end, and are added to *doors. An error: some may be left. */
int doors_close(struct store *store, const char *account, struct doors *doors, struct err *err);

#endif
