/* Structs of the border between host and plugin, of which either side may know a shorter one. */
#ifndef SUPPORT_ABI_H
#define SUPPORT_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Copies a result into the caller's struct, which may be an older and shorter one; the caller has
 * set its struct_size (0 counts as all of it), and finds there what was filled. */
#define SUPPORT_GIVE(result, ret_result)                                                           \
    do {                                                                                           \
        uint32_t room_ = (ret_result)->struct_size;                                                \
        uint32_t size_ =                                                                           \
            room_ > 0 && room_ < sizeof(*(ret_result)) ? room_ : (uint32_t)sizeof(*(ret_result));  \
        memcpy((ret_result), &(result), size_);                                                    \
        (ret_result)->struct_size = size_;                                                         \
    } while (0)

#endif
