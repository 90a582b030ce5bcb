#include "storage_kit.h"

const struct kit_test *const kit_storage_tests[] = {
    kit_loading_tests,           kit_storage_life_tests,      kit_storage_accounts_tests,
    kit_storage_batches_tests,   kit_storage_meanwhile_tests, kit_storage_identities_tests,
    kit_storage_devices_tests,   kit_storage_pages_tests,     kit_storage_visits_tests,
    kit_storage_bookmarks_tests, kit_storage_threads_tests,   kit_storage_growth_tests,
    kit_storage_moment_tests,    kit_storage_borders_tests,   kit_storage_removals_tests,
    kit_storage_random_tests,    kit_storage_memory_tests,    kit_storage_leaks_tests,
    kit_storage_lookups_tests,   kit_storage_sources_tests,   kit_storage_outputs_tests,
    kit_storage_values_tests,    kit_storage_keys_tests,      kit_stride_tests,
    kit_storage_cursors_tests,   kit_storage_corners_tests,   kit_storage_ahead_tests,
    kit_storage_changes_tests,   kit_storage_push_tests,      kit_storage_break_tests,
};
const size_t kit_storage_test_count = sizeof(kit_storage_tests) / sizeof(kit_storage_tests[0]);
