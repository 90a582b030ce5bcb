/* What is open on devices, as it is there: window by window, each in the order of its tab bar. */
#ifndef HEARTH_CORE_API_OPEN_TABS_H
#define HEARTH_CORE_API_OPEN_TABS_H

#include <jansson.h>

#include "base/arena.h"
#include "plug/storage.h"

struct text_filter;

struct open_tab {
    const char *device;
    struct hearth_tab tab;                /* url NULL: it is only counted */
    const struct hearth_tab_group *group; /* that it is in; NULL: none, or it is only counted */
    bool written;                         /* for whoever goes through them; false at first */
};

struct open_group {
    const char *device;
    struct hearth_tab_group group;
};

struct open_tabs {
    struct arena arena; /* of all texts */
    struct open_tab *tabs;
    size_t count, room;
    struct open_group *groups; /* in the order of device and id */
    size_t group_count, group_room;
};

/* Two questions to the storage. device NULL: of all. words: the tabs that match are copied whole,
 * the others counted; NULL: all are counted. api_open_tabs_free(), also after an error. */
int api_open_tabs_read(struct storage *storage, const char *account, const char *device,
                       struct text_filter *words, struct open_tabs *ret_open, struct err *err);
/* Asks ahead for the same, as STORAGE_ASK(). */
void api_open_tabs_ask(struct storage *storage, const char *account, const char *device);
void api_open_tabs_free(struct open_tabs *open);
/* The first of a device's tabs, and the one behind its last. */
size_t api_open_tabs_of(const struct open_tabs *open, const char *device, size_t *ret_end);
/* The one behind the last of the window that `first` is in; end: of the device's. */
size_t api_open_tabs_window_end(const struct open_tabs *open, size_t first, size_t end);
/* Those that can be said in JSON. */
json_t *api_open_groups_json(const struct open_tabs *open, const char *device);

#endif
