/* Checks the file and the rules between its tables. */
#ifndef STORAGE_SQLITE_VERIFY_H
#define STORAGE_SQLITE_VERIFY_H

#include "store.h"

int verify_run(void *session, struct hearth_call *call, hearth_text_cb cb, void *ctx);

#endif
