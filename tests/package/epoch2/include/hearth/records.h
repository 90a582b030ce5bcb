/* hearth/records.h: the fields of everything that is stored, said once.
 *
 * Each record has a table, HEARTH_…_FIELDS(X, T), with one line a field:
 *
 *     X(T, role, kind, name, least, most, "meaning")
 *
 * role   KEY       part of what makes the record unique among its account's
 *        ALWAYS    there in every record: a text is not NULL
 *        OPTIONAL  a text that may be NULL
 *        DERIVED   filled by the storage on reading, ignored on writing
 * kind   TEXT      const char *, UTF-8: its bytes lie between least and most
 *        INT       int64_t, between least and most
 *        FLAG      int64_t, 0 or 1
 *        REAL      double, between least and most, finite
 *        HASH      const uint8_t *, exactly `most` bytes
 *
 * The struct is made from its table (HEARTH_RECORD), and so are, in the plugins of this project,
 * the SQL texts, the binding and reading of rows, copies, dumps, comparisons and random rows; T
 * is handed through for those that need the struct's type. Every member is as wide as int64_t or
 * a pointer, so that no struct has room at its end in which a later member could hide.
 *
 * A field that is added goes to the end of its table. A plugin or host of before knows a shorter
 * struct: whoever reads a record asks HEARTH_HAS(record, name) before a field that the first
 * release of the epoch did not have. */
#ifndef HEARTH_RECORDS_H
#define HEARTH_RECORDS_H

#include <stddef.h>
#include <stdint.h>

/* Greatest bytes of a text, without the NUL. What is longer never reaches a storage: the core
 * refuses or cuts it before. */
#define HEARTH_ID_MAX   64   /* of accounts, tokens */
#define HEARTH_KEY_MAX  255  /* of guids, device ids, inputs: what a backend has indexes of */
#define HEARTH_LINE_MAX 4096 /* names, addresses, words for a person */
/* titles, URLs, tags: a record of a Sync service has two MiB at most */
#define HEARTH_TEXT_MAX 2097152
#define HEARTH_TIME_MAX INT64_MAX
/* sources of an account are numbered from 1; 0 is its own provider */
#define HEARTH_SOURCE_MAX 65535
/* of what lists are ordered by: what comes after every date is no date */
#define HEARTH_DATE_MAX (INT64_MAX - 1)

/* --- what numbers of fields mean --- */

/* How a page was reached. The numbers are Firefox's; what frecency and visit counts make of each
 * is in docs/merging.md. */
enum hearth_visit_type {
    HEARTH_VISIT_UNKNOWN = 0,
    HEARTH_VISIT_LINK = 1,  /* a link was followed */
    HEARTH_VISIT_TYPED = 2, /* its address was typed, or picked from what was suggested */
    HEARTH_VISIT_BOOKMARK = 3,
    HEARTH_VISIT_EMBED = 4, /* a part of a page, loaded with it */
    HEARTH_VISIT_REDIRECT_PERMANENT = 5,
    HEARTH_VISIT_REDIRECT_TEMPORARY = 6,
    HEARTH_VISIT_DOWNLOAD = 7,
    HEARTH_VISIT_FRAMED_LINK = 8, /* a link was followed inside a frame */
    HEARTH_VISIT_RELOAD = 9
};

/* Of what kind a thing was that is gone: see struct hearth_removal. */
enum hearth_removal_kind {
    HEARTH_REMOVAL_PAGE = 1,
    HEARTH_REMOVAL_VISIT = 2,
    HEARTH_REMOVAL_BOOKMARK = 3,
    HEARTH_REMOVAL_TAB = 4,
    HEARTH_REMOVAL_DEVICE = 5
};

/* What a person removed here: see struct hearth_removed_here. */
enum hearth_removed_here_kind {
    HEARTH_REMOVED_HERE_VISIT = 1, /* one visit of a page */
    HEARTH_REMOVED_HERE_PAGE = 2,  /* its visits */
    HEARTH_REMOVED_HERE_SITE = 3,  /* visits of all pages of a host */
    HEARTH_REMOVED_HERE_SPAN = 4   /* all visits of a time */
};

/* See struct hearth_source. */
enum hearth_source_kind {
    HEARTH_SOURCE_SYNC = 1,  /* a living one, with a provider */
    HEARTH_SOURCE_IMPORT = 2 /* a file, once */
};

/* --- how a table becomes a struct --- */

#define HEARTH_MEMBER_TEXT                                       const char *
#define HEARTH_MEMBER_INT                                        int64_t
#define HEARTH_MEMBER_FLAG                                       int64_t
#define HEARTH_MEMBER_REAL                                       double
#define HEARTH_MEMBER_HASH                                       const uint8_t *
#define HEARTH_MEMBER(T, role, kind, name, least, most, meaning) HEARTH_MEMBER_##kind name;

/* HEARTH_RECORD(device, HEARTH_DEVICE_FIELDS); declares struct hearth_device. */
#define HEARTH_RECORD(record, FIELDS)                                                              \
    struct hearth_##record {                                                                       \
        uint32_t struct_size;                                                                      \
        uint32_t reserved;                                                                         \
        FIELDS(HEARTH_MEMBER, record)                                                              \
    }

/* Has whoever made this struct filled that member? */
#define HEARTH_HAS(record, member)                                                                 \
    ((record)->struct_size >= (const char *)(&(record)->member + 1) - (const char *)(record))

/* clang-format off */

#define HEARTH_ACCOUNT_FIELDS(X, T) \
    X(T, KEY,      TEXT, id,           1, 32,              "[a-z0-9], made by the core") \
    X(T, ALWAYS,   TEXT, email,        1, 1024,            "unique without regard to ASCII case") \
    X(T, ALWAYS,   TEXT, uid,          0, 1024,            "the provider's id of the person") \
    X(T, OPTIONAL, TEXT, name,         0, HEARTH_LINE_MAX, "as the provider knows it") \
    X(T, ALWAYS,   TEXT, provider,     0, HEARTH_ID_MAX,   "name of the [sync NAME] section") \
    X(T, ALWAYS,   TEXT, node,         0, HEARTH_KEY_MAX,  "\"\" on a single node") \
    X(T, ALWAYS,   INT,  state,        0, 4,               "enum hearth_account_state") \
    X(T, OPTIONAL, TEXT, state_detail, 0, HEARTH_LINE_MAX, "words for a person") \
    X(T, ALWAYS,   INT,  created,      0, HEARTH_TIME_MAX, "when it was made") \
    X(T, ALWAYS,   INT,  last_sync,    0, HEARTH_TIME_MAX, "that succeeded") \
    X(T, ALWAYS,   INT,  last_attempt, 0, HEARTH_TIME_MAX, "to sync") \
    X(T, ALWAYS,   INT,  next_sync,    0, HEARTH_TIME_MAX, "0: none is planned") \
    X(T, ALWAYS,   INT,  last_seen,    0, HEARTH_TIME_MAX, "a request of its person") \
    X(T, ALWAYS,   INT,  generation,   0, INT64_MAX, \
      "grows by one with every batch that changes something") \
    X(T, ALWAYS,   INT,  failures,     0, INT64_MAX,       "of syncs, in a row") \
    X(T, ALWAYS,   INT,  resync,       0, INT64_MAX, \
      "1: the next sync fetches everything anew") \
    X(T, OPTIONAL, TEXT, placement,    1, HEARTH_LINE_MAX, \
      "decides the node of a newcomer: the e-mail address at the time; " \
      "NULL in account_create(): `email`") \
    X(T, OPTIONAL, TEXT, state_message, 1, HEARTH_ID_MAX, \
      "id of the message that state_detail is in English; NULL: it has none") \
    X(T, OPTIONAL, TEXT, state_parameters, 0, HEARTH_LINE_MAX, \
      "of that message: an object of JSON; NULL without id") \
    X(T, ALWAYS,   INT,  asked,        0, INT64_MAX, \
      "grows by one with each request for a sync") \
    X(T, ALWAYS,   INT,  answered,     0, INT64_MAX, \
      "what `asked` was when the attempt began that ended last")

#define HEARTH_ACCOUNT_IDENTITY_FIELDS(X, T) \
    X(T, KEY,      TEXT, issuer,       1, 1024,            "who says so: see storage.h") \
    X(T, KEY,      TEXT, subject,      1, 1024,            "how it calls the person") \
    X(T, ALWAYS,   INT,  created,      0, HEARTH_TIME_MAX, "when it was proven last")

#define HEARTH_DEVICE_FIELDS(X, T) \
    X(T, KEY,      TEXT, id,            1, HEARTH_KEY_MAX,  "the record's id: joins tabs") \
    X(T, ALWAYS,   TEXT, name,          0, HEARTH_TEXT_MAX, "as its person calls it") \
    X(T, ALWAYS,   TEXT, type,          0, HEARTH_LINE_MAX, \
      "desktop, mobile, tablet, tv, vr, unknown") \
    X(T, OPTIONAL, TEXT, os,            0, HEARTH_TEXT_MAX, "its operating system, as it says") \
    X(T, OPTIONAL, TEXT, version,       0, HEARTH_TEXT_MAX, "of its browser, as it says") \
    X(T, OPTIONAL, TEXT, fxa_device_id, 0, HEARTH_TEXT_MAX, "as the accounts server knows it") \
    X(T, ALWAYS,   INT,  last_upload,   0, HEARTH_TIME_MAX, \
      "server time of its newest record in clients or tabs") \
    X(T, DERIVED,  FLAG, hidden,        0, 1, \
      "1: its person does not want to see it: device_hide()") \
    X(T, ALWAYS,   INT,  source,        0, HEARTH_SOURCE_MAX, \
      "who brought it: id of a source; 0: the account's own provider")

#define HEARTH_TAB_FIELDS(X, T) \
    X(T, KEY,      INT,  position,      0, INT32_MAX,       "the order as uploaded, from 0") \
    X(T, ALWAYS,   TEXT, title,         0, HEARTH_TEXT_MAX, "of the page in it") \
    X(T, ALWAYS,   TEXT, url,           0, HEARTH_TEXT_MAX, "of the page in it") \
    X(T, OPTIONAL, TEXT, icon,          0, HEARTH_TEXT_MAX, "its URL") \
    X(T, OPTIONAL, TEXT, group,         1, HEARTH_KEY_MAX, \
      "id of its tab group on the same device, which may not be there") \
    X(T, ALWAYS,   INT,  last_used,     0, HEARTH_TIME_MAX, "when it was looked at") \
    X(T, ALWAYS,   FLAG, inactive,      0, 1, \
      "1: its browser has put it aside, unused for long") \
    X(T, ALWAYS,   FLAG, pinned,        0, 1,               "1: its person has pinned it") \
    X(T, ALWAYS,   INT,  window,        0, INT32_MAX, \
      "number of its window on this device, from 0; 0 where nobody says") \
    X(T, ALWAYS,   INT,  place,         0, INT32_MAX, \
      "its place in its window, from 0, with gaps; ties by `position`") \
    X(T, ALWAYS,   FLAG, active,        0, 1, \
      "1: it is the one that its window shows; 0 where nobody says")

/* Several tabs that their person put together. */
#define HEARTH_TAB_GROUP_FIELDS(X, T) \
    X(T, KEY,      TEXT, id,            1, HEARTH_KEY_MAX, \
      "unique on its device: hearth_tab.group") \
    X(T, ALWAYS,   TEXT, name,          0, HEARTH_TEXT_MAX, \
      "as its person calls it; \"\": it has none") \
    X(T, OPTIONAL, TEXT, color,         0, HEARTH_LINE_MAX, \
      "a word, as the browser says it: blue, purple …") \
    X(T, ALWAYS,   FLAG, collapsed,     0, 1,               "1: its tabs are folded away")

#define HEARTH_VISIT_FIELDS(X, T) \
    X(T, KEY,      INT,  date,          INT64_MIN, HEARTH_DATE_MAX, "ms") \
    X(T, KEY,      INT,  type,          0, 9,               "enum hearth_visit_type") \
    X(T, ALWAYS,   INT,  source,        0, HEARTH_SOURCE_MAX, \
      "who brought it first: id of a source; 0: the account's own provider")

/* A page is one URL of an account. */
#define HEARTH_PAGE_FIELDS(X, T) \
    X(T, KEY,      INT,  id,             1, INT64_MAX, \
      "made by the core from the URL, the same on every backend") \
    X(T, ALWAYS,   TEXT, url,            0, HEARTH_TEXT_MAX, \
      "as the source says it, unique by `id`") \
    X(T, ALWAYS,   TEXT, host,           0, HEARTH_TEXT_MAX, \
      "lower case, without port; \"\" possible") \
    X(T, OPTIONAL, TEXT, guid,           0, HEARTH_KEY_MAX, \
      "of the newest history record of the source with the smallest number; NULL: no history") \
    X(T, OPTIONAL, TEXT, title,          0, HEARTH_TEXT_MAX, "from history") \
    X(T, OPTIONAL, TEXT, bookmark_title, 0, HEARTH_TEXT_MAX, \
      "of its newest bookmark; NULL when it has none") \
    X(T, OPTIONAL, TEXT, tags,           0, HEARTH_TEXT_MAX, "joined by \",\"") \
    X(T, ALWAYS,   INT,  frecency,       INT64_MIN, INT64_MAX, \
      "how high it ranks: docs/search.md") \
    X(T, ALWAYS,   INT,  visit_count,    0, INT64_MAX, \
      "as Firefox counts: without types 4, 7, 8, 9") \
    X(T, ALWAYS,   INT,  last_visit,     INT64_MIN, INT64_MAX, "its newest visit; 0: none") \
    X(T, ALWAYS,   INT,  bookmarks,      0, UINT32_MAX,      "how many bookmarks have its URL") \
    X(T, ALWAYS,   INT,  bookmark_added, INT64_MIN, INT64_MAX, "newest of its bookmarks; 0") \
    X(T, ALWAYS,   FLAG, typed,          0, 1,               "1: its address was typed once") \
    X(T, ALWAYS,   FLAG, hidden,         0, 1, \
      "1: reached only by redirects and frames: not shown") \
    X(T, DERIVED,  INT,  generation,     0, INT64_MAX,       "of the batch that changed it last") \
    X(T, DERIVED,  FLAG, gone,           0, 1, \
      "pages_changed() only: it was removed; only id and generation are set")

#define HEARTH_BOOKMARK_FIELDS(X, T) \
    X(T, KEY,      TEXT, guid,        1, HEARTH_KEY_MAX, \
      "as on the server; the roots have fixed ones") \
    X(T, ALWAYS,   INT,  kind,        1, 6,               "enum hearth_bookmark_kind") \
    X(T, OPTIONAL, TEXT, parent,      0, HEARTH_KEY_MAX, \
      "where the repaired tree has it; NULL: the root itself, not shown, or not yet placed") \
    X(T, OPTIONAL, TEXT, said_parent, 0, HEARTH_KEY_MAX,  "as its record says") \
    X(T, OPTIONAL, TEXT, title,       0, HEARTH_TEXT_MAX, "NULL: none") \
    X(T, OPTIONAL, TEXT, url,         0, HEARTH_TEXT_MAX, "kinds BOOKMARK, QUERY, LIVEMARK") \
    X(T, OPTIONAL, TEXT, keyword,     0, HEARTH_TEXT_MAX, \
      "of its URL, in lower case: typed into the address bar it opens the URL") \
    X(T, OPTIONAL, TEXT, tag_query,   0, HEARTH_TEXT_MAX, "queries for a tag: its name") \
    X(T, OPTIONAL, TEXT, tags,        0, HEARTH_TEXT_MAX, \
      "of its URL, joined by \"\\n\"") \
    X(T, ALWAYS,   INT,  page,        0, INT64_MAX,       "id of the page of its URL; 0: none") \
    X(T, ALWAYS,   INT,  position,    0, INT64_MAX,       "in `parent`") \
    X(T, ALWAYS,   INT,  added,       INT64_MIN, HEARTH_DATE_MAX, \
      "when its person made it; 0: not said") \
    X(T, ALWAYS,   INT,  modified,    INT64_MIN, INT64_MAX, "server time of its record") \
    X(T, DERIVED,  INT,  children,    0, INT64_MAX,       "folders: how many are placed in it") \
    X(T, DERIVED,  INT,  last_visit,  INT64_MIN, INT64_MAX, "of its page; 0") \
    X(T, DERIVED,  INT,  visit_count, 0, INT64_MAX,       "of its page; 0") \
    X(T, ALWAYS,   INT,  source,      0, HEARTH_SOURCE_MAX, \
      "who brought it: id of a source; 0: the account's own provider") \
    X(T, OPTIONAL, TEXT, said_tags,   0, HEARTH_TEXT_MAX, \
      "as its record says, joined by \"\\n\"") \
    X(T, OPTIONAL, TEXT, said_keyword, 0, HEARTH_TEXT_MAX, "as its record says") \
    X(T, ALWAYS,   INT,  said_kind,   0, 5, \
      "as its record says; 0: stored by rules of before, which had nothing of said_…")

#define HEARTH_TOKEN_FIELDS(X, T) \
    X(T, KEY,      TEXT, id,        1, HEARTH_ID_MAX,   "public") \
    X(T, ALWAYS,   TEXT, account,   1, 32,              "its account's id") \
    X(T, ALWAYS,   TEXT, name,      0, HEARTH_LINE_MAX, "as its person calls it") \
    X(T, ALWAYS,   HASH, hash,      32, 32,             "SHA-256 of the secret") \
    X(T, ALWAYS,   INT,  scope,     0, INT32_MAX,       "enum hearth_token_scope") \
    X(T, ALWAYS,   INT,  created,   0, HEARTH_TIME_MAX, "when it was given out") \
    X(T, ALWAYS,   INT,  last_used, 0, HEARTH_TIME_MAX, "to within a minute; 0: never") \
    X(T, ALWAYS,   INT,  expires,   0, HEARTH_TIME_MAX, "0: never")

/* What a person picked for what was typed (adaptive history). */
#define HEARTH_PICK_FIELDS(X, T) \
    X(T, KEY,      TEXT, input,     0, HEARTH_KEY_MAX,  "folded") \
    X(T, KEY,      INT,  page,      1, INT64_MAX,       "id of the page that was picked") \
    X(T, ALWAYS,   REAL, use_count, 0, 1e300,           "as of `used`; 0 forgets the pick") \
    X(T, ALWAYS,   INT,  used,      0, HEARTH_TIME_MAX, "when it was picked last")

/* What was there and is not any more: so that whoever has a copy hears of it. */
#define HEARTH_REMOVAL_FIELDS(X, T) \
    X(T, KEY,      INT,  kind,       1, 5,               "enum hearth_removal_kind") \
    X(T, KEY,      TEXT, key,        0, HEARTH_KEY_MAX, \
      "devices: the id; tabs: that of their device; bookmarks: the guid; else \"\"") \
    X(T, KEY,      INT,  page,       0, INT64_MAX, \
      "pages: the id; visits: that of their page; else 0") \
    X(T, KEY,      INT,  date,       INT64_MIN, HEARTH_DATE_MAX, "visits; else 0") \
    X(T, KEY,      INT,  type,       0, 9,               "visits: enum hearth_visit_type; else 0") \
    X(T, KEY,      INT,  position,   0, INT32_MAX,       "tabs; else 0") \
    X(T, ALWAYS,   INT,  generation, 0, INT64_MAX,       "of the batch that removed it")

/* What a person removed here, and shall stay removed although its source still has it. Nothing
 * in it says what a page was. */
#define HEARTH_REMOVED_HERE_FIELDS(X, T) \
    X(T, KEY,      TEXT, id,         1, HEARTH_ID_MAX,   "made by the core") \
    X(T, ALWAYS,   INT,  kind,       1, 4,               "enum hearth_removed_here_kind") \
    X(T, ALWAYS,   INT,  page,       0, INT64_MAX,       "VISIT, PAGE: id of the page; else 0") \
    X(T, ALWAYS,   INT,  date,       INT64_MIN, HEARTH_DATE_MAX, "VISIT; else 0") \
    X(T, ALWAYS,   INT,  type,       0, 9,               "VISIT: enum hearth_visit_type; else 0") \
    X(T, ALWAYS,   TEXT, host,       0, HEARTH_TEXT_MAX, \
      "SITE: exactly this host, as pages have it; else \"\"") \
    X(T, ALWAYS,   INT,  from_date,  INT64_MIN, HEARTH_DATE_MAX, \
      "PAGE, SITE, SPAN: from_date <= date < to_date; 0: open") \
    X(T, ALWAYS,   INT,  to_date,    INT64_MIN, HEARTH_DATE_MAX, \
      "0: open, visits that are still to come, too") \
    X(T, ALWAYS,   INT,  created,    0, HEARTH_TIME_MAX, "when its person said so")

/* Where rows of an account come from besides its own provider, which is source 0 and has its
 * state in the account's row: another browser that syncs, a file that was imported. */
#define HEARTH_SOURCE_FIELDS(X, T) \
    X(T, KEY,      INT,  id,           1, HEARTH_SOURCE_MAX, \
      "never used again while rows of it are there") \
    X(T, ALWAYS,   TEXT, name,         0, HEARTH_LINE_MAX, "what its person reads") \
    X(T, ALWAYS,   INT,  kind,         1, 2,               "enum hearth_source_kind") \
    X(T, ALWAYS,   TEXT, provider,     0, HEARTH_ID_MAX, \
      "name of the [sync NAME] section; \"\": an import") \
    X(T, ALWAYS,   TEXT, uid,          0, 1024,            "who its person is there; \"\"") \
    X(T, ALWAYS,   INT,  created,      0, HEARTH_TIME_MAX, "when it was made") \
    X(T, ALWAYS,   INT,  ended,        0, HEARTH_TIME_MAX, \
      "since when nothing comes any more; 0: it lives") \
    X(T, ALWAYS,   INT,  state,        0, 4, \
      "enum hearth_account_state, of this source alone; so are the rest") \
    X(T, OPTIONAL, TEXT, state_detail, 0, HEARTH_LINE_MAX, "words for a person") \
    X(T, ALWAYS,   INT,  last_sync,    0, HEARTH_TIME_MAX, "that succeeded") \
    X(T, ALWAYS,   INT,  last_attempt, 0, HEARTH_TIME_MAX, "to sync") \
    X(T, ALWAYS,   INT,  next_sync,    0, HEARTH_TIME_MAX, "0: none is planned") \
    X(T, ALWAYS,   INT,  failures,     0, INT64_MAX,       "of syncs, in a row") \
    X(T, ALWAYS,   INT,  resync,       0, INT64_MAX, \
      "1: the next sync fetches everything anew")

/* Where an app hears, without a stream, that the account changed (docs/api.md): the address of a
 * push service. */
#define HEARTH_PUSH_FIELDS(X, T) \
    X(T, KEY,      TEXT, id,         1, HEARTH_ID_MAX,   "made by the core") \
    X(T, ALWAYS,   TEXT, token,      1, HEARTH_ID_MAX,   "id of the token with which it ends") \
    X(T, ALWAYS,   TEXT, endpoint,   1, HEARTH_LINE_MAX, "its URL, sealed by the core") \
    X(T, ALWAYS,   INT,  created,    0, HEARTH_TIME_MAX, "when it was registered") \
    X(T, ALWAYS,   INT,  last_sent,  0, HEARTH_TIME_MAX, "when a message was taken; 0: never") \
    X(T, ALWAYS,   INT,  failures,   0, INT64_MAX,       "of messages, in a row") \
    X(T, ALWAYS,   INT,  failing,    0, HEARTH_TIME_MAX, "since when; 0: not") \
    X(T, ALWAYS,   INT,  generation, 0, INT64_MAX,       "of the account, that was told last") \
    X(T, ALWAYS,   INT,  not_before, 0, HEARTH_TIME_MAX, "when the next message may be sent")

/* Every record there is: R(name, TABLE). */
#define HEARTH_RECORDS(R) \
    R(account,          HEARTH_ACCOUNT_FIELDS) \
    R(account_identity, HEARTH_ACCOUNT_IDENTITY_FIELDS) \
    R(device,           HEARTH_DEVICE_FIELDS) \
    R(tab,              HEARTH_TAB_FIELDS) \
    R(tab_group,        HEARTH_TAB_GROUP_FIELDS) \
    R(visit,            HEARTH_VISIT_FIELDS) \
    R(page,             HEARTH_PAGE_FIELDS) \
    R(bookmark,         HEARTH_BOOKMARK_FIELDS) \
    R(token,            HEARTH_TOKEN_FIELDS) \
    R(pick,             HEARTH_PICK_FIELDS) \
    R(removal,          HEARTH_REMOVAL_FIELDS) \
    R(removed_here,     HEARTH_REMOVED_HERE_FIELDS) \
    R(source,           HEARTH_SOURCE_FIELDS) \
    R(push,             HEARTH_PUSH_FIELDS)
/* clang-format on */

#define HEARTH_RECORD_DECLARE(record, FIELDS) HEARTH_RECORD(record, FIELDS);
HEARTH_RECORDS(HEARTH_RECORD_DECLARE)

/* The same for whoever walks over the fields of any record. */
enum hearth_field_role {
    HEARTH_FIELD_KEY,
    HEARTH_FIELD_ALWAYS,
    HEARTH_FIELD_OPTIONAL,
    HEARTH_FIELD_DERIVED
};
enum hearth_field_kind {
    HEARTH_FIELD_TEXT,
    HEARTH_FIELD_INT,
    HEARTH_FIELD_FLAG,
    HEARTH_FIELD_REAL,
    HEARTH_FIELD_HASH
};

struct hearth_field {
    const char *name, *meaning;
    int32_t role, kind; /* enum hearth_field_role, enum hearth_field_kind */
    size_t offset;
    int64_t least, most;
};

/* static const struct hearth_field fields[] = {HEARTH_PAGE_FIELDS(HEARTH_FIELD, page)}; */
#define HEARTH_FIELD(T, role, kind, name, least, most, meaning)                                    \
    {#name,                                                                                        \
     meaning,                                                                                      \
     HEARTH_FIELD_##role,                                                                          \
     HEARTH_FIELD_##kind,                                                                          \
     offsetof(struct hearth_##T, name),                                                            \
     (int64_t)(least),                                                                             \
     (int64_t)(most)},

#endif
