/* Records as JSON. Each function makes a row in the order of the bodies; NULL: it cannot be said
 * in JSON. */
#ifndef HEARTH_CORE_API_ITEM_H
#define HEARTH_CORE_API_ITEM_H

#include <jansson.h>

#include "hearth/storage.h"

json_t *api_account_json(const struct hearth_account *account);
json_t *api_item_json(const struct hearth_bookmark *bookmark);
json_t *api_device_json(const struct hearth_device *device, int64_t tabs);
/* group: that it is in; NULL: none */
json_t *api_tab_json(const struct hearth_tab *tab, const struct hearth_tab_group *group);
json_t *api_tab_group_json(const struct hearth_tab_group *group);
json_t *api_visit_json(const struct hearth_visit *visit);
json_t *api_page_json(const struct hearth_page *page);
/* As a copy has them (GET /changes): of a page, without its visits, the fields of which `wanted`
 * has the bit, by their order, the id's first; a bookmark that is not shown as its id with
 * "removed"; a removal of a page, a visit or a bookmark. */
extern const char *const api_copied_page_fields[];
extern const size_t api_copied_page_field_count;
json_t *api_copied_page_json(const struct hearth_page *page, unsigned wanted);
json_t *api_copied_bookmark_json(const struct hearth_bookmark *bookmark);
json_t *api_removal_json(const struct hearth_removal *removal);
json_t *api_token_json(const struct hearth_token *token);
json_t *api_removed_here_json(const struct hearth_removed_here *removed);
/* host: of its endpoint; NULL: not known any more */
json_t *api_push_json(const struct hearth_push *push, const char *host);
/* Its kind by the name that it is served under; 0: there is none of that name, or it is NULL. */
int32_t api_removed_here_kind(const char *name);
const char *api_item_root_title(const char *guid); /* NULL: not a root */

/* What becomes of each field of hearth/records.h. */
struct item_field {
    const char *record, *field;
    const char *as;      /* its name in JSON; NULL: it is not served */
    const char *because; /* then: why not */
};
extern const struct item_field api_item_fields[];
extern const size_t api_item_field_count;

#endif
