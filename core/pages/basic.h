/* /basic/…: plain HTML 4.01 for whatever has a browser. No script, no need for style sheets,
 * under 15 KB a page; what they show is what the services say (api_internal_get). */
#ifndef HEARTH_CORE_PAGES_BASIC_H
#define HEARTH_CORE_PAGES_BASIC_H

#include <jansson.h>

#include "pages/internal.h"

/* A page of a signed-in person. */
struct basic {
    struct view_call *call;
    struct api_person person;
};

/* Who asks; false: nobody, or somebody of another node, and the reply leads them on. */
bool pages_basic_open(struct view_call *call, struct basic *ret_basic);
/* The same of a form that changes something of theirs: false also when its secret is not theirs, or
 * when what they have shown lets them only read, as an API token may. */
bool pages_basic_open_form(struct view_call *call, struct basic *ret_basic);
/* name, value, …, NULL: parameters; NULL or "" values are left out. NULL: the reply says what is
 * the matter. */
json_t *pages_basic_request(struct basic *basic, const char *path, const char *argument, ...)
    __attribute__((sentinel));
void pages_basic_begin(struct basic *basic, const char *title);
void pages_basic_end(struct basic *basic);
/* A title that leads to its address when that is one to be followed; else both as text. */
void pages_basic_link(struct buf *out, const json_t *title, const json_t *url);
/* A link to the rest of a list: `path`, with name=value of a parameter that stays (NULL: none). */
void pages_basic_more(struct buf *out, const char *path, const char *name, const char *value,
                      const json_t *next);
/* Of an answer of /tabs, `most` of each device: those used last, or as they are in its windows
 * (basic_tabs.c). */
void pages_basic_put_tabs(struct basic *basic, const json_t *answer, size_t most, bool last_used);
const char *pages_basic_text(const json_t *object, const char *name);
/* "2026-11-23 14:05" in UTC; ret: 24 bytes. */
void pages_basic_time(const json_t *ms, char ret[24]);

/* The section of the account's page that hides and shows devices; of an answer of /devices
 * (devices.c). */
void pages_account_put_devices(struct basic *basic, const json_t *answer);

#endif
