/* Frecency as the recorded Firefox (tests/fixtures/firefox-esr) computes it from synced data:
 * the day on which the page's score will have decayed to 1. Greater is better; 0 stands for
 * pages that the address bar never offers. Any thread. */
#ifndef HEARTH_CORE_MODEL_FRECENCY_H
#define HEARTH_CORE_MODEL_FRECENCY_H

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_FRECENCY_SAMPLES = 10 };

/* Starts as {0}. Visits may come in any order, each once; memory does not grow with them. */
struct model_frecency {
    int64_t counted; /* visits of types other than 4, 7, 8, 9 */
    int64_t newest;  /* date of the newest visit of any type; 0: none */
    int taken;
    struct {
        int64_t date;
        int32_t type;
    } samples[MODEL_FRECENCY_SAMPLES]; /* the newest that count, newest first */
};

bool model_frecency_counts(int type);
void model_frecency_add(struct model_frecency *frecency, int64_t date, int type); /* date: ms */

/* bookmarked: some bookmark outside the tags has the URL. added: the newest date (ms) at which
 * one of them, or one of their tags, came to be, as far as known; used only for pages without
 * visits that count. */
int64_t model_frecency_value(const struct model_frecency *frecency, bool bookmarked, int64_t added);

#endif
