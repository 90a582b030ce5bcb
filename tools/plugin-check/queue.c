#include "queue_kit.h"

const struct kit_test *const kit_queue_tests[] = {
    kit_loading_tests,       kit_queue_jobs_tests,   kit_queue_kinds_tests, kit_queue_events_tests,
    kit_queue_threads_tests, kit_queue_waits_tests,  kit_queue_many_tests,  kit_queue_again_tests,
    kit_queue_random_tests,  kit_queue_memory_tests, kit_queue_leaks_tests, kit_stride_tests,
    kit_queue_later_tests,   kit_queue_break_tests,  kit_queue_keep_tests,
};
const size_t kit_queue_test_count = sizeof(kit_queue_tests) / sizeof(kit_queue_tests[0]);
