/* Decryption with the vectors of the protocol, and the translation of records, hostile ones too. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bso.h"
#include "keys.h"
#include "meta.h"
#include "record.h"
#include "support/buf.h"
#include "codec/codec.h"

#define KSYNC                                                                                      \
    "9103e3f241298d68d8c8048f25822cc1c1dfe1938709c8793ba2cd8b9e8d60cc81fd33da652c55c3f7acf3619563" \
    "46904052977392a134075e2f0f1d1732d688"

static const char keys_payload[] =
    "{\"ciphertext\":\"fCmijUpJR+"
    "yomgkR4Q5pj67tISseyX3tFDNh3qySDmuz4cRtTdG6BXO9syvz306VXDsIImnl4DmqpMzOL16nB1e17e97zOnxhwqEfGXH"
    "K4BwCZqIJuj/"
    "nPVbhCfbyA//"
    "nsR1QhnPnrNrY0HEgJPFQIuSBOs4wKK3DV5bkpmDYh9epFD+2WovBIhZ7XTwswOSfAWJGOJ8eF0Nc9UzDZLEQw==\","
    "\"IV\":\"EBESExQVFhcYGRobHB0eHw==\","
    "\"hmac\":"
    "\"aef87102314eea4af7260595286894737c722269f8713c4a062a8a02245f78be\"}";

static const char bookmark_payload[] =
    "{\"ciphertext\":\"qIshSUhHjgUmsRoUoeyuN78wLChRef8ebsZEuYgRRrXBiA+"
    "hUMYcb1VtAqyt2efcIpgLvj8dnyndnxXNY8itYZKT9nYb0V9JSXbjCZr84o3R1lMMKRV4wUQwtd6FUKXV1KTPK"
    "vn4Qm0rGArFESKV3GQTtmXFK727XItsgLsY1UKHLCLd63Wqp9Jw+8We7Z53q2PwLd5UOxUETjDOLtAIzerb/"
    "6KJFuytehoVWAzeyszC2FrhlliZXzRBRYhBK9hTyoibq/"
    "jS6zYqGPmcHYH44w==\",\"IV\":\"8PHy8/T19vf4+fr7/P3+/"
    "w==\",\"hmac\":\"8af9c4615e3eb9111534b549736a670f632ab66082bf90f664d4c197b3e87468\"}";

static struct fx_key key_from(const char *hex)
{
    struct fx_key key;
    assert_int_equal(codec_hex_decode(hex, strlen(hex), key.bytes, FX_KEY_SIZE), 0);
    return key;
}

static void test_vector(void **state)
{
    (void)state;
    struct fx_box box;
    struct support_buf work = {0}, plain = {0};
    struct fx_key ksync = key_from(KSYNC);
    struct fx_keys keys = {.timestamp = 7};
    assert_int_equal(fx_box_init(&box), 0);
    assert_int_equal(fx_box_open(&box, &ksync, keys_payload, strlen(keys_payload), &work, &plain),
                     FX_OPEN_OK);
    assert_int_equal(fx_keys_parse(plain.data, plain.size, &keys), 0);
    assert_true(keys.present);
    assert_int_equal(keys.timestamp, 7);
    for (int i = 0; i < 32; i++) {
        assert_int_equal(keys.of[HEARTH_BOOKMARKS].bytes[i], i);
        assert_int_equal(keys.of[HEARTH_BOOKMARKS].bytes[32 + i], 0x40 + i);
    }
    assert_int_equal(fx_box_open(&box, &keys.of[HEARTH_BOOKMARKS], bookmark_payload,
                                 strlen(bookmark_payload), &work, &plain),
                     FX_OPEN_OK);
    assert_string_equal(plain.data,
                        "{\"id\":\"Mz1EeTCkh3ri\",\"type\":\"bookmark\",\"parentid\":\"toolbar\","
                        "\"parentName\":\"Bookmarks Toolbar\","
                        "\"dateAdded\":1700000000000,\"hasDupe\":false,\"title\":\"Zażółć\","
                        "\"bmkUri\":\"https://example.com/\",\"tags\":[\"a\"]}");
    struct fx_key third =
        key_from("d3af449d2dc4b432b8cb5b59d40c8a5fe53b584b16469f5b44828b756ffb6a81"
                 "2c5d98092d500a048d09fd01090bd0d3a4861fc8ea2438bd74a8f43be6f47f02");
    static const char secret[] =
        "{\"ciphertext\":\"wcgqzENt5iXt9/7KPJ3rTA==\",\"IV\":\"N1oS1t5O8mtzX2/M+6//LQ==\","
        "\"hmac\":\"b5d1479ae2019663d6572b8e8a734e5f06c1602a0cd0becb87ca81501a08fa55\"}";
    assert_int_equal(fx_box_open(&box, &third, secret, strlen(secret), &work, &plain), FX_OPEN_OK);
    assert_string_equal(plain.data, "SECRET MESSAGE");
    /* "/" as "\/" */
    char escaped[400], fingerprint[FX_FINGERPRINT_TEXT], other[FX_FINGERPRINT_TEXT];
    snprintf(
        escaped, sizeof(escaped),
        "{\"hmac\":\"b5d1479ae2019663d6572b8e8a734e5f06c1602a0cd0becb87ca81501a08fa55\",\"extra\":["
        "1],"
        "\"IV\":\"N1oS1t5O8mtzX2\\/M+6\\/\\/LQ==\",\"ciphertext\":\"wcgqzENt5iXt9\\/7KPJ3rTA==\"}");
    assert_int_equal(fx_box_open(&box, &third, escaped, strlen(escaped), &work, &plain),
                     FX_OPEN_OK);
    fx_key_fingerprint(&third, fingerprint);
    fx_key_fingerprint(&ksync, other);
    assert_string_not_equal(fingerprint, other);
    support_buf_fini(&work);
    support_buf_fini(&plain);
    fx_box_fini(&box);
}

/* Whatever single character of the payload changes, nothing else is taken for the record. */
static void test_tampering(void **state)
{
    (void)state;
    struct fx_box box;
    struct support_buf work = {0}, plain = {0};
    struct fx_key ksync = key_from(KSYNC);
    char payload[sizeof(keys_payload)];
    assert_int_equal(fx_box_init(&box), 0);
    for (size_t i = 0; i < strlen(keys_payload); i++) {
        memcpy(payload, keys_payload, sizeof(payload));
        payload[i] = payload[i] == 'x' ? 'y' : 'x';
        enum fx_open r = fx_box_open(&box, &ksync, payload, strlen(payload), &work, &plain);
        bool in_iv = strstr(keys_payload, "\"IV\"") + 6 <= keys_payload + i &&
                     keys_payload + i < strstr(keys_payload, "\"IV\"") + 30;
        /* the IV is not covered by the HMAC: the id inside must match */
        assert_true(r != FX_OPEN_OK || in_iv);
    }
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "{\"ciphertext\":1,\"IV\":2,\"hmac\":3}",
                                      "{\"ciphertext\":\"\",\"IV\":\"\",\"hmac\":\"\"}",
                                      "not json"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(fx_box_open(&box, &ksync, bad[i], strlen(bad[i]), &work, &plain),
                             FX_OPEN_OK);
    support_buf_fini(&work);
    support_buf_fini(&plain);
    fx_box_fini(&box);
}

static void test_keys_and_meta(void **state)
{
    (void)state;
    static const char *const bad_keys[] = {
        "{}",
        "{\"id\":\"keys\"}",
        "{\"id\":\"keys\",\"default\":[]}",
        "{\"id\":\"keys\",\"default\":[\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"]}",
        "{\"id\":\"other\",\"default\":[\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\","
        "\"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=\"]"
        "}",
        "{\"id\":\"keys\",\"default\":[\"AAEC\",\"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=\"]}",
        "{\"id\":\"keys\",\"default\":[\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\","
        "\"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=\"],"
        "\"collections\":{\"history\":[]}}"};
    struct fx_keys keys = {0};
    for (size_t i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
        assert_int_equal(fx_keys_parse(bad_keys[i], strlen(bad_keys[i]), &keys),
                         HEARTH_ERR_INVALID);
        assert_false(keys.present);
    }
    static const char own[] = "{\"id\":\"keys\",\"collections\":{\"history\":["
                              "\"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=\","
                              "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"],\"forms\":7},"
                              "\"default\":[\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\","
                              "\"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=\"]}";
    assert_int_equal(fx_keys_parse(own, strlen(own), &keys), 0);
    assert_int_equal(keys.of[HEARTH_HISTORY].bytes[0], 0x40);
    assert_int_equal(keys.of[HEARTH_TABS].bytes[0], 0);

    struct fx_meta meta = {0};
    static const char good[] = "{\"syncID\":\"abc\",\"storageVersion\":5,\"engines\":{"
                               "\"bookmarks\":{\"version\":2,\"syncID\":\"b\"},\"x\":1,\"tabs\":"
                               "{\"version\":\"1\"}},\"declined\":[\"history\",5,\"forms\"]}";
    assert_int_equal(fx_meta_parse(good, strlen(good), &meta), 0);
    assert_string_equal(meta.sync_id, "abc");
    assert_int_equal(meta.storage_version, 5);
    assert_int_equal(meta.engine[HEARTH_BOOKMARKS].version, 2);
    assert_string_equal(meta.engine[HEARTH_BOOKMARKS].sync_id, "b");
    assert_int_equal(meta.engine[HEARTH_TABS].version, 0);
    assert_true(meta.engine[HEARTH_HISTORY].declined);
    assert_false(meta.engine[HEARTH_TABS].declined);
    static const char *const bad_meta[] = {"",
                                           "[]",
                                           "{}",
                                           "{\"syncID\":\"a\"}",
                                           "{\"storageVersion\":5}",
                                           "{\"syncID\":5,\"storageVersion\":5}"};
    for (size_t i = 0; i < sizeof(bad_meta) / sizeof(bad_meta[0]); i++)
        assert_int_equal(fx_meta_parse(bad_meta[i], strlen(bad_meta[i]), &meta),
                         HEARTH_ERR_INVALID);
}

static void check_bso(struct fake *f, struct fx_decoder *decoder, const char *line,
                      enum fx_bso_status wanted)
{
    (void)f;
    struct fx_bso bso;
    const struct fx_json *json = NULL;
    struct fx_arena arena = {0};
    enum fx_bso_status status = fx_bso_read(decoder, line, strlen(line), &bso);
    if (status == FX_BSO_OK)
        status = fx_bso_open(decoder, &fake_bulk_key, &bso, &arena, &json);
    if (status != wanted)
        fail_msg("%s: %s, not %s", line, fx_bso_words(status), fx_bso_words(wanted));
    fx_arena_fini(&arena);
}

static void test_bso(void **state)
{
    (void)state;
    struct fake *f = fake_create();
    struct fx_decoder decoder;
    assert_int_equal(fx_decoder_init(&decoder), 0);
    check_bso(f, &decoder, fake_bso(f, &fake_bulk_key, "abc", "1.00", "{\"id\":\"abc\"}"),
              FX_BSO_OK);
    check_bso(f, &decoder, fake_bso(f, &fake_bulk_key, "abc", "1.00", "{\"id\":\"abd\"}"),
              FX_BSO_OTHER_ID);
    check_bso(f, &decoder, fake_bso(f, &fake_bulk_key, "abc", "1.00", "{\"id\":\"abc\\u0000\"}"),
              FX_BSO_OTHER_ID);
    check_bso(f, &decoder, fake_bso(f, &fake_bulk_key, "abc", "1.00", "{}"), FX_BSO_OTHER_ID);
    check_bso(f, &decoder, fake_bso(f, &fake_bulk_key, "abc", "1.00", "[]"), FX_BSO_BAD_TEXT);
    check_bso(f, &decoder, fake_bso(f, &fake_bulk_key, "abc", "1.00", "{\"id\":"), FX_BSO_BAD_TEXT);
    check_bso(f, &decoder,
              fake_bso(f, &fake_bulk_key, "abc", "1.00",
                       "{\"id\":\"abc\",\"t\":\"\\ud83d\\u0000\xff\",\"n\":99999999999999999999}"),
              FX_BSO_OK);
    check_bso(f, &decoder, fake_bso(f, &fake_other_key, "abc", "1.00", "{\"id\":\"abc\"}"),
              FX_BSO_BAD_HMAC);
    check_bso(f, &decoder, "garbage", FX_BSO_NOT_JSON);
    check_bso(f, &decoder, "{}", FX_BSO_NO_ID);
    check_bso(f, &decoder, "{\"id\":\"\"}", FX_BSO_NO_ID);
    check_bso(f, &decoder, "{\"id\":\"\\u00fc\"}", FX_BSO_NO_ID);
    check_bso(f, &decoder,
              "{\"id\":\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\"}",
              FX_BSO_NO_ID);
    check_bso(f, &decoder, "{\"id\":\"a\"}", FX_BSO_NO_MODIFIED);
    check_bso(f, &decoder, "{\"id\":\"a\",\"modified\":\"1.00\"}", FX_BSO_NO_MODIFIED);
    check_bso(f, &decoder, "{\"id\":\"a\",\"modified\":1.001}", FX_BSO_NO_PAYLOAD);
    check_bso(f, &decoder, "{\"id\":\"a\",\"modified\":1}", FX_BSO_NO_PAYLOAD);
    check_bso(f, &decoder, "{\"id\":\"a\",\"modified\":1,\"payload\":\"\"}", FX_BSO_NO_PAYLOAD);
    check_bso(f, &decoder, "{\"id\":\"a\",\"modified\":1,\"payload\":{}}", FX_BSO_NO_PAYLOAD);
    check_bso(f, &decoder, "{\"id\":\"a\",\"modified\":1,\"payload\":\"{}\"}", FX_BSO_BAD_FORMAT);
    check_bso(f, &decoder, "{\"id\":\"a\",\"modified\":1,\"payload\":\"x\"}", FX_BSO_BAD_FORMAT);
    char deep[700], *nested = deep + snprintf(deep, sizeof(deep), "{\"id\":\"abc\",\"x\":");
    memset(nested, '[', 100);
    memset(nested + 100, ']', 100);
    memcpy(nested + 200, "}", 2);
    check_bso(f, &decoder, fake_bso(f, &fake_bulk_key, "abc", "1.00", deep), FX_BSO_BAD_TEXT);
    fx_decoder_fini(&decoder);
    fake_destroy(f);
}

typedef int (*translate_fn)(struct fx_translate *t, const struct fx_record *record);

/* Translates one record and compares verdict and what the sink got. */
static void check(translate_fn fn, int collection, const char *id, const char *cleartext,
                  int verdict, const char *events)
{
    struct fake *f = fake_create();
    struct hearth_sync_sink sink = fake_sink(f);
    struct fx_arena arena = {0};
    struct fx_translate t = {.arena = &arena, .sink = &sink, .now = 1795417500000};
    struct fx_record record = {
        .id = id, .modified = 1795417433060, .json = fake_json(&arena, cleartext)};
    f->open = collection;
    assert_int_equal(fn(&t, &record), verdict);
    assert_string_equal(f->events, events);
    if (verdict == FX_DAMAGED)
        assert_non_null(t.why);
    fx_arena_fini(&arena);
    fake_destroy(f);
}

#define GONE "removed abcdefghijkl 1795417433060\n"

static void bookmark(const char *cleartext, int verdict, const char *events)
{
    check(fx_record_bookmark, HEARTH_BOOKMARKS, "abcdefghijkl", cleartext, verdict, events);
}

static void test_bookmarks(void **state)
{
    (void)state;
    bookmark("{\"type\":\"bookmark\",\"parentid\":\"toolbar\",\"title\":\"T\",\"bmkUri\":\"https://"
             "e/\",\"keyword\":\" KW "
             "\",\"dateAdded\":1700000000000,"
             "\"tags\":[\" a \",\"b\",\"a\",\"\",5,null,\"c\\nd\"]}",
             FX_TAKEN,
             "bookmark abcdefghijkl 1 toolbar T https://e/ kw - 1700000000000 #a #b #c d\n");
    bookmark("{\"type\":\"microsummary\",\"parentid\":7,\"title\":[],\"bmkUri\":\"\",\"keyword\":1,"
             "\"tags\":\"x\",\"dateAdded\":"
             "\"1700000000001\"}",
             FX_DAMAGED, GONE);
    bookmark("{\"type\":\"folder\",\"parentid\":\"places\",\"title\":\"a\\u0000b\",\"children\":["
             "\"x\",7,null,\"\",\"y\",\"readinglist\","
             "\"x\"]}",
             FX_TAKEN,
             "bookmark abcdefghijkl 2 places a\xef\xbf\xbd"
             "b - - - 0 >x >y >x\n");
    bookmark("{\"type\":\"folder\",\"children\":\"x\",\"dateAdded\":1795417500000}", FX_TAKEN,
             "bookmark abcdefghijkl 2 - - - - - 1795417433060\n");
    bookmark("{\"type\":\"separator\",\"pos\":3,\"title\":\"no\",\"dateAdded\":100}", FX_TAKEN,
             "bookmark abcdefghijkl 3 - - - - - 0\n");
    bookmark("{\"type\":\"livemark\",\"feedUri\":\"https://f/\",\"siteUri\":\"https://s/"
             "\",\"title\":\"\"}",
             FX_TAKEN, "bookmark abcdefghijkl 5 -  https://s/ - - 0\n");
    bookmark("{\"type\":\"livemark\",\"feedUri\":\"https://f/\",\"siteUri\":null}", FX_TAKEN,
             "bookmark abcdefghijkl 5 - - https://f/ - - 0\n");
    bookmark("{\"deleted\":true}", FX_TAKEN, GONE);
    /* as one that is not there: an earlier version may have been of use */
    bookmark("{\"type\":\"item\"}", FX_DAMAGED, GONE);
    bookmark("{\"type\":5}", FX_DAMAGED, GONE);
    bookmark("{}", FX_DAMAGED, GONE);
    bookmark("{\"type\":\"folder\",\"parentid\":\"readinglist\"}", FX_SKIPPED, GONE);
    bookmark("{\"type\":\"bookmark\",\"bmkUri\":\"https://e/\",\"deleted\":true}", FX_TAKEN,
             "bookmark abcdefghijkl 1 - - https://e/ - - 0\n");
    bookmark("{\"type\":\"bookmark\",\"keyword\":\"\\u2002K\\u202f\",\"tags\":"
             "[\"\\u1680a\\u205f\",\"\\u202fa\"],\"x\":1e400}",
             FX_TAKEN, "bookmark abcdefghijkl 1 - - - k - 0 #a\n");
    check(fx_record_bookmark, HEARTH_BOOKMARKS, "root________", "{\"type\":\"folder\"}", FX_SKIPPED,
          "");
    check(fx_record_bookmark, HEARTH_BOOKMARKS, "places", "{\"type\":\"folder\"}", FX_SKIPPED, "");
    check(fx_record_bookmark, HEARTH_BOOKMARKS, "pinned", "{\"deleted\":true}", FX_SKIPPED, "");
}

static void test_queries(void **state)
{
    (void)state;
    bookmark("{\"type\":\"query\",\"bmkUri\":\"place:tag=%C3%BCbung&sort=1\",\"folderName\":"
             "\"\xc3\x83\xc2\xbc"
             "bung\"}",
             FX_TAKEN, "bookmark abcdefghijkl 4 - - place:tag=%C3%BCbung&sort=1 - übung 0\n");
    bookmark("{\"type\":\"query\",\"bmkUri\":\"place:type=7&folder=12\",\"folderName\":"
             "\"\xc3\x83\xc2\xbc"
             "bung\"}",
             FX_TAKEN, "bookmark abcdefghijkl 4 - - place:tag=übung - übung 0\n");
    bookmark("{\"type\":\"query\",\"bmkUri\":\"place:type=7&folder=12\"}", FX_TAKEN,
             "bookmark abcdefghijkl 4 - - - - - 0\n");
    bookmark("{\"type\":\"query\",\"bmkUri\":\"place:folder=12\",\"folderName\":\"x\"}", FX_TAKEN,
             "bookmark abcdefghijkl 4 - - place:folder=12&excludeItems=1 - - 0\n");
    bookmark("{\"type\":\"query\",\"bmkUri\":\"place:excludeItems=0&folder=12\"}", FX_TAKEN,
             "bookmark abcdefghijkl 4 - - place:excludeItems=0&folder=12 - - 0\n");
    bookmark("{\"type\":\"query\",\"bmkUri\":\"place:tag=a&tag=b\"}", FX_TAKEN,
             "bookmark abcdefghijkl 4 - - place:tag=a&tag=b - - 0\n");
    bookmark("{\"type\":\"query\",\"bmkUri\":\"place:tag=%FF%00\"}", FX_TAKEN,
             "bookmark abcdefghijkl 4 - - place:tag=%FF%00 - - 0\n");
    bookmark("{\"type\":\"bookmark\",\"bmkUri\":\"place:tag=a\"}", FX_TAKEN,
             "bookmark abcdefghijkl 1 - - place:tag=a - a 0\n");
    bookmark("{\"type\":\"query\"}", FX_TAKEN, "bookmark abcdefghijkl 4 - - - - - 0\n");
}

/* As JavaScript makes a number of what is said. */
static void test_dates_of_bookmarks(void **state)
{
    static const char *const good[] = {"1700000000000",         "1.7e12",      "1700000000000.9",
                                       "\" 1700000000000\\n\"", "\"+1.7E12\"", "\"0x18BCFE56800\"",
                                       "\"1700000000000.\"",    "17e+11"},
                             *const bad[] = {"1e400",        "-1e400",
                                             "\"\"",         "\"  \"",
                                             "\"0x\"",       "\"1_7\"",
                                             "\"1e\"",       "\"inf\"",
                                             "727747200000", "\"1 700000000000\"",
                                             "true",         "-0",
                                             "\"0x1p40\""};
    char json[100];
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(json, sizeof(json), "{\"type\":\"separator\",\"dateAdded\":%s}", good[i]);
        bookmark(json, FX_TAKEN, "bookmark abcdefghijkl 3 - - - - - 1700000000000\n");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(json, sizeof(json), "{\"type\":\"separator\",\"dateAdded\":%s}", bad[i]);
        bookmark(json, FX_TAKEN, "bookmark abcdefghijkl 3 - - - - - 0\n");
    }
}

/* The query of a place: URL is read like that of any URL. */
static void test_parameters_of_queries(void **state)
{
    static const char *const rows[][2] = {
        {"place:type=7.0", "place:tag=T - T"},
        {"place:type=%37&type=8", "place:tag=T - T"},
        {"place:ty%70e=+7+", "place:tag=T - T"},
        {"place:?type=0x7", "place:tag=T - T"},
        {"place:type=8&type=7", "place:type=8&type=7 - -"},
        {"place:type=70", "place:type=70 - -"},
        {"place:type", "place:type - -"},
        {"place:?folder=1", "place:?folder=1&excludeItems=1 - -"},
        {"place:fol%64er=1", "place:fol%64er=1&excludeItems=1 - -"},
        {"place:folder=", "place:folder= - -"},
        {"place:folder=&folder=1", "place:folder=&folder=1 - -"},
        {"place:folder=1&excludeItems", "place:folder=1&excludeItems - -"},
    };
    char json[200], events[200];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(json, sizeof(json), "{\"type\":\"query\",\"folderName\":\"T\",\"bmkUri\":\"%s\"}",
                 rows[i][0]);
        snprintf(events, sizeof(events), "bookmark abcdefghijkl 4 - - %s 0\n", rows[i][1]);
        bookmark(json, FX_TAKEN, events);
    }
}

static char *repeat(const char *head, char c, size_t count, const char *tail)
{
    char *text = malloc(strlen(head) + count + strlen(tail) + 1), *at = stpcpy(text, head);
    memset(at, c, count);
    memcpy(at + count, tail, strlen(tail) + 1);
    return text;
}

static void test_lengths(void **state)
{
    (void)state;
    char *json = repeat("{\"type\":\"bookmark\",\"bmkUri\":\"https://e/", 'u', FX_URL_BYTES,
                        "\",\"title\":\"T\"}");
    bookmark(json, FX_TAKEN, "bookmark abcdefghijkl 1 - T - - - 0\n");
    free(json);
    json = repeat("{\"type\":\"separator\",\"title\":\"", 't', 5000, "\"}");
    bookmark(json, FX_TAKEN, "bookmark abcdefghijkl 3 - - - - - 0\n");
    free(json);
    json = repeat("{\"type\":\"folder\",\"title\":\"", 't', FX_TITLE_UNITS + 1, "\"}");
    char *events = repeat("bookmark abcdefghijkl 2 - ", 't', FX_TITLE_UNITS, " - - - 0\n");
    bookmark(json, FX_TAKEN, events);
    free(json);
    free(events);
    json = repeat("{\"type\":\"bookmark\",\"tags\":[\"", 'g', FX_TAG_UNITS + 1, "\",\"ok\"]}");
    bookmark(json, FX_TAKEN, "bookmark abcdefghijkl 1 - - - - - 0 #ok\n");
    free(json);
    json = repeat("{\"histUri\":\"https://e/", 'u', FX_URL_BYTES,
                  "\",\"visits\":[{\"date\":1795417433060123,\"type\":1}]}");
    check(fx_record_history, HEARTH_HISTORY, "abcdefghijkl", json, FX_DAMAGED, "");
    free(json);
}

static void history(const char *cleartext, int verdict, const char *events)
{
    check(fx_record_history, HEARTH_HISTORY, "abcdefghijkl", cleartext, verdict, events);
}

static void test_history(void **state)
{
    (void)state;
    history("{\"histUri\":\"https://e/"
            "\",\"title\":\"T\",\"visits\":[{\"date\":1700000000000001,\"type\":1},{\"date\":"
            "1700000000000999,\"type\":1},"
            "{\"date\":1700000000000500,\"type\":2},{\"date\":1700000001000000,\"type\":9},{"
            "\"date\":1700000002000000.0,\"type\":3}]}",
            FX_TAKEN,
            "page abcdefghijkl https://e/ T 1700000002000/3 1700000001000/9 1700000000000/1 "
            "1700000000000/2\n");
    history("{\"histUri\":\"ftp://e/"
            "\",\"visits\":[{\"date\":1,\"type\":1},{\"date\":9999999999999999,\"type\":1},{"
            "\"date\":1700000000000000,\"type\":0},"
            "{\"date\":1700000000000000,\"type\":10},{\"date\":\"1700000000000000\",\"type\":1},{"
            "\"date\":1700000000000000.5,\"type\":1},"
            "{\"date\":-5,\"type\":1},{\"type\":1},{\"date\":1700000000000000},5,null,[]]}",
            FX_TAKEN, "page abcdefghijkl ftp://e/ - 9999999999999/1 727747200000/1\n");
    /* 0 is no date, and no date is further away than a browser can say */
    history("{\"histUri\":\"https://e/\",\"visits\":[{\"date\":0,\"type\":1},{\"date\":-0.0,"
            "\"type\":1},{\"date\":8640000000000000001,\"type\":1},{\"date\":-9e18,\"type\":1},{"
            "\"date\":1e400,\"type\":1}]}",
            FX_SKIPPED, "");
    history("{\"histUri\":\"https://e/\",\"visits\":[{\"date\":8.64e18,\"type\":1},{\"date\":"
            "-8640000000000000000,\"type\":1}]}",
            FX_TAKEN, "page abcdefghijkl https://e/ - 8640000000000000/1 727747200000/1\n");
    history("{\"histUri\":\"https://e/\",\"visits\":[]}", FX_SKIPPED, "");
    history("{\"histUri\":\"https://e/\",\"visits\":{\"date\":1}}", FX_SKIPPED, "");
    history("{\"histUri\":\"https://e/\"}", FX_SKIPPED, "");
    history("{\"visits\":[{\"date\":1700000000000000,\"type\":1}]}", FX_DAMAGED, "");
    history("{\"histUri\":7,\"visits\":[{\"date\":1700000000000000,\"type\":1}]}", FX_DAMAGED, "");
    history("{\"histUri\":\"nonsense\",\"visits\":[{\"date\":1700000000000000,\"type\":1}]}",
            FX_DAMAGED, "");
    static const char *const gone[] = {"true", "1", "-0.5", "1e400", "\"false\"", "{}", "[]"},
                             *const here[] = {"false", "null", "0", "-0", "0.0", "\"\""};
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
        char json[200];
        snprintf(json, sizeof(json),
                 "{\"histUri\":\"https://e/\",\"deleted\":%s,\"visits\":[{\"date\":"
                 "1700000000000000,\"type\":1}]}",
                 gone[i]);
        history(json, FX_TAKEN, "removed abcdefghijkl 1795417433060\n");
    }
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
        char json[200];
        snprintf(json, sizeof(json),
                 "{\"histUri\":\"https://e/\",\"deleted\":%s,\"visits\":[{\"date\":"
                 "1700000000000000,\"type\":1}]}",
                 here[i]);
        history(json, FX_TAKEN, "page abcdefghijkl https://e/ - 1700000000000/1\n");
    }
    static const char *const schemes[] = {"about:home",
                                          "chrome://x/",
                                          "resource://x/",
                                          "data:,x",
                                          "blob:x",
                                          "JavaScript:x",
                                          "moz-extension://x/",
                                          "view-source:https://e/",
                                          "file:///etc",
                                          "imap://x",
                                          "news:x",
                                          "mailbox:x",
                                          "wyciwyg://x",
                                          "moz-page-thumb://x"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        char json[256];
        snprintf(json, sizeof(json),
                 "{\"histUri\":\"%s\",\"visits\":[{\"date\":1700000000000000,\"type\":1}]}",
                 schemes[i]);
        history(json, FX_SKIPPED, "");
    }
}

static void check_client(const char *cleartext, const char *name, const char *type)
{
    struct fx_arena arena = {0};
    struct fx_translate t = {.arena = &arena};
    struct fx_record record = {.id = "dev", .modified = 5, .json = fake_json(&arena, cleartext)};
    struct hearth_device device;
    assert_int_equal(fx_record_client(&t, &record, &device), FX_TAKEN);
    assert_string_equal(device.name, name);
    assert_string_equal(device.type, type);
    assert_int_equal(device.last_upload, 5);
    fx_arena_fini(&arena);
}

static void test_clients(void **state)
{
    (void)state;
    check_client("{\"name\":\"Ada laptop\",\"type\":\"desktop\",\"os\":\"Linux\"}", "Ada laptop",
                 "desktop");
    check_client("{\"name\":\"P\",\"type\":\"mobile\",\"formfactor\":\"phone\"}", "P", "mobile");
    check_client("{\"name\":\"P\",\"type\":\"mobile\",\"formfactor\":\"LargeTablet\"}", "P",
                 "tablet");
    check_client("{\"name\":\"P\",\"type\":\"mobile\",\"formfactor\":\"toaster\"}", "P", "mobile");
    check_client("{\"name\":\"P\",\"type\":\"toaster\",\"formfactor\":\"tv\"}", "P", "tv");
    check_client("{\"name\":7,\"type\":[]}", "Firefox", "unknown");
    check_client("{}", "Firefox", "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_keys_and_meta), cmocka_unit_test(test_bso),
        cmocka_unit_test(test_bookmarks),     cmocka_unit_test(test_dates_of_bookmarks),
        cmocka_unit_test(test_queries),       cmocka_unit_test(test_parameters_of_queries),
        cmocka_unit_test(test_lengths),       cmocka_unit_test(test_history),
        cmocka_unit_test(test_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
