#include "queue_kit.h"

const struct kit_test *const queue_tests[] = {
    loading_tests,     queue_jobs_tests, queue_kinds_tests, queue_events_tests, queue_threads_tests,
    queue_waits_tests, queue_many_tests, queue_again_tests, queue_random_tests, queue_memory_tests,
    queue_leaks_tests, stride_tests,     queue_later_tests, queue_break_tests,
};
const size_t queue_test_count = sizeof(queue_tests) / sizeof(queue_tests[0]);
