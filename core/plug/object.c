#include "plug/object.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/plain_file.h"
#include "base/str.h"
#include "plug/trusted.h"

/* This program's own header, which the linker keeps in memory: what is loaded must be of its
 * machine. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

enum { SEGMENTS_MAX = 1024, MACHINE_SIZE = 48 };

struct object {
    const char *shown;
    int fd;
    uint64_t size, end; /* end: how far what its headers name reaches */
};

static const char *machine_name(const unsigned char *ident, unsigned machine,
                                char ret[MACHINE_SIZE])
{
    static const struct {
        unsigned number;
        const char *name;
    } names[] = {{EM_386, "x86"},         {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},
                 {EM_AARCH64, "AArch64"}, {EM_RISCV, "RISC-V"},  {EM_PPC, "PowerPC"},
                 {EM_PPC64, "POWER"},     {EM_MIPS, "MIPS"},     {EM_S390, "IBM Z"},
                 {258, "LoongArch"},      {EM_SPARCV9, "SPARC"}};
    const char *bits = ident[EI_CLASS] == ELFCLASS32   ? "32 bits"
                       : ident[EI_CLASS] == ELFCLASS64 ? "64 bits"
                                                       : "of no known width";
    const char *order = ident[EI_DATA] == ELFDATA2LSB ? "" : ", big-endian";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].number == machine) {
            snprintf(ret, MACHINE_SIZE, "%s (%s%s)", names[i].name, bits, order);
            return ret;
        }
    snprintf(ret, MACHINE_SIZE, "machine %u (%s%s)", machine, bits, order);
    return ret;
}

static int check_machine(const struct object *object, const ElfW(Ehdr) * header, struct err *err)
{
    const ElfW(Ehdr) *own = &__ehdr_start;
    bool swapped = header->e_ident[EI_DATA] != own->e_ident[EI_DATA];
    unsigned machine = swapped ? __builtin_bswap16(header->e_machine) : header->e_machine;
    char its[MACHINE_SIZE], ours[MACHINE_SIZE];
    if (!swapped && header->e_ident[EI_CLASS] == own->e_ident[EI_CLASS] &&
        machine == own->e_machine)
        return 0;
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s was built for %s, and this hearthd for %s: build it for this machine",
                   object->shown, machine_name(header->e_ident, machine, its),
                   machine_name(own->e_ident, own->e_machine, ours));
}

static int check_type(const struct object *object, const ElfW(Ehdr) * header, struct err *err)
{
    static const char *const types[] = {"of no type", "an object file that was not linked",
                                        "a program", NULL, "a core dump"};
    size_t type = header->e_type;
    if (type == ET_DYN)
        return 0;
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s is %s, and not a shared object: link it with -shared", object->shown,
                   type < sizeof(types) / sizeof(types[0]) ? types[type] : "of no known type");
}

static int object_damaged(const struct object *object, const char *what, struct err *err)
{
    return err_set(err, HEARTH_ERR_INVALID, "%s is damaged: %s; build or copy it again",
                   object->shown, what);
}

static int not_whole(const struct object *object, uint64_t end, struct err *err)
{
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s is not whole: it has %llu bytes, and what its headers name ends at byte "
                   "%llu; copy it again",
                   object->shown, (unsigned long long)object->size, (unsigned long long)end);
}

static bool object_read(const struct object *object, uint64_t at, void *ret, size_t size)
{
    return pread(object->fd, ret, size, (off_t)at) == (ssize_t)size;
}

/* A part of the file; `what` is where its size stands. */
static int check_part(const struct object *object, uint64_t at, uint64_t size, const char *what,
                      struct err *err)
{
    if (at > UINT64_MAX - size || at + size > INT64_MAX)
        return object_damaged(object, what, err);
    return at + size > object->size ? not_whole(object, at + size, err) : 0;
}

static int check_segments(const struct object *object, const ElfW(Ehdr) * header, struct err *err)
{
    unsigned loaded = 0, dynamic = 0, count = header->e_phnum;
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || count == 0 || count > SEGMENTS_MAX)
        return object_damaged(object, "its header names no segments of this machine", err);
    int r = check_part(object, header->e_phoff, (uint64_t)count * sizeof(ElfW(Phdr)),
                       "the place of its segments is impossible", err);
    for (unsigned i = 0; r == 0 && i < count; i++) {
        ElfW(Phdr) segment;
        if (!object_read(object, header->e_phoff + i * sizeof(segment), &segment, sizeof(segment)))
            return object_damaged(object, "its segments cannot be read", err);
        if (segment.p_type == PT_LOAD && segment.p_filesz > segment.p_memsz)
            return object_damaged(object, "a segment is longer in the file than in memory", err);
        loaded += segment.p_type == PT_LOAD;
        dynamic += segment.p_type == PT_DYNAMIC;
        r = check_part(object, segment.p_offset, segment.p_filesz,
                       "the place of a segment is impossible", err);
    }
    if (r == 0 && (loaded == 0 || dynamic != 1))
        r = object_damaged(object, "it has no segment to load, or not one dynamic section", err);
    return r;
}

/* The linker looks at none of them; but they are the end of a file, and tell that one is
 * missing. */
static int check_sections(const struct object *object, const ElfW(Ehdr) * header, struct err *err)
{
    unsigned count = header->e_shnum;
    if (header->e_shoff == 0 || count == 0)
        return 0;
    if (header->e_shentsize != sizeof(ElfW(Shdr)))
        return object_damaged(object, "its header names no sections of this machine", err);
    int r = check_part(object, header->e_shoff, (uint64_t)count * sizeof(ElfW(Shdr)),
                       "the place of its sections is impossible", err);
    for (unsigned i = 0; r == 0 && i < count; i++) {
        ElfW(Shdr) section;
        if (!object_read(object, header->e_shoff + i * sizeof(section), &section, sizeof(section)))
            return object_damaged(object, "its sections cannot be read", err);
        if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL)
            r = check_part(object, section.sh_offset, section.sh_size,
                           "the place of a section is impossible", err);
    }
    return r;
}

int plug_object_check_elf(const char *shown, int fd, uint64_t size, struct err *err)
{
    struct object object = {.shown = shown, .fd = fd, .size = size};
    ElfW(Ehdr) header;
    if (size == 0)
        return err_set(err, HEARTH_ERR_INVALID, "%s is empty, and not a shared object", shown);
    if (size < sizeof(header) || !object_read(&object, 0, &header, sizeof(header)) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s is not a shared object: it does not begin as one does (ELF)", shown);
    int r = check_machine(&object, &header, err);
    if (r == 0)
        r = check_type(&object, &header, err);
    if (r == 0)
        r = check_segments(&object, &header, err);
    return r < 0 ? r : check_sections(&object, &header, err);
}

int plug_object_check(const char *path, struct err *err)
{
    char shown[PLUG_SHOWN];
    struct stat st;
    int fd, r = plug_trusted_check(path, err);
    if (r < 0)
        return r;
    str_ends(shown, sizeof(shown), path);
    /* opening some does something */
    if (stat(path, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
        return err_set(err, HEARTH_ERR_INVALID, "%s is a device, and not a file", shown);
    r = plain_file_open(path, &fd, &st, err);
    if (r < 0)
        return r;
    r = plug_object_check_elf(shown, fd, (uint64_t)st.st_size, err);
    close(fd);
    return r;
}
