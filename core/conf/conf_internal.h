#ifndef HEARTH_CORE_CONF_CONF_INTERNAL_H
#define HEARTH_CORE_CONF_CONF_INTERNAL_H

#include <sys/stat.h>

#include "base/arena.h"
#include "conf/conf.h"

enum {
    CONF_FILE_MAX = 1 << 20,
    CONF_LINE_MAX = 16 * 1024,
    CONF_ENTRIES_MAX = 10000,
    CONF_SECRET_MAX = 64 * 1024
};

#define CONF_LIST_SPACE " \t\r\n" /* between the items of a list; lines are those of KEY_file */
#define CONF_NAMES_SOMEBODY                                                                        \
    "names and passwords do not belong into this address, which is shown and logged: write it "    \
    "without what stands before the @"

/* Whence settings come: a file, the environment, the command line. */
struct conf_file {
    const char *name;
    bool on_disk;     /* and this is what was known of it when it was read */
    bool environment; /* what it has are variables */
    struct stat st;
};

struct conf_entry {
    struct conf_entry *next;
    const char *key;
    char *value; /* "" while it is withheld */
    /* why the value could not be taken from its KEY_file; NULL: it is there */
    const char *withheld;
    const struct conf_file *file;
    const char *where; /* "FILE:LINE", "environment NAME", "--role" */
    int line;          /* of a file; 0: it has none */
    bool secret_file;  /* it came by KEY_file */
};

struct conf_section {
    struct conf_section *next;
    const struct conf_kind *kind;
    const char *name;
    const char *where; /* it was first written; NULL: a default */
    struct conf_entry *entries;
    struct hearth_config_value *values; /* of kind->keys */
    /* beside them: struct conf_list and its like; NULL where the text says it all */
    const void **shapes;
    const struct hearth_config_key *plugin_keys;
    struct hearth_config_value *plugin_values;
    size_t plugin_count;
};

struct conf {
    uint32_t magic;
    struct arena arena;
    struct conf_section *sections; /* in order of first appearance */
    size_t entry_count;
    const char *state_dir;
};

/* reader.c: what is common to lines of files and to variables of the environment. What is wrong
 * goes to the findings, and reading goes on behind it. */
struct conf_reader {
    struct conf *conf;
    const struct conf_file *file;
    int line;         /* of a file */
    const char *name; /* of a variable, or of an option; NULL: it is a line */
    struct conf_section *section;
    struct findings *findings;
};
int conf_reader_fail(struct conf_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The section is the reader's from here on; it is made when it is the first time. */
int conf_reader_open(struct conf_reader *reader, const struct conf_kind *kind, const char *name);
/* Takes the value of a key, which is the reader's from here on; NULL is an empty one. */
int conf_reader_set(struct conf_reader *reader, const char *key, char *value);
/* The same of the file that KEY_file names. */
int conf_reader_set_file(struct conf_reader *reader, const char *key, const char *path);
/* The same of a value that is not known, and why. */
int conf_reader_withhold(struct conf_reader *reader, const char *key, const char *why);
struct conf_section *conf_add_section(struct conf *conf, const struct conf_kind *kind,
                                      const char *name);
const struct conf_entry *conf_find_entry(const struct conf_section *section, const char *key);
/* Is this a KEY_file? Then it is KEY from here on. */
bool conf_cut_file(char *key);
/* 1 to 63 of a-z, 0-9 and those of `also`. */
bool conf_is_name(const char *text, const char *also);
/* Why it is no value, wherever it stands; NULL: it may be one. Of `size` bytes. */
const char *conf_why_not_text(const char *text, size_t size);

/* parse.c */
void conf_parse(struct conf *conf, const struct conf_file *file, const char *text, size_t size,
                struct findings *findings);

/* environment.c: the variables of Hearth, in the order of their names. */
void conf_read_environment(struct conf *conf, const char *const *environment,
                           struct findings *findings);
/* The variable of a key, in the arena; NULL: none, or out of memory. */
const char *conf_variable_of(struct conf *conf, const struct conf_section *section,
                             const char *key);

/* old_keys.c: the row of a key; NULL: it never was one. */
const struct conf_old_key *conf_old_key_find(const struct conf_old_key *keys, const char *kind,
                                             const char *key);
void conf_refuse_old_key(const struct conf *conf, const struct conf_section *section,
                         const struct conf_entry *entry, const struct conf_old_key *old,
                         struct findings *findings);

/* value.c: checks every entry of the section against core and plugin keys, fills values for the
 * given keys. */
void conf_resolve(struct conf *conf, struct conf_section *section,
                  const struct hearth_config_key *keys, size_t count, bool secrets,
                  struct hearth_config_value **ret_values, const void ***ret_shapes,
                  struct findings *findings);
void conf_check_known(struct conf *conf, const struct conf_section *section,
                      const struct hearth_config_key *more, size_t more_count,
                      struct findings *findings);

/* shape.c: the core's own types. NULL, or why the text is none of them, in the arena. */
const char *conf_shape(struct conf *conf, const struct hearth_config_key *key,
                       struct hearth_config_value *value, const void **ret_shape);

/* cross.c: what holds between keys and sections, when each by itself is right. */
void conf_check_together(const struct conf *conf, struct findings *findings);

#endif
