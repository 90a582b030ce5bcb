/* Every sentence that a person may read, from all tables: it is rendered with border parameters
 * and looks like a sentence; and the list for docs/messages.md (`--list`). What a wrong or
 * missing parameter does not do is compile: test_messages.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/messages.h"
#include "archive/messages.h"
#include "base/message.h"
#include "base/str.h"
#include "http/messages.h"
#include "jobs/messages.h"
#include "merge/messages.h"
#include "pages/messages.h"
#include "signin/messages.h"
#include "sync-fx/messages.h"

static const struct hearth_message_row rows[] = {
    HTTP_MESSAGES(HEARTH_MESSAGE_ROW, _) API_MESSAGES(HEARTH_MESSAGE_ROW, _)
        PAGES_MESSAGES(HEARTH_MESSAGE_ROW, _) SIGNIN_MESSAGES(HEARTH_MESSAGE_ROW, _)
            JOBS_MESSAGES(HEARTH_MESSAGE_ROW, _) MERGE_MESSAGES(HEARTH_MESSAGE_ROW, _)
                ARCHIVE_MESSAGES(HEARTH_MESSAGE_ROW, _) FX_MESSAGES(HEARTH_MESSAGE_ROW, _)};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char *kind_name(int32_t kind)
{
    static const char *const names[] = {"", "text", "word", "count", "number", "duration", "time"};
    return names[kind];
}

static void make(const struct hearth_message_row *row, int64_t number, const char *text,
                 struct hearth_sentence *ret_sentence)
{
    *ret_sentence = (struct hearth_sentence){.id = row->id, .text = row->text};
    for (size_t i = 0; i < row->count; i++) {
        bool words = row->parameters[i].kind == HEARTH_PARAMETER_TEXT ||
                     row->parameters[i].kind == HEARTH_PARAMETER_WORD;
        hearth_sentence_put(ret_sentence, row->parameters[i].name, row->parameters[i].kind,
                            words ? text : NULL, words ? 0 : number);
    }
}

static void render(const struct hearth_sentence *sentence, char ret_text[HEARTH_MESSAGE_TEXT_MAX])
{
    struct hearth_message message = hearth_sentence_message(sentence);
    hearth_message_render(&message, ret_text, HEARTH_MESSAGE_TEXT_MAX);
}

/* Titles, labels, choices: a few words, without a full stop. */
static bool is_label(const char *id)
{
    return strstr(id, ".title.") != NULL || strstr(id, ".label.") != NULL ||
           strstr(id, ".choice.") != NULL;
}

static void check_sentence(const struct hearth_message_row *row, const char *text)
{
    static const char *const wrong[] = {"  ", "{",  "}",     " a an ", " an a ", " the the ",
                                        " .", "..", " a a ", "%s",     "%d",     " ,"};
    size_t size = strlen(text);
    unsigned char first = (unsigned char)text[0];
    bool begins = (first >= 'A' && first <= 'Z') || (first >= '0' && first <= '9') ||
                  first == '-' || str_starts(row->text, "{");
    bool ends = is_label(row->id) || (size > 0 && strchr(".!?:", text[size - 1]) != NULL);
    if (size == 0 || size + 1 >= HEARTH_MESSAGE_TEXT_MAX || !begins || !ends ||
        !str_is_utf8(text, size))
        fail_msg("%s is no whole sentence: %s", row->id, text);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (strstr(text, wrong[i]) != NULL)
            fail_msg("%s has \"%s\" in it: %s", row->id, wrong[i], text);
}

static void test_sentences(void **state)
{
    static const int64_t numbers[] = {0, 1, 2, 100, 1000000, INT64_MAX};
    char text[HEARTH_MESSAGE_TEXT_MAX];
    struct hearth_sentence sentence;
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
            make(&rows[i], numbers[n], "Word", &sentence);
            render(&sentence, text);
            check_sentence(&rows[i], text);
        }
}

static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const char *id = rows[i].id;
        if (strlen(id) > HEARTH_MESSAGE_ID_MAX ||
            strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != strlen(id) ||
            strchr(id, '.') == NULL)
            fail_msg("%s is no id", id);
        for (size_t k = 0; k < i; k++)
            if (strcmp(rows[k].id, id) == 0)
                fail_msg("two messages have the id %s", id);
    }
}

/* A template that does not show a parameter says less than it was told; and names a parameter
 * that it has not got. */
static void test_parameters_are_shown(void **state)
{
    char text[HEARTH_MESSAGE_TEXT_MAX], other[HEARTH_MESSAGE_TEXT_MAX];
    struct hearth_sentence sentence;
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < rows[i].count; k++) {
            make(&rows[i], 77000, "clients", &sentence);
            render(&sentence, text);
            sentence.parameters[k].number = 1;
            sentence.parameters[k].text = sentence.parameters[k].text == NULL ? NULL : "tabs";
            render(&sentence, other);
            if (strcmp(text, other) == 0)
                fail_msg("%s does not show {%s}", rows[i].id, rows[i].parameters[k].name);
        }
    }
}

/* Texts from elsewhere are shown as they are, on one line, and never taken for a template. */
static void test_hostile_texts(void **state)
{
    char text[HEARTH_MESSAGE_TEXT_MAX];
    struct hearth_sentence sentence =
        http_says_malformed("{reason}\n{name, plural, one {#} other {#}}");
    (void)state;
    render(&sentence, text);
    assert_string_equal(
        text, "{reason} {name, plural, one {#} other {#}} This is not a request as HTTP has them.");
    struct hearth_message broken = HEARTH_ENGLISH("A brace { that nobody closes, and {nobody}.");
    hearth_message_render(&broken, text, sizeof(text));
    assert_string_equal(text, "A brace { that nobody closes, and {nobody}.");
    struct hearth_message umlaut = HEARTH_ENGLISH("1234\u00e4");
    hearth_message_render(&umlaut, text, 6);
    assert_string_equal(text, "1234");
    hearth_message_render(&umlaut, text, 7);
    assert_string_equal(text, "1234\u00e4");
    hearth_message_render(NULL, text, 7);
    assert_string_equal(text, "");
}

static void test_values(void **state)
{
    static const struct {
        int64_t ms;
        const char *words;
    } durations[] = {{0, "0 seconds"},        {1, "1 second"},      {1001, "2 seconds"},
                     {59999, "60 seconds"},   {60000, "1 minute"},  {60001, "2 minutes"},
                     {1800000, "30 minutes"}, {7200000, "2 hours"}, {86400000, "24 hours"},
                     {172800000, "2 days"},   {172800001, "3 days"}},
      times[] = {{0, "1970-01-01 00:00 UTC"},
                 {951782400000, "2000-02-29 00:00 UTC"},
                 {1795987181000, "2026-11-29 21:19 UTC"},
                 {-1, "1969-12-31 23:59 UTC"}};
    char text[HEARTH_MESSAGE_TEXT_MAX], expected[HEARTH_MESSAGE_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        struct hearth_sentence sentence =
            pages_says_looks_again(hearth_duration_of(durations[i].ms));
        snprintf(expected, sizeof(expected), "This page looks again by itself every %s.",
                 durations[i].words);
        render(&sentence, text);
        assert_string_equal(text, expected);
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct hearth_sentence sentence = pages_says_synced(hearth_time_of(times[i].ms));
        snprintf(expected, sizeof(expected), "Synced %s.", times[i].words);
        render(&sentence, text);
        assert_string_equal(text, expected);
    }
}

static void test_kept(void **state)
{
    struct message_kept kept;
    struct hearth_message english = HEARTH_ENGLISH("It is not there yet.");
    (void)state;
    message_keep_sentence(&kept, fx_says_still_damaged(1, "tabs"));
    assert_string_equal(kept.id, "sync-fx.still_damaged");
    assert_string_equal(kept.parameters, "{\"waiting\":1,\"collection\":\"tabs\"}");
    assert_string_equal(kept.text, "1 record of open tabs still arrives damaged; earlier copies "
                                   "are kept, and it is asked for again.");
    message_keep_sentence(&kept, http_says_malformed("a \"b\\\n"));
    assert_string_equal(kept.parameters, "{\"reason\":\"a \\\"b\\\\ \"}");
    message_keep(&kept, &english);
    assert_string_equal(kept.id, "");
    assert_string_equal(kept.text, "It is not there yet.");
    message_keep(&kept, NULL);
    assert_string_equal(kept.text, "");
}

static int takes(struct arena *arena, struct hearth_message message)
{
    const struct hearth_message *taken;
    struct err err = {0};
    int r = message_take(arena, &message, &taken, &err);
    assert_int_equal(r < 0, err.text[0] != '\0');
    return r;
}

/* What a plugin of a stranger may get wrong. */
static void test_taken(void **state)
{
    struct arena arena;
    struct hearth_message_parameter parameter = {
        .struct_size = sizeof(parameter), .kind = HEARTH_PARAMETER_TEXT, .name = "a", .text = "x"};
    struct hearth_message good = {.struct_size = sizeof(good),
                                  .id = "plugin.x",
                                  .text = "It is {a}.",
                                  .parameters = &parameter,
                                  .parameter_count = 1};
    struct hearth_message bad = good;
    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(takes(&arena, good), 0);
    bad.text = NULL;
    assert_int_equal(takes(&arena, bad), HEARTH_ERR_INVALID);
    bad.text = "\xff";
    assert_int_equal(takes(&arena, bad), HEARTH_ERR_INVALID);
    bad = good;
    bad.id = "Plugin X";
    assert_int_equal(takes(&arena, bad), HEARTH_ERR_INVALID);
    bad = good;
    bad.parameter_count = 1000;
    assert_int_equal(takes(&arena, bad), HEARTH_ERR_INVALID);
    parameter.kind = 99;
    assert_int_equal(takes(&arena, good), HEARTH_ERR_INVALID);
    parameter.kind = HEARTH_PARAMETER_TEXT;
    parameter.text = NULL;
    assert_int_equal(takes(&arena, good), HEARTH_ERR_INVALID);
    parameter.text = "x";
    parameter.struct_size = 3;
    assert_int_equal(takes(&arena, good), HEARTH_ERR_INVALID);
    arena_fini(&arena);
}

/* As docs/messages.md has it: a line for each. */
static void list(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        printf("| `%s` | ", rows[i].id);
        for (const char *c = rows[i].text; *c != '\0'; c++)
            *c == '\n' ? fputs("<br>", stdout) : *c == '|' ? fputs("\\|", stdout) : putchar(*c);
        printf(" | ");
        for (size_t k = 0; k < rows[i].count; k++)
            printf("%s%s %s", k == 0 ? "" : ", ", rows[i].parameters[k].name,
                   kind_name(rows[i].parameters[k].kind));
        printf(" |\n");
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_parameters_are_shown),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_taken),
    };
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
