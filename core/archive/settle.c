/* What no line of an archive shows by itself. */
#include <inttypes.h>

#include "archive/archive.h"
#include "merge/apply_tree.h"
#include "model/url.h"

int archive_look_at(const struct archive_record *record, struct err *err)
{
    const struct hearth_bookmark *bookmark = &record->bookmark;
    if (record->kind == ARCHIVE_KIND_page && record->page.id != model_page_id(record->page.url))
        return err_set(err, HEARTH_ERR_INVALID, "its id is %" PRId64 ", and that of its URL is another", record->page.id);
    if (record->kind == ARCHIVE_KIND_bookmark && bookmark->page != 0 &&
        (bookmark->url == NULL || bookmark->page != model_page_id(bookmark->url)))
        return err_set(err, HEARTH_ERR_INVALID, "its page is %" PRId64 ", and that of its URL is another", bookmark->page);
    return 0;
}

int archive_settle(void *ctx, struct store *store, const char *account, struct err *err)
{
    struct apply apply = {.store = store, .account = account};
    (void)ctx;
    return apply_tree(&apply, err);
}
