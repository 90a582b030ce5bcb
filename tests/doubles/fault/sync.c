/* sync-fault: every operation of a sync plugin. */
#include "fault.h"
#include "hearth/sync.h"

#define INNER(s) ((const struct hearth_sync *)(s)->fault->table)

#define CALLS(X)                                                                                   \
    X(account_import, 0, NULL, (const char *json, struct hearth_identity *ret_identity),           \
      (json, ret_identity))                                                                        \
    X(pull, 0, pull->account,                                                                      \
      (const struct hearth_pull *pull, struct hearth_pull_result *ret_result), (pull, ret_result))

CALLS(FAULT_CALL)

static void forget(void *self, const char *account)
{
    struct fault *fault = self;
    ((const struct hearth_sync *)fault->table)->forget(fault->inner, account);
}

static struct hearth_sync table = {
    .struct_size = sizeof(table), FAULT_LIFE, CALLS(FAULT_ENTRY).forget = forget};

static const struct fault_operation operations[] = {
    {"open", 0}, {"handle_open", 0}, CALLS(FAULT_CALL_NAME)};

const struct fault_kind fault_kind = {
    .kind = HEARTH_SYNC,
    .capabilities = "HEARTH_FAULT_SYNC",
    .table = &table,
    .table_size = sizeof(table),
    .operations = operations,
    .count = sizeof(operations) / sizeof(operations[0]),
};
