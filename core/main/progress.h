/* How far a command is, in one line of the terminal that is written anew: what, how much of how
 * much, how long still. Nothing where standard error is no terminal or with --json, nor of what is
 * done within a second. */
#ifndef HEARTH_CORE_MAIN_PROGRESS_H
#define HEARTH_CORE_MAIN_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct cli;

/* Where it is now, of `total`; total 0: nobody knows how much there is. False: not known yet. On
 * the thread of the line. */
typedef bool (*progress_measure_fn)(void *ctx, int64_t *ret_done, int64_t *ret_total);

struct progress {
    const char *what;
    bool bytes; /* what is counted; else things */
    progress_measure_fn measure;
    void *ctx;
    bool runs;
    int ends[2]; /* a pipe: closing its second end ends the thread */
    pthread_t thread;
};

/* what: "Copying"; borrowed until main_progress_end(), which takes the line away. */
void main_progress_begin(struct progress *progress, const struct cli *cli, const char *what,
                         bool bytes, progress_measure_fn measure, void *ctx);
void main_progress_end(struct progress *progress); /* a zeroed one is fine */

/* Measures how far this process has read or written the file whose path begins so. NULL: most of
 * the work is something else (checking, say), of which nobody knows how far it is: the line has
 * the size, and since when. */
struct progress_file {
    const char *path;
    int64_t total; /* bytes; 0: unknown */
};
bool main_progress_of_file(void *file, int64_t *ret_done, int64_t *ret_total);
/* The bytes of a file, or of all files of a folder; 0: there are none. */
int64_t main_progress_size(const char *path);

enum { PROGRESS_LINE_SIZE = 160 };
/* "Copying: 12.3 of 45.0 MB, 27 %, about 12 s left". elapsed: ms since the beginning. */
void main_progress_line(const struct progress *progress, int64_t done, int64_t total,
                        int64_t elapsed, char ret[PROGRESS_LINE_SIZE]);

#endif
