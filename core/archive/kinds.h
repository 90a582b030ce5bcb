/* The kinds of records of an archive, in their order. */
#ifndef HEARTH_CORE_ARCHIVE_KINDS_H
#define HEARTH_CORE_ARCHIVE_KINDS_H

#include "plug/fields.h"

/* What hearth/records.h has no table of, said in the same words. */
/* clang-format off */
#define ARCHIVE_NOTHING_FIELDS(X, T)
#define ARCHIVE_SETTINGS_FIELDS(X, T)    X(T, ALWAYS, TEXT, json, 0, 65536, "as it is stored")
#define ARCHIVE_CREDENTIALS_FIELDS(X, T) \
    X(T, ALWAYS,   TEXT, sealed, 2, 2097152, "hex digits") \
    X(T, ALWAYS,   INT,  source, 0, HEARTH_SOURCE_MAX, "whose: 0, the account's own provider")
#define ARCHIVE_OF_DEVICE_FIELDS(X, T)   X(T, KEY, TEXT, device, 1, HEARTH_KEY_MAX, "whose it is")
#define ARCHIVE_OF_PAGE_FIELDS(X, T)     X(T, KEY, INT, page, 1, INT64_MAX, "whose it is")
#define ARCHIVE_PAGE_GUID_FIELDS(X, T) \
    X(T, KEY, TEXT, guid, 1, HEARTH_KEY_MAX, "of a history record")
#define ARCHIVE_TOMBSTONE_FIELDS(X, T) \
    X(T, KEY,      TEXT, guid, 1, HEARTH_KEY_MAX, "of a bookmark that was removed") \
    X(T, OPTIONAL, TEXT, parent, 0, HEARTH_KEY_MAX, "where it was") \
    X(T, ALWAYS,   INT,  source, 0, HEARTH_SOURCE_MAX, "who had brought it")
#define ARCHIVE_HIDDEN_FIELDS(X, T) \
    X(T, KEY, TEXT, device, 1, HEARTH_KEY_MAX, "that its person does not want to see")
#define ARCHIVE_CHILDREN_FIELDS(X, T) \
    X(T, KEY,      TEXT, folder, 1, HEARTH_KEY_MAX, "whose record lists them") \
    X(T, ALWAYS,   INT,  source, 0, HEARTH_SOURCE_MAX, "whose that record is")
#define ARCHIVE_CURSOR_FIELDS(X, T) \
    X(T, KEY,      INT,  collection, 0, INT32_MAX, "enum hearth_collection") \
    X(T, ALWAYS,   TEXT, text, 0, 65536, "of the provider") \
    X(T, ALWAYS,   INT,  source, 0, HEARTH_SOURCE_MAX, "whose")

/* K(name, whose, record, what stands before its fields). A kind that is added goes where
 * everything is that it names. */
#define ARCHIVE_KINDS(K) \
    K(account,          hearth,  account,          nothing) \
    K(account_identity, hearth,  account_identity, nothing) \
    K(settings,         archive, settings,         nothing) \
    K(source,           hearth,  source,           nothing) \
    K(credentials,      archive, credentials,      nothing) \
    K(removed_here,     hearth,  removed_here,     nothing) \
    K(device,           hearth,  device,           nothing) \
    K(hidden,           archive, hidden,           nothing) \
    K(tab_group,        hearth,  tab_group,        of_device) \
    K(tab,              hearth,  tab,              of_device) \
    K(page,             hearth,  page,             nothing) \
    K(page_guid,        archive, page_guid,        of_page) \
    K(visit,            hearth,  visit,            of_page) \
    K(bookmark,         hearth,  bookmark,         nothing) \
    K(tombstone,        archive, tombstone,        nothing) \
    K(children,         archive, children,         nothing) \
    K(cursor,           archive, cursor,           nothing) \
    K(pick,             hearth,  pick,             nothing) \
    K(token,            hearth,  token,            nothing)
/* clang-format on */

#define ARCHIVE_RECORD(record, FIELDS)                                                             \
    struct archive_##record {                                                                      \
        uint32_t struct_size;                                                                      \
        uint32_t reserved;                                                                         \
        FIELDS(HEARTH_MEMBER, record)                                                              \
    }
ARCHIVE_RECORD(settings, ARCHIVE_SETTINGS_FIELDS);
ARCHIVE_RECORD(credentials, ARCHIVE_CREDENTIALS_FIELDS);
ARCHIVE_RECORD(of_device, ARCHIVE_OF_DEVICE_FIELDS);
ARCHIVE_RECORD(of_page, ARCHIVE_OF_PAGE_FIELDS);
ARCHIVE_RECORD(page_guid, ARCHIVE_PAGE_GUID_FIELDS);
ARCHIVE_RECORD(tombstone, ARCHIVE_TOMBSTONE_FIELDS);
ARCHIVE_RECORD(hidden, ARCHIVE_HIDDEN_FIELDS);
ARCHIVE_RECORD(children, ARCHIVE_CHILDREN_FIELDS);
ARCHIVE_RECORD(cursor, ARCHIVE_CURSOR_FIELDS);

enum archive_kind_name {
#define ARCHIVE_KIND_NAME(name, whose, record, owner) ARCHIVE_KIND_##name,
    ARCHIVE_KINDS(ARCHIVE_KIND_NAME)
#undef ARCHIVE_KIND_NAME
        ARCHIVE_KIND_COUNT
};

struct archive_kind {
    const char *name;
    const struct fields *owner; /* what stands before the fields; without any: nothing does */
    const struct fields *fields;
    const char *without; /* a field that is no property of the account */
};

extern const struct archive_kind archive_kinds[ARCHIVE_KIND_COUNT];

/* One record, of whichever kind. */
struct archive_record {
    enum archive_kind_name kind;
    union {
        uint32_t struct_size;
        struct archive_of_device of_device;
        struct archive_of_page of_page;
    } owner;
    union {
        uint32_t struct_size;
#define ARCHIVE_KIND_MEMBER(name, whose, record, owner) struct whose##_##record name;
        ARCHIVE_KINDS(ARCHIVE_KIND_MEMBER)
#undef ARCHIVE_KIND_MEMBER
    };
    const char *const *listed; /* kind children: their ids */
    size_t listed_count;
};

/* -1: no kind is called so. */
int archive_kind_of(const char *name);
/* Is the field part of the kind's lines? */
bool archive_kind_has(const struct archive_kind *kind, const struct hearth_field *field);

#endif
