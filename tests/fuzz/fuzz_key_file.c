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

static void seal_and_unseal(const struct vault *vault)
{
    static const char plain[] = "a secret";
    void *sealed, *again;
    size_t sealed_size, size;
    struct err err = {0};
    ASSERT(auth_vault_seal(vault, "fuzz", plain, sizeof(plain), &sealed, &sealed_size, &err) == 0);
    ASSERT(auth_vault_unseal(vault, "fuzz", sealed, sealed_size, &again, &size, &err) == 0);
    ASSERT(size == sizeof(plain) && memcmp(again, plain, size) == 0);
    auth_vault_free(again, size);
    free(sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct vault *vault;
    struct err err = {0};
    int fd = memfd_create("keys", MFD_CLOEXEC);
    ASSERT(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (auth_vault_open(path, false, &vault, &err) == 0) {
        ASSERT(memchr(data, '\0', size) == NULL);
        seal_and_unseal(vault);
        auth_vault_close(vault);
    } else {
        ASSERT(err.text[0] != '\0');
    }
    close(fd);
    return 0;
}
