/* A host of the next version hands in larger structs in its arrays: a plugin that takes them for
 * arrays of its own reads something else. */
#include "kit.h"

#include <sys/mman.h>
#include <unistd.h>

/* Each value ends where a page ends, behind which nobody may read: whoever does not step by
 * HEARTH_AT is stopped at once. */
static void wider_values(struct kit *kit)
{
    size_t count = kit->descriptor->config_count, page = (size_t)sysconf(_SC_PAGESIZE),
           stride = 2 * page;
    if (count > 0) {
        char *pages =
            mmap(NULL, count * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        expect(pages != MAP_FAILED);
        for (size_t i = 0; i < count; i++) {
            struct hearth_config_value value = *HEARTH_AT(kit->values, i);
            value.struct_size = (uint32_t)stride;
            memcpy(pages + i * stride + page - sizeof(value), &value, sizeof(value));
            expect_number(mprotect(pages + i * stride + page, page, PROT_NONE), 0);
        }
        kit->values =
            (const struct hearth_config_value *)(const void *)(pages + page -
                                                               sizeof(struct hearth_config_value));
    }
    kit_open(kit);
    kit_close(kit);
}

const struct kit_test kit_stride_tests[] = {
    {"growth: a newer host's larger values are stepped through by HEARTH_AT", wider_values,
     KIT_CLOSED},
    {NULL, NULL},
};
