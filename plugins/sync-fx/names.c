#include "names.h"

const struct fx_collection fx_collections[FX_COLLECTIONS] = {
    [HEARTH_CLIENTS] = {"clients", "devices", 1},
    [HEARTH_TABS] = {"tabs", "open tabs", 1},
    [HEARTH_BOOKMARKS] = {"bookmarks", "bookmarks", 2},
    [HEARTH_HISTORY] = {"history", "history", 1},
};
