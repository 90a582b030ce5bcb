#include "archive/kinds.h"

#include <string.h>

#define LIST(record, FIELDS)                                                                       \
    static const struct hearth_field list_##record[] = {FIELDS(ARCHIVE_FIELD, record)};            \
    static const struct fields archive_fields_##record = {                                         \
        #record, list_##record, sizeof(list_##record) / sizeof(list_##record[0]),                  \
        sizeof(struct archive_##record)};
#define ARCHIVE_FIELD(T, role, kind, name, least, most, meaning)                                   \
    {#name,                                                                                        \
     meaning,                                                                                      \
     HEARTH_FIELD_##role,                                                                          \
     HEARTH_FIELD_##kind,                                                                          \
     offsetof(struct archive_##T, name),                                                           \
     (int64_t)(least),                                                                             \
     (int64_t)(most)},
LIST(settings, ARCHIVE_SETTINGS_FIELDS)
LIST(credentials, ARCHIVE_CREDENTIALS_FIELDS)
LIST(of_device, ARCHIVE_OF_DEVICE_FIELDS)
LIST(of_page, ARCHIVE_OF_PAGE_FIELDS)
LIST(page_guid, ARCHIVE_PAGE_GUID_FIELDS)
LIST(tombstone, ARCHIVE_TOMBSTONE_FIELDS)
LIST(hidden, ARCHIVE_HIDDEN_FIELDS)
LIST(children, ARCHIVE_CHILDREN_FIELDS)
LIST(cursor, ARCHIVE_CURSOR_FIELDS)
static const struct fields archive_fields_nothing = {"nothing", NULL, 0, 0};

#define hearth_FIELDS(record)  plug_fields_##record
#define archive_FIELDS(record) archive_fields_##record
#define WITHOUT(name)                                                                              \
    (ARCHIVE_KIND_##name == ARCHIVE_KIND_account ? "node"                                          \
     : ARCHIVE_KIND_##name == ARCHIVE_KIND_token ? "account"                                       \
                                                 : NULL)
#define KIND(name, whose, record, owner)                                                           \
    {#name, &archive_FIELDS(owner), &whose##_FIELDS(record), WITHOUT(name)},
const struct archive_kind archive_kinds[ARCHIVE_KIND_COUNT] = {ARCHIVE_KINDS(KIND)};

int archive_kind_of(const char *name)
{
    for (int i = 0; i < ARCHIVE_KIND_COUNT; i++)
        if (strcmp(archive_kinds[i].name, name) == 0)
            return i;
    return -1;
}

bool archive_kind_has(const struct archive_kind *kind, const struct hearth_field *field)
{
    return field->role != HEARTH_FIELD_DERIVED &&
           (kind->without == NULL || strcmp(kind->without, field->name) != 0);
}
