/* Files in the place of a plugin, before the linker gets them: refused in a sentence, or
 * everything that is mapped lies within the file. */
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/magic.h"
#include "plug/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mapped_is_there(const uint8_t *data, size_t size)
{
    Elf64_Ehdr header;
    memcpy(&header, data, sizeof(header));
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        ASSERT(header.e_phoff + (i + 1) * sizeof(segment) <= size);
        memcpy(&segment, data + header.e_phoff + i * sizeof(segment), sizeof(segment));
        ASSERT(segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    int fd = memfd_create("object", MFD_CLOEXEC);
    ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    int r = plug_object_check_elf("the file", fd, size, &err);
    if (r == 0)
        mapped_is_there(data, size);
    else
        ASSERT(strncmp(err.text, "the file is not", 8) == 0 ||
               strncmp(err.text, "the file was", 12) == 0);
    ASSERT(lseek(fd, 0, SEEK_END) == (off_t)size);
    close(fd);
    return 0;
}
