/* Every field of every record, at the borders of what may be stored, is put and read back by
 * each operation that reads the record. */
#include "storage_ways.h"

union any_record {
#define MEMBER(record, FIELDS) struct hearth_##record record;
    HEARTH_RECORDS(MEMBER)
#undef MEMBER
};

/* Of a kind that has the field; all others are empty. */
static void make_possible_removal(const struct hearth_field *field, struct hearth_removal *removal)
{
    const struct hearth_removal put = *removal;
    bool key = strcmp(field->name, "key") == 0, position = strcmp(field->name, "position") == 0;
    bool visit = strcmp(field->name, "date") == 0 || strcmp(field->name, "type") == 0;
    *removal =
        (struct hearth_removal){.struct_size = sizeof(*removal), .kind = put.kind, .key = ""};
    if (key || position || visit)
        removal->kind = key        ? HEARTH_REMOVAL_BOOKMARK
                        : position ? HEARTH_REMOVAL_TAB
                                   : HEARTH_REMOVAL_VISIT;
    if (removal->kind == HEARTH_REMOVAL_PAGE || removal->kind == HEARTH_REMOVAL_VISIT)
        removal->page = put.page == 0 ? 1 : put.page;
    else
        removal->key = put.key[0] == '\0' ? "k" : put.key;
    if (removal->kind == HEARTH_REMOVAL_VISIT) {
        removal->date = put.date;
        removal->type = put.type;
    }
    if (removal->kind == HEARTH_REMOVAL_TAB)
        removal->position = put.position;
}

/* What one field asks of another, and what is not just any text. field: the one at its border;
 * NULL: all of them. */
static void make_possible(const struct storage_way *of, const struct hearth_field *field,
                          union any_record *record)
{
    static char email[1025];
    if (of->fields == &plug_fields_account) {
        const char *text = strcmp(record->account.email, "k") == 0 ? "" : record->account.email;
        size_t length = strlen(text), most = sizeof(email) - sizeof("@example.org");
        snprintf(email, sizeof(email), "%s@example.org",
                 /* or the kit takes it for somebody's */
                 length > most ? text + length - most : text);
        record->account.email = email;
        record->account.id =
            strlen(record->account.id) == 1 ? "z" : "abcdefghijklmnopqrstuvwxyz012345";
    } else if (of->fields == &plug_fields_token) {
        record->token.account = "a";
    } else if (of->fields == &plug_fields_removal) {
        make_possible_removal(field, &record->removal);
    }
}

static void check_record(struct storage *storage, const struct storage_way *of,
                         const union any_record *record)
{
    struct wanted wanted = {.fields = of->fields, .record = record};
    of->put(storage, record);
    of->read(storage, &wanted);
    of->remove(storage, record);
    plug_storage_reset(storage);
}

static bool is_put(const struct storage_way *of, const struct hearth_field *field)
{
    return field->role != HEARTH_FIELD_DERIVED &&
           (of->only == NULL || strcmp(of->only, field->name) == 0);
}

/* One field after another; the others are plain. */
static void check_each_field(struct kit *kit, const struct storage_way *of,
                             const struct hearth_field *field)
{
    union any_record record;
    enum record_border border;
    for (size_t which = 0;; which++) {
        kit_record_plain(of->fields, &record);
        border = kit_record_set_border(field, &record, which, kit->descriptor->limits);
        if (border == RECORD_BORDER_END)
            break;
        make_possible(of, field, &record);
        if (border == RECORD_BORDER_SET)
            check_record(&kit->storage, of, &record);
    }
}

static size_t count_borders(const struct hearth_field *field, const struct hearth_limits *limits)
{
    union any_record scratch;
    size_t count = 0;
    while (kit_record_set_border(field, &scratch, count, limits) != RECORD_BORDER_END)
        count++;
    return count;
}

static size_t most_borders(const struct storage_way *of, const struct hearth_limits *limits)
{
    size_t most = 0;
    for (size_t i = 0; i < of->fields->count; i++) {
        size_t count =
            is_put(of, &of->fields->list[i]) ? count_borders(&of->fields->list[i], limits) : 0;
        most = count > most ? count : most;
    }
    return most;
}

/* All fields at once, each at another of its borders than its neighbours: all of them have had
 * all of theirs in the end. A commit takes its time, and there are some thousand borders. */
static void check_fields_together(struct kit *kit, const struct storage_way *of)
{
    const struct hearth_limits *limits = kit->descriptor->limits;
    union any_record record;
    size_t rounds = most_borders(of, limits);
    for (size_t round = 0; round < rounds; round++) {
        kit_record_plain(of->fields, &record);
        for (size_t i = 0; i < of->fields->count; i++) {
            const struct hearth_field *field = &of->fields->list[i];
            if (is_put(of, field))
                kit_record_set_border(field, &record,
                                      (round + i * 5) % count_borders(field, limits), limits);
        }
        make_possible(of, NULL, &record);
        check_record(&kit->storage, of, &record);
    }
}

static void check_borders(struct kit *kit, const struct storage_way *of)
{
    if (of->fields != &plug_fields_removal) {
        check_fields_together(kit, of);
        return;
    }
    for (size_t i = 0; i < of->fields->count; i++) /* which fields one has depends on its kind */
        if (is_put(of, &of->fields->list[i]))
            check_each_field(kit, of, &of->fields->list[i]);
}

static void borders_come_back(struct kit *kit)
{
    expect_number(plug_fields_record_count, STORAGE_WAYS);
    for (size_t i = 0; i < STORAGE_WAYS; i++)
        check_borders(kit, &kit_storage_ways[i]);
    kit_expect_sound(&kit->storage);
}

static void changed_borders_come_back(struct kit *kit)
{
    for (size_t i = 0; i < STORAGE_CHANGES; i++)
        check_borders(kit, &kit_storage_changes[i]);
    kit_expect_sound(&kit->storage);
}

/* What can be put again without being removed. */
static bool is_replaced(const struct storage_way *of)
{
    return of->fields != &plug_fields_account && of->fields != &plug_fields_account_identity &&
           of->fields != &plug_fields_visit && of->fields != &plug_fields_token &&
           of->fields != &plug_fields_removal;
}

/* Records of one key, each over the one before: every field goes from border to border, also
 * from something to nothing. */
static void check_replaced(struct kit *kit, const struct storage_way *of)
{
    const struct hearth_limits *limits = kit->descriptor->limits;
    union any_record record;
    struct wanted wanted = {.fields = of->fields, .record = &record};
    for (size_t round = most_borders(of, limits) + 1; round-- > 0;) {
        kit_record_plain(of->fields, &record);
        for (size_t i = 0; i < of->fields->count; i++) {
            const struct hearth_field *field = &of->fields->list[i];
            if (is_put(of, field) && field->role != HEARTH_FIELD_KEY)
                kit_record_set_border(field, &record, (round + i) % count_borders(field, limits),
                                      limits);
        }
        if (of->fields == &plug_fields_bookmark && record.bookmark.parent == NULL)
            record.bookmark.parent = "menu"; /* it would keep the one that it has */
        of->put(&kit->storage, &record);
        wanted.record = &record;
        of->read(&kit->storage, &wanted);
        plug_storage_reset(&kit->storage);
    }
    of->remove(&kit->storage, &record);
}

static void replaced_records(struct kit *kit)
{
    for (size_t i = 0; i < STORAGE_WAYS; i++)
        if (is_replaced(&kit_storage_ways[i]))
            check_replaced(kit, &kit_storage_ways[i]);
    kit_expect_sound(&kit->storage);
}

/* Each is another text, whatever a collation, a padding or a pattern makes of it. */
const char *const kit_storage_alike[STORAGE_ALIKE] = {"Case",
                                                      "case",
                                                      "case ",
                                                      "case  ",
                                                      " case",
                                                      "c\xc3\xa1"
                                                      "se",
                                                      "ca\xcc\x81se",
                                                      "c\xc3\x81"
                                                      "se",
                                                      "\xc3\x89"
                                                      "cole",
                                                      "\xc3\xa9"
                                                      "cole",
                                                      "stra\xc3\x9f"
                                                      "e",
                                                      "strasse",
                                                      "c_se",
                                                      "c%",
                                                      "cas\xc3\xa9",
                                                      "\xd0\x90",
                                                      "A"};

/* Keys are compared by their bytes. */
static void check_alike(struct kit *kit, const struct storage_way *of,
                        const struct hearth_field *field)
{
    enum { ALIKE = STORAGE_ALIKE };
    static uint8_t hashes[ALIKE][32];
    union any_record records[ALIKE];
    for (size_t i = 0; i < ALIKE; i++) {
        kit_record_plain(of->fields, &records[i]);
        plug_fields_set_text(field, &records[i], kit_storage_alike[i]);
        hashes[i][0] = (uint8_t)(i + 1);
        make_possible(of, field, &records[i]);
        if (of->fields == &plug_fields_token)
            records[i].token.hash = hashes[i];
        of->put(&kit->storage, &records[i]);
    }
    for (size_t i = 0; i < ALIKE; i++) {
        struct wanted wanted = {.fields = of->fields, .record = &records[i]};
        of->read(&kit->storage, &wanted);
    }
    for (size_t i = 0; i < ALIKE; i++)
        of->remove(&kit->storage, &records[i]);
}

static void alike_keys_differ(struct kit *kit)
{
    for (size_t i = 0; i < STORAGE_WAYS; i++) {
        const struct storage_way *of = &kit_storage_ways[i];
        for (size_t k = 0; k < of->fields->count; k++)
            if (of->fields->list[k].role == HEARTH_FIELD_KEY &&
                of->fields->list[k].kind == HEARTH_FIELD_TEXT && of->fields != &plug_fields_account)
                check_alike(kit, of, &of->fields->list[k]);
    }
    kit_expect_sound(&kit->storage);
}

/* As long as a key may be, and different in one byte: the last, the first, and behind what is
 * often taken for enough. */
static void check_longest(struct kit *kit, const struct storage_way *of,
                          const struct hearth_field *field)
{
    enum { LONGEST = 5 };
    static const size_t apart[LONGEST - 1] = {0, 31, 63, 254};
    static char texts[LONGEST][HEARTH_LINE_MAX + 1];
    static uint8_t hashes[LONGEST][32];
    union any_record records[LONGEST];
    size_t length = (size_t)plug_fields_longest(field->most, kit->descriptor->limits);
    if (length > HEARTH_LINE_MAX)
        length = HEARTH_LINE_MAX;
    for (size_t i = 0; i < LONGEST; i++) {
        memset(texts[i], 'k', length);
        texts[i][length] = '\0';
        if (i > 0)
            texts[i][i == 1 || apart[i - 1] >= length ? length - 1 : apart[i - 1]] =
                (char)('k' + i);
        hashes[i][i * 7] = 1;
        kit_record_plain(of->fields, &records[i]);
        plug_fields_set_text(field, &records[i], texts[i]);
        if (of->fields == &plug_fields_token) {
            records[i].token.account = "a";
            records[i].token.hash = hashes[i];
        }
        of->put(&kit->storage, &records[i]);
    }
    for (size_t i = 0; i < LONGEST; i++) {
        struct wanted wanted = {.fields = of->fields, .record = &records[i]};
        of->read(&kit->storage, &wanted);
    }
    for (size_t i = 0; i < LONGEST; i++)
        of->remove(&kit->storage, &records[i]);
    plug_storage_reset(&kit->storage);
}

static void check_longest_emails(struct kit *kit)
{
    static char emails[2][1025];
    struct storage *storage = &kit->storage;
    size_t length = (size_t)plug_fields_longest(1024, kit->descriptor->limits),
           at = length - strlen("@example.org") - 1;
    for (int i = 0; i < 2; i++) {
        memset(emails[i], 'e', length);
        snprintf(emails[i] + at, sizeof(emails[i]) - at, "%d@example.org", i);
        kit_account_add(storage, i == 0 ? "x" : "y", emails[i]);
    }
    for (int i = 0; i < 2; i++) {
        struct hearth_account got = {.struct_size = sizeof(got)};
        OK(storage, account_by_email, emails[i], &got);
        expect_text(got.id, i == 0 ? "x" : "y");
        expect_text(got.email, emails[i]);
    }
    OK(storage, account_remove, "x");
    OK(storage, account_remove, "y");
}

static void longest_keys_differ(struct kit *kit)
{
    for (size_t i = 0; i < STORAGE_WAYS; i++) {
        const struct storage_way *of = &kit_storage_ways[i];
        for (size_t k = 0; k < of->fields->count; k++)
            if (of->fields->list[k].role == HEARTH_FIELD_KEY &&
                of->fields->list[k].kind == HEARTH_FIELD_TEXT &&
                of->fields != &plug_fields_account && of->fields != &plug_fields_removal)
                check_longest(kit, of, &of->fields->list[k]);
    }
    check_longest_emails(kit);
    kit_expect_sound(&kit->storage);
}

const struct kit_test kit_storage_borders_tests[] = {
    {"borders: every field of every record comes back as it was put", borders_come_back, KIT_OPEN,
     240},
    {"borders: every field that can be changed comes back as it was changed",
     changed_borders_come_back, KIT_OPEN, 120},
    {"borders: a record that is put again is the later one in every field", replaced_records,
     KIT_OPEN, 120},
    {"borders: keys that look alike are different keys", alike_keys_differ, KIT_OPEN},
    {"borders: keys that differ in one byte of many are different keys", longest_keys_differ,
     KIT_OPEN},
    {NULL, NULL},
};
