#include "symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct symbols_file {
    const unsigned char *bytes;
    size_t size;
};

static const void *symbols_part_of_file(const struct symbols_file *file, size_t offset, size_t size)
{
    return offset <= file->size && size <= file->size - offset ? file->bytes + offset : NULL;
}

/* It can be seen by who loads the object or links to it. */
static bool is_defined(const ElfW(Sym) * symbol)
{
    unsigned binding = symbol->st_info >> 4, visibility = symbol->st_other & 3;
    return symbol->st_shndx != SHN_UNDEF && binding != STB_LOCAL && visibility != STV_HIDDEN &&
           visibility != STV_INTERNAL;
}

static bool walk_table(const struct symbols_file *file, const ElfW(Shdr) * table,
                       const ElfW(Shdr) * names, symbols_cb cb, void *ctx)
{
    const ElfW(Sym) *symbols = symbols_part_of_file(file, table->sh_offset, table->sh_size);
    const char *texts = symbols_part_of_file(file, names->sh_offset, names->sh_size);
    if (symbols == NULL || texts == NULL || names->sh_size == 0 ||
        texts[names->sh_size - 1] != '\0')
        return false;
    for (size_t i = 1; i < table->sh_size / sizeof(*symbols); i++) {
        bool undefined = symbols[i].st_shndx == SHN_UNDEF;
        if (symbols[i].st_name == 0 || symbols[i].st_name >= names->sh_size)
            continue;
        if ((undefined || is_defined(&symbols[i])) &&
            cb(ctx, texts + symbols[i].st_name, !undefined) != 0)
            break;
    }
    return true;
}

static bool walk_file(const struct symbols_file *file, symbols_cb cb, void *ctx)
{
    const ElfW(Ehdr) *header = symbols_part_of_file(file, 0, sizeof(*header));
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_shentsize != sizeof(ElfW(Shdr)))
        return false;
    const ElfW(Shdr) *sections =
        symbols_part_of_file(file, header->e_shoff, header->e_shnum * sizeof(*sections));
    for (size_t i = 0; sections != NULL && i < header->e_shnum; i++)
        if (sections[i].sh_type == SHT_DYNSYM && sections[i].sh_link < header->e_shnum)
            return walk_table(file, &sections[i], &sections[sections[i].sh_link], cb, ctx);
    return false;
}

bool kit_symbols_each(const char *path, symbols_cb cb, void *ctx)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool found = false;
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes != MAP_FAILED) {
            struct symbols_file file = {.bytes = bytes, .size = (size_t)status.st_size};
            found = walk_file(&file, cb, ctx);
            munmap(bytes, (size_t)status.st_size);
        }
    }
    if (fd >= 0)
        close(fd);
    return found;
}
