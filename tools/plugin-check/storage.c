#include "storage_kit.h"

const struct kit_test *const storage_tests[] = {
    loading_tests,           storage_life_tests,       storage_accounts_tests, storage_batches_tests,
    storage_meanwhile_tests, storage_identities_tests, storage_devices_tests,  storage_pages_tests,
    storage_visits_tests,    storage_bookmarks_tests,  storage_threads_tests,  storage_growth_tests,
    storage_moment_tests,    storage_borders_tests,    storage_removals_tests, storage_random_tests,
    storage_memory_tests,    storage_leaks_tests,      storage_lookups_tests,  storage_sources_tests,
    storage_outputs_tests,   storage_values_tests,     storage_keys_tests,     stride_tests,
    storage_cursors_tests,   storage_corners_tests,    storage_break_tests,
};
const size_t storage_test_count = sizeof(storage_tests) / sizeof(storage_tests[0]);
