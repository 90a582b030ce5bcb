/* hearthd check: what each step of the start would find, found without the step. The steps are
 * in serve.c, each beside its check, so that a step that is new says how it is checked.
 *
 * A check adds what is wrong to the findings and goes on; what it needs of an earlier one may be
 * missing. It writes nothing anywhere. */
#ifndef HEARTH_CORE_MAIN_CHECK_H
#define HEARTH_CORE_MAIN_CHECK_H

#include "base/findings.h"
#include "main/serve.h"

struct start_step {
    int (*start)(struct daemon *d, struct err *err);
    /* main_check_nothing: it can fail for want of memory alone */
    void (*check)(struct daemon *d, struct findings *findings);
};
extern const struct start_step main_start_steps[];
extern const size_t main_start_step_count;

/* All of them, after main_app_load(); main_check_fini() ends what they opened, and the app. */
void main_check_all(struct daemon *d, struct findings *findings);
void main_check_fini(struct daemon *d);
/* Something that is no fault, for standard output. */
void main_check_note(struct daemon *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void main_check_nothing(struct daemon *d, struct findings *findings);
/* and whether a daemon runs on it */
void main_check_state_dir(struct daemon *d, struct findings *findings);
/* plugins of storages, opened */
void main_check_nodes(struct daemon *d, struct findings *findings);
void main_check_queue(struct daemon *d, struct findings *findings);
void main_check_split(struct daemon *d, struct findings *findings);
void main_check_files(struct daemon *d, struct findings *findings);
/* connected, and their schema */
void main_check_storage(struct daemon *d, struct findings *findings);
/* the key file, and a credential of each database */
void main_check_vault(struct daemon *d, struct findings *findings);
void main_check_providers(struct daemon *d, struct findings *findings);
void main_check_push(struct daemon *d, struct findings *findings);
/* signing in, single sign-on, the web app */
void main_check_pages(struct daemon *d, struct findings *findings);
void main_check_http(struct daemon *d, struct findings *findings); /* certificates and addresses */

#endif
