/* Days in a time zone: files of TZif, the rules at their ends, and those that are none. */
#include "../../../core/api/timezone.c" /* what reads a file is its own */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"

enum { HOUR = 3600, YEAR_2026 = 1767225600, DAY = 86400 };

struct table_row {
    int64_t at;
    int32_t offset;
};

static void put_number(struct buf *out, int64_t value, int bytes)
{
    while (bytes-- > 0)
        buf_add_char(out, (char)((uint64_t)value >> (8 * bytes) & 0xff));
}

static void put_header(struct buf *out, char version, int64_t times, int64_t types)
{
    buf_add(out, "TZif", 4);
    buf_add_char(out, version);
    for (int i = 0; i < 15; i++)
        buf_add_char(out, '\0');
    for (int i = 0; i < 3; i++)
        put_number(out, 0, 4);
    put_number(out, times, 4);
    put_number(out, types, 4);
    put_number(out, 4, 4);
}

static void put_types(struct buf *out, const struct table_row *rows, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        buf_add_char(out, (char)(i + 1));
    put_number(out, 1800, 4); /* before all of them */
    buf_add(out, "\0\0", 2);
    for (int64_t i = 0; i < count; i++) {
        put_number(out, rows[i].offset, 4);
        buf_add(out, "\0\0", 2);
    }
    buf_add(out, "XXX\0", 4);
}

/* As zic writes it: a small first part that nobody reads, then times of 64 bits, then the rule. */
static void put_zone(struct buf *out, char version, const struct table_row *rows, int64_t count,
                     const char *rule)
{
    put_header(out, version, 0, 1);
    put_types(out, NULL, 0);
    if (version == '\0')
        return;
    put_header(out, version, count, count + 1);
    for (int64_t i = 0; i < count; i++)
        put_number(out, rows[i].at, 8);
    put_types(out, rows, count);
    buf_printf(out, "\n%s\n", rule);
}

static struct zone *zone_of(const struct table_row *rows, int64_t count, const char *rule)
{
    struct buf file = {0};
    put_zone(&file, '2', rows, count, rule);
    struct zone *zone = tzif_parse((const unsigned char *)file.data, file.size);
    buf_fini(&file);
    assert_non_null(zone);
    return zone;
}

/* Winter and summer of the north, 2026-01-15 and 2026-07-15, both at noon UTC. */
static void expect_rule(const char *rule, int32_t january, int32_t july)
{
    struct zone *zone = zone_of(NULL, 0, rule);
    int32_t first = api_timezone_offset(zone, YEAR_2026 + 14 * DAY + 12 * HOUR);
    int32_t second = api_timezone_offset(zone, YEAR_2026 + 195 * DAY + 12 * HOUR);
    if (first != january || second != july)
        fail_msg("%s: got %d and %d", rule, first, second);
    api_timezone_free(zone);
}

static void test_rules(void **state)
{
    (void)state;
    expect_rule("UTC0", 0, 0);
    expect_rule("CET-1CEST,M3.5.0,M10.5.0/3", HOUR, 2 * HOUR);
    expect_rule("GMT0BST,M3.5.0/1,M10.5.0", 0, HOUR);
    expect_rule("EST5EDT,M3.2.0,M11.1.0", -5 * HOUR, -4 * HOUR);
    expect_rule("AEST-10AEDT,M10.1.0,M4.1.0/3", 11 * HOUR, 10 * HOUR); /* the south */
    expect_rule("<-04>4<-03>,M9.1.6/24,M4.1.6/24", -3 * HOUR, -4 * HOUR);
    expect_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 11 * HOUR,
                10 * HOUR + 1800); /* half an hour */
    expect_rule("<+0545>-5:45", 5 * HOUR + 2700, 5 * HOUR + 2700);
    expect_rule("<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", 13 * HOUR + 2700, 12 * HOUR + 2700);
    expect_rule("NST3:30NDT,M3.2.0,M11.1.0", -3 * HOUR - 1800, -2 * HOUR - 1800);
    expect_rule("LMT-0:53:28", 3208, 3208);
    expect_rule("IST-1GMT0,M10.5.0,M3.5.0/1", 0, HOUR); /* Dublin: winter is the exception */
    expect_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -2 * HOUR, -HOUR);
    expect_rule("IST-2IDT,M3.4.4/26,M10.5.0", 2 * HOUR, 3 * HOUR);
    expect_rule("EET-2EEST,M3.4.4/50,M10.4.4/50", 2 * HOUR, 3 * HOUR);
}

/* A rule that is none changes nothing: what the file's table says goes on. */
static void test_malformed_rules(void **state)
{
    static const char *const rules[] = {
        "",
        "CET",
        "-1",
        "C-1",
        "CE-1",
        "1CET",
        "<CET-1",
        "<>-1",
        "CET-",
        "CET-x",
        "CET-1:",
        "CET-1:60",
        "CET-25",
        "CET-999999999999",
        "CET-1CEST",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,M3..0,M10.5.0",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0/,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0 ",
        "CET-1CEST,M3.5.0,M10.5.0,M1.1.1",
        "CET-1,M3.5.0,M10.5.0",
        "CET-1CEST,J60,J300",
        "CET-1CEST,0/0,J365/25",
        "CET-1 CEST,M3.5.0,M10.5.0",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        expect_rule(rules[i], 1800, 1800);
}

/* The last Sunday in March of 2026 is the 29th, the last in October the 25th. */
static void test_moments_of_change(void **state)
{
    struct zone *zone = zone_of(NULL, 0, "CET-1CEST,M3.5.0,M10.5.0/3");
    int64_t spring = YEAR_2026 + (31 + 28 + 28) * DAY + HOUR, autumn = YEAR_2026 + 297 * DAY + HOUR;
    (void)state;
    assert_int_equal(api_timezone_offset(zone, spring - 1), HOUR);
    assert_int_equal(api_timezone_offset(zone, spring), 2 * HOUR);
    assert_int_equal(api_timezone_offset(zone, autumn - 1), 2 * HOUR);
    assert_int_equal(api_timezone_offset(zone, autumn), HOUR);
    assert_int_equal(api_timezone_day(zone, (YEAR_2026 - HOUR) * 1000LL), YEAR_2026 / DAY);
    assert_int_equal(api_timezone_day(zone, (YEAR_2026 - HOUR) * 1000LL - 1), YEAR_2026 / DAY - 1);
    api_timezone_free(zone);
}

static void test_tables(void **state)
{
    static const struct table_row rows[] = {
        {-1000000000, HOUR}, {0, -2 * HOUR}, {1000000000, 3 * HOUR}};
    struct zone *zone = zone_of(rows, 3, "");
    (void)state;
    assert_int_equal(api_timezone_offset(zone, INT64_MIN / 2), 1800);
    assert_int_equal(api_timezone_offset(zone, -1000000001), 1800);
    assert_int_equal(api_timezone_offset(zone, -1000000000), HOUR);
    assert_int_equal(api_timezone_offset(zone, -1), HOUR);
    assert_int_equal(api_timezone_offset(zone, 0), -2 * HOUR);
    assert_int_equal(api_timezone_offset(zone, 999999999), -2 * HOUR);
    assert_int_equal(api_timezone_offset(zone, INT64_MAX / 2), 3 * HOUR);
    api_timezone_free(zone);
    zone = zone_of(rows, 3, "CET-1CEST,M3.5.0,M10.5.0/3"); /* from the last one on */
    assert_int_equal(api_timezone_offset(zone, 1000000000), 3 * HOUR);
    assert_int_equal(api_timezone_offset(zone, YEAR_2026), HOUR);
    api_timezone_free(zone);
}

/* Changes that overtake each other, as no zone has them. */
static void test_changes_out_of_order(void **state)
{
    static const struct table_row rows[] = {{1000, HOUR}, {0, 2 * HOUR}, {0, 3 * HOUR}};
    struct zone *zone = zone_of(NULL, 0, "AAA0BBB,M12.5.6/167:59:59,M1.1.0/-167");
    (void)state;
    assert_true(zone->count > 100);
    for (size_t i = 1; i < zone->count; i++)
        assert_true(zone->transitions[i - 1].at < zone->transitions[i].at);
    api_timezone_free(zone);
    for (size_t i = 0; i < 2; i++) { /* backwards, and twice at one time */
        struct buf file = {0};
        put_zone(&file, '2', rows + i, 2, "");
        assert_null(tzif_parse((const unsigned char *)file.data, file.size));
        buf_fini(&file);
    }
}

static struct zone *parse_exactly(const void *bytes, size_t size)
{
    unsigned char *exact = malloc(size == 0 ? 1 : size);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    struct zone *zone = tzif_parse(exact, size);
    free(exact);
    return zone;
}

static void test_versions(void **state)
{
    static const char versions[] = {'2', '3', '4'};
    (void)state;
    for (size_t i = 0; i < sizeof(versions); i++) {
        struct buf file = {0};
        put_zone(&file, versions[i], NULL, 0, "<+1245>-12:45");
        struct zone *zone = parse_exactly(file.data, file.size);
        assert_non_null(zone);
        assert_int_equal(api_timezone_offset(zone, 0), 12 * HOUR + 2700);
        api_timezone_free(zone);
        buf_fini(&file);
    }
    struct buf first = {0};
    put_zone(&first, '\0', NULL, 0, ""); /* has no times of 64 bits: nobody writes it since 2005 */
    assert_null(parse_exactly(first.data, first.size));
    buf_fini(&first);
}

/* Cut anywhere it is no zone, until the rule's end alone is missing. */
static void test_cut(void **state)
{
    static const struct table_row rows[] = {{0, HOUR}, {1000, 2 * HOUR}};
    struct buf file = {0};
    (void)state;
    put_zone(&file, '2', rows, 2, "");
    for (size_t size = 0; size < file.size; size++)
        assert_null(parse_exactly(file.data, size));
    struct zone *zone = parse_exactly(file.data, file.size);
    assert_non_null(zone);
    api_timezone_free(zone);
    buf_fini(&file);
}

/* Counts that do not fit, types that are none, offsets and times beyond RFC 8536. */
static void test_hostile(void **state)
{
    enum {
        SECOND_HEADER = HEADER + 6 + 4,
        COUNTS = SECOND_HEADER + 20,
        BODY = SECOND_HEADER + HEADER
    };
    static const struct table_row rows[] = {{0, HOUR}, {1000, 2 * HOUR}};
    struct buf file = {0};
    (void)state;
    put_zone(&file, '2', rows, 2, "");
    for (int field = 0; field < 6; field++) {
        static const int64_t counts[] = {-1, INT32_MAX, INT32_MIN, 100000};
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            char saved[4], *at = file.data + COUNTS + 4 * field;
            memcpy(saved, at, 4);
            for (int k = 0; k < 4; k++)
                at[k] = (char)((uint64_t)counts[i] >> (8 * (3 - k)));
            assert_null(parse_exactly(file.data, file.size));
            memcpy(at, saved, 4);
        }
    }
    char *type = file.data + BODY + 16, *offset = type + 2 + 6;
    *type = 3; /* there are three */
    assert_null(parse_exactly(file.data, file.size));
    *type = 1;
    *offset = 0x7f;
    assert_null(parse_exactly(file.data, file.size));
    *offset = 0;
    file.data[BODY] = 0x40;
    assert_null(parse_exactly(file.data, file.size));
    buf_fini(&file);
}

static void expect_day(int64_t day, const char *want)
{
    char name[16];
    api_timezone_day_name(day, name);
    assert_string_equal(name, want);
}

static void test_names_of_days(void **state)
{
    (void)state;
    expect_day(0, "1970-01-01");
    expect_day(-1, "1969-12-31");
    expect_day(YEAR_2026 / DAY, "2026-01-01");
    expect_day(19782, "2024-02-29");
    expect_day(INT64_MAX / DAY, "?");
}

static void expect_load(const char *name, int want)
{
    struct zone *zone = NULL;
    struct err err = {0};
    int r = api_timezone_load(name, &zone, &err);
    if (r != want)
        fail_msg("%s: got %d", name, r);
    assert_int_equal(zone != NULL, r == 0);
    api_timezone_free(zone);
}

static void test_names_of_zones(void **state)
{
    char longer[NAME_MAX_SIZE + 1];
    (void)state;
    expect_load("UTC", 0);
    expect_load("Nowhere/Land", HEARTH_ERR_NOT_FOUND);
    expect_load("", HEARTH_ERR_INVALID);
    expect_load("/etc/localtime", HEARTH_ERR_INVALID);
    expect_load("../../../etc/passwd", HEARTH_ERR_INVALID);
    expect_load("Europe//Berlin", HEARTH_ERR_INVALID);
    expect_load("Europe/Ber lin", HEARTH_ERR_INVALID);
    expect_load("Europe/Berlin\n", HEARTH_ERR_INVALID);
    expect_load("zone.tab", HEARTH_ERR_INVALID);
    expect_load("Europe", HEARTH_ERR_NOT_FOUND); /* a folder */
    memset(longer, 'a', NAME_MAX_SIZE);
    longer[NAME_MAX_SIZE] = '\0';
    expect_load(longer, HEARTH_ERR_INVALID);
    longer[NAME_MAX_SIZE - 1] = '\0';
    expect_load(longer, HEARTH_ERR_NOT_FOUND);
}

/* The C library reads the same files: every ten days from 1890 to 2099 both say the same. */
static void test_like_the_c_library(void **state)
{
    static const char *const names[] = {
        "Europe/Dublin",    "America/Nuuk",         "Asia/Gaza",
        "Pacific/Chatham",  "Australia/Lord_Howe",  "Africa/Casablanca",
        "America/Santiago", "America/New_York",     "Asia/Kathmandu",
        "Pacific/Apia",     "America/Scoresbysund",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct zone *zone;
        if (api_timezone_load(names[i], &zone, NULL) < 0) /* no tzdata, or an older one */
            continue;
        setenv("TZ", names[i], 1);
        tzset();
        for (time_t t = -80 * 365LL * DAY; t < 129 * 365LL * DAY; t += 10 * DAY + 7 * HOUR) {
            struct tm tm;
            assert_non_null(localtime_r(&t, &tm));
            if (api_timezone_offset(zone, t) != tm.tm_gmtoff)
                fail_msg("%s at %lld: got %d, not %ld", names[i], (long long)t,
                         api_timezone_offset(zone, t), tm.tm_gmtoff);
        }
        api_timezone_free(zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_malformed_rules),
        cmocka_unit_test(test_moments_of_change),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_names_of_days),
        cmocka_unit_test(test_names_of_zones),
        cmocka_unit_test(test_changes_out_of_order),
        cmocka_unit_test(test_like_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
