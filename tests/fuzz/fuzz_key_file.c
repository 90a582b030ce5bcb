/* Key files: what opens seals and opens again. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/vault.h"
#include "base/magic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct vault *vault;
    struct err err = {0};
    int fd = memfd_create("keys", MFD_CLOEXEC);
    ASSERT(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (vault_open(path, false, &vault, &err) == 0)
        vault_close(vault);
    else
        ASSERT(err.text[0] != '\0');
    close(fd);
    return 0;
}
