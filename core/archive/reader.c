/* From bytes to records: lines, their order, the count and the hash at the end. */
#include "archive/reader.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/scan.h"
#include "base/array.h"
#include "base/buf.h"
#include "base/str.h"
#include "codec/codec.h"

enum { WARNED_MAX = 32, WARNED_NAME = 64, FIELDS_MAX = 64 };

/* as it is written: it is known before anything in it is decoded, because it is not hashed */
#define LAST_LINE "{\"record\":\"end\","

enum reader_state { READS_FIRST, READS_RECORDS, READS_NOTHING };

struct archive_reader {
    struct archive_taker taker;
    struct hearth_limits limits;
    bool has_limits;
    const struct archive_warnings *warnings;
    enum reader_state state;
    enum archive_kind_name latest; /* kind: no earlier one may follow */
    struct archive_summary summary;
    EVP_MD_CTX *hash;
    struct buf line; /* that has begun */
    const char **children;
    size_t child_room;
    int64_t sealed_of;                    /* greatest source of which credentials came; -1: none */
    char warned[WARNED_MAX][WARNED_NAME]; /* what is not known, and was said */
    size_t warned_count;
};

struct archive_reader *archive_reader_create(const struct archive_taker *taker,
                                             const struct hearth_limits *limits,
                                             const struct archive_warnings *warnings)
{
    struct archive_reader *reader = taker->ctx == NULL ? NULL : calloc(1, sizeof(*reader));
    if (reader == NULL)
        return NULL;
    reader->hash = EVP_MD_CTX_new();
    if (reader->hash == NULL || EVP_DigestInit_ex(reader->hash, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(reader->hash);
        free(reader);
        return NULL;
    }
    reader->taker = *taker;
    reader->sealed_of = -1;
    reader->warnings = warnings;
    reader->has_limits = limits != NULL;
    if (limits != NULL)
        memcpy(&reader->limits, limits,
               limits->struct_size < sizeof(reader->limits) ? limits->struct_size
                                                            : sizeof(reader->limits));
    return reader;
}

void archive_close(struct archive_reader *reader)
{
    if (reader == NULL)
        return;
    reader->taker.close(reader->taker.ctx);
    EVP_MD_CTX_free(reader->hash);
    buf_fini(&reader->line);
    free(reader->children);
    free(reader);
}

void archive_warn(const struct archive_warnings *warnings, const char *format, ...)
{
    char text[400];
    va_list ap;
    if (warnings == NULL || warnings->warn == NULL)
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    warnings->warn(warnings->ctx, text);
}

/* Once for each; of a name nobody knows how it looks. */
static void warn_unknown(struct archive_reader *reader, const char *what, const char *kind,
                         const char *field)
{
    char name[WARNED_NAME], shown[WARNED_NAME], of[WARNED_NAME];
    str_printable(kind, of, sizeof(of));
    str_printable(field == NULL ? "" : field, shown, sizeof(shown));
    snprintf(name, sizeof(name), "%.31s.%.31s", of, shown);
    for (size_t i = 0; i < reader->warned_count; i++)
        if (strcmp(reader->warned[i], name) == 0)
            return;
    if (reader->warned_count == WARNED_MAX)
        return;
    str_copy(reader->warned[reader->warned_count++], WARNED_NAME, name);
    if (reader->warned_count == WARNED_MAX)
        archive_warn(reader->warnings, "more is kept out that this release does not know");
    else if (field == NULL)
        archive_warn(reader->warnings,
                     "%s of the kind \"%s\" are kept out: this release does not know it", what, of);
    else
        archive_warn(
            reader->warnings,
            "%s \"%s\" of records of the kind \"%s\" is kept out: this release does not know it",
            what, shown, of);
}

static int bad_line(const struct archive_reader *reader, struct err *err, const char *why)
{
    return err_set(err, HEARTH_ERR_INVALID, "line %" PRId64 ": %s", reader->summary.lines, why);
}

/* --- values --- */

/* What stands before a field is in `owner`, all else in the record's own struct. */
struct member {
    const struct hearth_field *field;
    void *record;
    unsigned bit; /* of what was said already */
};

static bool find_member(const struct archive_kind *kind, struct archive_record *record,
                        const char *name, struct member *ret_member)
{
    for (size_t i = 0; i < kind->owner->count; i++)
        if (strcmp(kind->owner->list[i].name, name) == 0) {
            *ret_member = (struct member){&kind->owner->list[i], &record->owner,
                                          (unsigned)(FIELDS_MAX - 1 - i)};
            return true;
        }
    for (size_t i = 0; i < kind->fields->count; i++)
        if (strcmp(kind->fields->list[i].name, name) == 0 &&
            archive_kind_has(kind, &kind->fields->list[i])) {
            *ret_member =
                (struct member){&kind->fields->list[i], &record->struct_size, (unsigned)i};
            return true;
        }
    return false;
}

static bool set_text(const struct member *member, const struct archive_scan_value *value)
{
    if (value->kind != SCAN_TEXT)
        return false;
    if (member->field->kind == HEARTH_FIELD_TEXT) {
        plug_fields_set_text(member->field, member->record, value->text);
        return true;
    }
    /* A hash of n bytes where 2n digits were. */
    size_t size = (size_t)member->field->most;
    uint8_t *bytes = (uint8_t *)(uintptr_t)value->text, hash[64];
    if (size > sizeof(hash) || codec_hex_decode(value->text, strlen(value->text), hash, size) != 0)
        return false;
    memcpy(bytes, hash, size);
    plug_fields_set_hash(member->field, member->record, bytes);
    return true;
}

static bool set_number(const struct member *member, const struct archive_scan_value *value)
{
    int64_t number;
    char *rest;
    if (value->kind == SCAN_FLAG && member->field->kind == HEARTH_FIELD_FLAG) {
        plug_fields_set_number(member->field, member->record, value->flag);
        return true;
    }
    if (value->kind != SCAN_NUMBER)
        return false;
    if (member->field->kind == HEARTH_FIELD_REAL) {
        double real = strtod(value->number, &rest);
        plug_fields_set_real(member->field, member->record, real);
        return rest != value->number && *rest == '\0';
    }
    if (!archive_scan_to_int(value->number, &number))
        return false;
    plug_fields_set_number(member->field, member->record, number);
    return true;
}

static bool set_member(const struct member *member, const struct archive_scan_value *value)
{
    switch (member->field->kind) {
    case HEARTH_FIELD_TEXT:
    case HEARTH_FIELD_HASH:
        return set_text(member, value);
    default:
        return set_number(member, value);
    }
}

/* What a line that does not say it means: an older release had no such field. */
static void set_defaults(const struct archive_kind *kind, struct archive_record *record)
{
    for (size_t i = 0; i < kind->fields->count; i++) {
        const struct hearth_field *field = &kind->fields->list[i];
        if (field->role == HEARTH_FIELD_ALWAYS && field->kind == HEARTH_FIELD_TEXT)
            plug_fields_set_text(field, &record->struct_size, "");
        else if ((field->kind == HEARTH_FIELD_INT || field->kind == HEARTH_FIELD_FLAG) &&
                 field->role == HEARTH_FIELD_ALWAYS && field->least > 0)
            plug_fields_set_number(field, &record->struct_size, field->least);
    }
}

/* A key that was not said; without is no part of it. */
static const char *missing_key(const struct archive_kind *kind, uint64_t said)
{
    for (size_t i = 0; i < kind->owner->count; i++)
        if ((said >> (FIELDS_MAX - 1 - i) & 1) == 0)
            return kind->owner->list[i].name;
    for (size_t i = 0; i < kind->fields->count; i++)
        if (kind->fields->list[i].role == HEARTH_FIELD_KEY &&
            archive_kind_has(kind, &kind->fields->list[i]) && (said >> i & 1) == 0)
            return kind->fields->list[i].name;
    return NULL;
}

static int reader_read_children(struct archive_reader *reader, struct scan *scan,
                                struct archive_record *record, struct err *err)
{
    const char *child;
    size_t count = 0;
    while (archive_scan_element(scan, &child)) {
        if (count == ARCHIVE_CHILDREN_MAX)
            return bad_line(reader, err, "its list has more than 1,000,000 children");
        size_t size = strlen(child);
        if (size == 0 || size > (size_t)(reader->has_limits && reader->limits.key_bytes > 0 &&
                                                 reader->limits.key_bytes < HEARTH_KEY_MAX
                                             ? reader->limits.key_bytes
                                             : HEARTH_KEY_MAX))
            return bad_line(reader, err, "the id of one of its children is empty or too long");
        if (!ARRAY_MAKE_ROOM(reader->children, count, reader->child_room))
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        reader->children[count++] = child;
    }
    record->listed = reader->children;
    record->listed_count = count;
    return 0;
}

/* --- a record --- */

static int read_member(struct archive_reader *reader, struct scan *scan,
                       struct archive_record *record, const char *name, uint64_t *said,
                       struct err *err)
{
    const struct archive_kind *kind = &archive_kinds[record->kind];
    struct archive_scan_value value;
    struct member member;
    char shown[64], why[160];
    if (!archive_scan_value(scan, &value))
        return 0; /* the scan says why */
    if (record->kind == ARCHIVE_KIND_children && value.kind == SCAN_LIST &&
        record->listed == NULL && strcmp(name, "children") == 0)
        return reader_read_children(reader, scan, record, err);
    str_printable(name, shown, sizeof(shown));
    if (!find_member(kind, record, name, &member)) {
        if (value.kind == SCAN_LIST || value.kind == SCAN_OBJECT)
            archive_scan_skip(scan);
        warn_unknown(reader, "the field", kind->name, name);
        return 0;
    }
    if ((*said >> member.bit & 1) != 0) {
        snprintf(why, sizeof(why), "it says its %s twice", shown);
        return bad_line(reader, err, why);
    }
    *said |= (uint64_t)1 << member.bit;
    if (value.kind == SCAN_NULL && member.field->role == HEARTH_FIELD_OPTIONAL)
        return 0;
    if (value.kind == SCAN_LIST || value.kind == SCAN_OBJECT || !set_member(&member, &value)) {
        snprintf(why, sizeof(why), "its %s is no %s", shown,
                 member.field->kind == HEARTH_FIELD_TEXT   ? "text"
                 : member.field->kind == HEARTH_FIELD_HASH ? "hash in hex digits"
                 : member.field->kind == HEARTH_FIELD_REAL ? "number"
                                                           : "whole number");
        return bad_line(reader, err, why);
    }
    return 0;
}

/* An id becomes the name of a file. */
static bool reader_note_account(struct archive_reader *reader, const struct hearth_account *account)
{
    struct archive_summary *summary = &reader->summary;
    if (account->id[strspn(account->id, "abcdefghijklmnopqrstuvwxyz0123456789")] != '\0')
        return false;
    str_copy(summary->id, sizeof(summary->id), account->id);
    str_copy(summary->email, sizeof(summary->email), account->email);
    str_copy(summary->uid, sizeof(summary->uid), account->uid);
    str_copy(summary->provider, sizeof(summary->provider), account->provider);
    summary->generation = account->generation;
    return true;
}

/* Of some kinds there is one at most, of credentials one of each source, by their numbers. */
static bool is_another(struct archive_reader *reader, const struct archive_record *record)
{
    if (record->kind == ARCHIVE_KIND_account || record->kind == ARCHIVE_KIND_settings)
        return reader->summary.counts[record->kind] == 0;
    if (record->kind != ARCHIVE_KIND_credentials)
        return true;
    bool more = record->credentials.source > reader->sealed_of;
    reader->sealed_of = more ? record->credentials.source : reader->sealed_of;
    return more;
}

static int finish_record(struct archive_reader *reader, struct archive_record *record,
                         uint64_t said, struct err *err)
{
    const struct archive_kind *kind = &archive_kinds[record->kind];
    const struct hearth_limits *limits = reader->has_limits ? &reader->limits : NULL;
    struct err why = {0};
    char text[200];
    const char *missing = missing_key(kind, said);
    if (missing != NULL) {
        snprintf(text, sizeof(text), "it has no %s", missing);
        return bad_line(reader, err, text);
    }
    if (record->kind == ARCHIVE_KIND_account)
        record->account.node = "";
    if (record->kind == ARCHIVE_KIND_token)
        record->token.account = "-";
    if (!plug_fields_check(kind->owner, &record->owner, limits, text, sizeof(text)) ||
        !plug_fields_check(kind->fields, &record->struct_size, limits, text, sizeof(text)))
        return bad_line(reader, err, text);
    if (record->kind == ARCHIVE_KIND_credentials &&
        strspn(record->credentials.sealed, "0123456789abcdef") % 2 != 0)
        return bad_line(reader, err, "its sealed is no hex");
    if (record->kind != ARCHIVE_KIND_account && reader->summary.counts[ARCHIVE_KIND_account] == 0)
        return bad_line(reader, err, "it comes before the account that it belongs to");
    if (record->kind < reader->latest)
        return bad_line(reader, err, "it is behind records of a kind that comes later");
    if (!is_another(reader, record))
        return bad_line(reader, err, "there is one of its kind already");
    if (record->kind == ARCHIVE_KIND_children && record->listed_count == 0)
        return bad_line(reader, err, "it has no list of children");
    if (record->kind == ARCHIVE_KIND_account && !reader_note_account(reader, &record->account))
        return bad_line(reader, err, "its id is none of an account: [a-z0-9], at most 32");
    reader->latest = record->kind;
    reader->summary.counts[record->kind]++;
    int r = reader->taker.take(reader->taker.ctx, record, &why);
    return r < 0 ? err_set(err, r, "line %" PRId64 ": %s", reader->summary.lines, why.text) : 0;
}

static int read_record(struct archive_reader *reader, struct scan *scan, int kind, struct err *err)
{
    struct archive_record record = {.kind = (enum archive_kind_name)kind};
    uint64_t said = 0;
    const char *name;
    record.struct_size = (uint32_t)archive_kinds[kind].fields->size;
    record.owner.struct_size = (uint32_t)archive_kinds[kind].owner->size;
    set_defaults(&archive_kinds[kind], &record);
    while (archive_scan_member(scan, &name)) {
        int r = read_member(reader, scan, &record, name, &said, err);
        if (r < 0)
            return r;
    }
    return scan->why != NULL ? bad_line(reader, err, scan->why)
                             : finish_record(reader, &record, said, err);
}

static int skip_record(struct archive_reader *reader, struct scan *scan, const char *kind,
                       struct err *err)
{
    const char *name;
    struct archive_scan_value value;
    warn_unknown(reader, "records", kind, NULL);
    while (archive_scan_member(scan, &name) && archive_scan_value(scan, &value))
        if (value.kind == SCAN_LIST || value.kind == SCAN_OBJECT)
            archive_scan_skip(scan);
    return scan->why != NULL ? bad_line(reader, err, scan->why) : 0;
}

/* --- the first and the last line --- */

static int read_first(struct archive_reader *reader, struct scan *scan, struct err *err)
{
    int64_t version = 0, number;
    const char *name;
    struct archive_scan_value value;
    while (archive_scan_member(scan, &name) && archive_scan_value(scan, &value)) {
        if (value.kind == SCAN_LIST || value.kind == SCAN_OBJECT)
            archive_scan_skip(scan);
        else if (value.kind == SCAN_NUMBER && archive_scan_to_int(value.number, &number) &&
                 strcmp(name, "version") == 0)
            version = number;
        else if (value.kind == SCAN_NUMBER && archive_scan_to_int(value.number, &number) &&
                 strcmp(name, "data_model") == 0)
            reader->summary.data_model = number;
    }
    if (scan->why != NULL)
        return bad_line(reader, err, scan->why);
    if (version != ARCHIVE_VERSION)
        return err_set(err, HEARTH_ERR_UNSUPPORTED,
                       "it is an archive of version %" PRId64
                       ", and this release reads version %d; a newer hearthd may read it",
                       version, ARCHIVE_VERSION);
    if (reader->summary.data_model > HEARTH_DATA_MODEL)
        archive_warn(reader->warnings,
                     "the archive has data model %" PRId64
                     ", and this release %d: what it does not know of it is kept out",
                     reader->summary.data_model, HEARTH_DATA_MODEL);
    reader->state = READS_RECORDS;
    return 0;
}

static bool last_is_right(struct archive_reader *reader, const char *name,
                          const struct archive_scan_value *value)
{
    uint8_t digest[32];
    char hex[65];
    int64_t number;
    int kind = archive_kind_of(name);
    if (strcmp(name, "sha256") == 0) {
        if (EVP_DigestFinal_ex(reader->hash, digest, NULL) != 1)
            return false;
        codec_hex_encode(digest, sizeof(digest), hex);
        return value->kind == SCAN_TEXT && strcmp(hex, value->text) == 0;
    }
    if (kind < 0 && strcmp(name, "lines") != 0)
        return true;
    return value->kind == SCAN_NUMBER && archive_scan_to_int(value->number, &number) &&
           number == (kind < 0 ? reader->summary.lines - 1 : reader->summary.counts[kind]);
}

static int read_last(struct archive_reader *reader, struct scan *scan, struct err *err)
{
    const char *name;
    struct archive_scan_value value;
    bool hashed = false, counted = false;
    char text[160], shown[64];
    while (archive_scan_member(scan, &name) && archive_scan_value(scan, &value)) {
        if (value.kind == SCAN_LIST || value.kind == SCAN_OBJECT) {
            archive_scan_skip(scan);
        } else if ((hashed && strcmp(name, "sha256") == 0) ||
                   !last_is_right(reader, name, &value)) {
            str_printable(name, shown, sizeof(shown));
            snprintf(text, sizeof(text), "its %s is not that of what came: the archive is damaged",
                     shown);
            return bad_line(reader, err, text);
        }
        hashed = hashed || strcmp(name, "sha256") == 0;
        counted = counted || strcmp(name, "lines") == 0;
    }
    if (scan->why != NULL)
        return bad_line(reader, err, scan->why);
    if (!hashed || !counted)
        return bad_line(reader, err, "it ends the archive without its count and SHA-256");
    if (reader->summary.counts[ARCHIVE_KIND_account] == 0)
        return bad_line(reader, err, "the archive ends and has no account");
    reader->state = READS_NOTHING;
    return 0;
}

/* --- lines --- */

static int reader_read_line(struct archive_reader *reader, char *line, size_t size, struct err *err)
{
    struct scan scan;
    struct archive_scan_value value;
    const char *name;
    bool is_last =
        size >= sizeof(LAST_LINE) - 1 && memcmp(line, LAST_LINE, sizeof(LAST_LINE) - 1) == 0;
    reader->summary.lines++;
    if (reader->state == READS_NOTHING)
        return bad_line(reader, err, "something follows the last line");
    if (!is_last && (EVP_DigestUpdate(reader->hash, line, size) != 1 ||
                     EVP_DigestUpdate(reader->hash, "\n", 1) != 1))
        return err_set(err, HEARTH_ERR_INTERNAL, "SHA-256 failed");
    if (!archive_scan_begin(&scan, line, size) || !archive_scan_member(&scan, &name) ||
        strcmp(name, "record") != 0 || !archive_scan_value(&scan, &value) ||
        value.kind != SCAN_TEXT)
        return reader->state == READS_FIRST
                   ? err_set(err, HEARTH_ERR_INVALID, "it is no archive of hearthd")
                   : bad_line(reader, err,
                              scan.why != NULL ? scan.why
                                               : "it does not begin with {\"record\":\"");
    int kind = archive_kind_of(value.text);
    if ((strcmp(value.text, "archive") == 0) != (reader->state == READS_FIRST))
        return reader->state == READS_FIRST
                   ? err_set(err, HEARTH_ERR_INVALID, "it is no archive of hearthd")
                   : bad_line(reader, err, "an archive begins in the middle of another");
    if (reader->state == READS_FIRST)
        return read_first(reader, &scan, err);
    if (is_last)
        return read_last(reader, &scan, err);
    if (strcmp(value.text, "end") == 0)
        return bad_line(reader, err, "the last line is not as it was written");
    return kind < 0 ? skip_record(reader, &scan, value.text, err)
                    : read_record(reader, &scan, kind, err);
}

int archive_feed(struct archive_reader *reader, const void *bytes, size_t size, struct err *err)
{
    const char *at = bytes, *end = at + size;
    while (at < end) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        size_t piece = (size_t)((feed == NULL ? end : feed) - at);
        if (reader->line.size + piece > ARCHIVE_LINE_MAX) {
            reader->summary.lines++;
            return bad_line(reader, err, "it has more than 64 MiB");
        }
        buf_add(&reader->line, at, piece);
        if (buf_failed(&reader->line))
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        at += piece + (feed != NULL);
        if (feed == NULL)
            break;
        buf_add_char(&reader->line, '\0'); /* so that there is a line, even an empty one */
        if (buf_failed(&reader->line))
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        int r = reader_read_line(reader, reader->line.data, reader->line.size - 1, err);
        buf_reset(&reader->line);
        if (r < 0)
            return r;
    }
    return 0;
}

int archive_end(struct archive_reader *reader, struct archive_summary *ret_summary, struct err *err)
{
    if (reader->state != READS_NOTHING || reader->line.size > 0)
        return reader->state == READS_NOTHING
                   ? err_set(err, HEARTH_ERR_INVALID, "something follows the last line")
                   : err_set(err, HEARTH_ERR_INVALID,
                             "it ends behind line %" PRId64
                             " without its last line: it was cut off",
                             reader->summary.lines);
    int r = reader->taker.end(reader->taker.ctx, err);
    if (r == 0 && ret_summary != NULL)
        *ret_summary = reader->summary;
    return r;
}
