#include "fake_host.h"

static struct fake_host *fake_of(const struct hearth_host *host)
{
    return host->data;
}

static int64_t fake_monotonic(const struct hearth_host *host)
{
    struct fake_host *fake = fake_of(host);
    return fake->now += fake->step;
}

static void fake_random(const struct hearth_host *host, void *bytes, size_t size)
{
    memset(bytes, fake_of(host)->dice, size);
}

static void *fake_alloc(struct hearth_call *call, size_t size)
{
    struct fake_host *fake = call->host_data;
    assert_true(size > 0 && fake->block_count < 64);
    return fake->poor ? NULL : (fake->blocks[fake->block_count++] = calloc(1, size));
}

static bool fake_should_stop(struct hearth_call *call)
{
    return ((struct fake_host *)call->host_data)->stops;
}

void fake_host_init(struct fake_host *fake)
{
    *fake = (struct fake_host){.now = 1000000};
    fake->host = (struct hearth_host){.struct_size = sizeof(fake->host),
                                      .data = fake,
                                      .monotonic_ms = fake_monotonic,
                                      .random = fake_random,
                                      .alloc = fake_alloc,
                                      .should_stop = fake_should_stop};
    fake->call = (struct hearth_call){.struct_size = sizeof(fake->call),
                                      .error = fake->error,
                                      .error_size = sizeof(fake->error),
                                      .host_data = fake};
}

void fake_host_fini(struct fake_host *fake)
{
    for (int i = 0; i < fake->block_count; i++)
        free(fake->blocks[i]);
}
