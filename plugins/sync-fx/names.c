#include "names.h"

#include "fx.h"
#include "record.h"

const struct fx_collection fx_collections[FX_COLLECTIONS] = {
    [HEARTH_CLIENTS] = {"clients", 1, .run = fx_devices_run, .by_device = true},
    [HEARTH_TABS] = {"tabs", 1, .by_device = true},
    [HEARTH_BOOKMARKS] = {"bookmarks", 2, .run = fx_collection_run, .translate = fx_record_bookmark,
                          .moves = true},
    [HEARTH_HISTORY] = {"history", 1, .run = fx_collection_run, .translate = fx_record_history,
                        .united = true, .optional = true},
};
