/* How results leave the plugin. */
#ifndef STORAGE_SQLITE_RESULTS_H
#define STORAGE_SQLITE_RESULTS_H

#include <stdint.h>
#include <string.h>

/* Copies a result into the caller's struct, which may be an older and shorter one; the caller has set its struct_size. */
#define RESULT_GIVE(result, ret_result)                                                                                                    \
    do {                                                                                                                                   \
        uint32_t room_ = (ret_result)->struct_size;                                                                                        \
        uint32_t size_ = room_ > 0 && room_ < sizeof(*(ret_result)) ? room_ : (uint32_t)sizeof(*(ret_result));                             \
        memcpy((ret_result), &(result), size_);                                                                                            \
        (ret_result)->struct_size = size_;                                                                                                 \
    } while (0)

#endif
