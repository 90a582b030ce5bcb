/* A folder of configuration files, for the tests of this folder. After cmocka.h. */
#ifndef HEARTH_TESTS_CONF_FOLDER_H
#define HEARTH_TESTS_CONF_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char folder[64];

static inline void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline void set_mode(const char *name, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(chmod(path, mode), 0);
}

static inline void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/hearth-conf-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static inline void remove_folder(void)
{
    char text[256];
    snprintf(text, sizeof(text), "rm -r %s", folder);
    assert_int_equal(system(text), 0);
}

#endif
