/* A host whose clock, memory, dice and wish to stop are the test's. */
#ifndef TEST_SUPPORT_FAKE_HOST_H
#define TEST_SUPPORT_FAKE_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hearth/plugin.h"

struct fake_host {
    struct hearth_host host;
    struct hearth_call call;
    char error[256];
    int64_t now, step; /* each look at the clock moves it by `step` */
    _Atomic bool stops;
    bool poor; /* poor: alloc() has nothing */
    uint8_t dice;
    void *blocks[64];
    int block_count;
};

void fake_host_init(struct fake_host *fake);
void fake_host_fini(struct fake_host *fake);

#endif
