/* The files of the built web app, read once and kept in memory, with the compressed forms that
 * lie beside them. */
#ifndef HEARTH_CORE_PAGES_APP_FILES_H
#define HEARTH_CORE_PAGES_APP_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct app_files;

struct app_bytes {
    char *data;
    size_t size; /* 0: there is no such form */
};

struct app_file {
    char *path;       /* "/assets/app-ABC.js" */
    const char *type; /* a constant */
    char hash[17];    /* of the contents */
    struct app_bytes plain, gzip, brotli;
};

/* Reads every regular file of the folder and those below it; left out are links, and names with
 * a dot at the front or anything but letters, digits and ".-_". INVALID: it holds no index.html,
 * or more than an app may have (1,000 files, 8 MiB each, 64 MiB in all). */
int pages_app_files_load(const char *folder, struct app_files **ret_files, struct err *err);
/* From now on index.html leads to what is below base_path; see pages_html_place(). */
int pages_app_files_place(struct app_files *files, const char *base_path, struct err *err);
void pages_app_files_free(struct app_files *files); /* accepts NULL */
/* NULL: there is none. */
const struct app_file *pages_app_files_find(const struct app_files *files, const char *path);
/* The i-th by path; NULL past the end. */
const struct app_file *pages_app_files_at(const struct app_files *files, size_t i);

#endif
