/* Lines of the log, in both formats: each was read from the descriptor that it was written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"
#include "base/outage.h"

enum { TIME_SIZE = sizeof("2026-11-29T07:00:00.000Z") - 1 };

static char said[16 << 10];
static int caught, real;

static void catch_begin(enum log_format format, enum hearth_log_level level)
{
    log_init(format, level);
    caught = memfd_create("log", MFD_CLOEXEC);
    real = dup(STDERR_FILENO);
    assert_true(caught >= 0 && real >= 0 && dup2(caught, STDERR_FILENO) >= 0);
}

/* What was said since catch_begin(). */
static const char *catch_end(void)
{
    dup2(real, STDERR_FILENO);
    close(real);
    ssize_t n = pread(caught, said, sizeof(said) - 1, 0);
    close(caught);
    assert_true(n >= 0);
    said[n] = '\0';
    return said;
}

/* The one line, without its time. */
static void assert_line(const char *wanted)
{
    const char *line = catch_end();
    assert_true(strlen(line) > TIME_SIZE && line[TIME_SIZE - 1] == 'Z');
    assert_string_equal(line + TIME_SIZE, wanted);
}

/* The one line as an object, without its time. */
static void assert_json(const char *wanted)
{
    const char *line = catch_end();
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_int_equal(json_string_length(json_object_get(object, "time")), TIME_SIZE);
    json_object_del(object, "time");
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(object);
}

static void test_no_pairs(void **state)
{
    (void)state;
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    log_event(HEARTH_LOG_INFO, "main", "stopping");
    assert_line(" info main stopping\n");
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    log_audit("signed out");
    assert_line(" audit signed out\n");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_INFO);
    log_event(HEARTH_LOG_WARNING, "jobs", "lease lost");
    assert_json("{\"level\":\"warning\",\"module\":\"jobs\",\"event\":\"lease lost\"}");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_INFO);
    log_audit("signed out");
    assert_json("{\"level\":\"audit\",\"event\":\"signed out\"}");
}

static void test_numbers(void **state)
{
    (void)state;
    const size_t size = 4096;
    const uint8_t small = 255;
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    log_event(HEARTH_LOG_INFO, "jobs", "sync done", LOG_INT("none", 0), LOG_INT("least", INT64_MIN),
              LOG_INT("most", INT64_MAX), LOG_INT("size", size), LOG_INT("small", small),
              LOG_INT("minus", -1));
    assert_line(" info jobs sync done none=0 least=-9223372036854775808 most=9223372036854775807 "
                "size=4096 small=255 minus=-1\n");
    const bool yes = true, no = false;
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    log_audit("account archived", LOG_BOOL("credentials", yes), LOG_BOOL("tokens", no));
    assert_line(" audit account archived credentials=yes tokens=no\n");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_INFO);
    log_audit("account archived", LOG_BOOL("credentials", yes), LOG_BOOL("tokens", no));
    assert_json("{\"level\":\"audit\",\"event\":\"account "
                "archived\",\"credentials\":true,\"tokens\":false}");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_INFO);
    log_audit("queue cleared", LOG_INT("jobs", size), LOG_TEXT("by", "7"),
              LOG_INT("least", INT64_MIN));
    assert_json("{\"level\":\"audit\",\"event\":\"queue "
                "cleared\",\"jobs\":4096,\"by\":\"7\",\"least\":-9223372036854775808}");
}

static void test_null_is_left_out(void **state)
{
    (void)state;
    const char *nothing = NULL;
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    log_event(HEARTH_LOG_ERROR, "api", "request failed", LOG_TEXT("account", nothing),
              LOG_TEXT("path", "/x"), LOG_TEXT("error", nothing), LOG_INT("ms", 1),
              LOG_TEXT("email", nothing));
    assert_line(" error api request failed path=/x ms=1\n");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_INFO);
    log_audit("signed in", LOG_TEXT("account", nothing));
    assert_json("{\"level\":\"audit\",\"event\":\"signed in\"}");
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    log_audit("signed in", LOG_TEXT("account", "")); /* an empty text is one */
    assert_line(" audit signed in account=\"\"\n");
}

static void test_escapes(void **state)
{
    (void)state;
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    log_event(HEARTH_LOG_INFO, "main", "ready", LOG_TEXT("plain", "a-b/c:d"),
              LOG_TEXT("blank", "a b"), LOG_TEXT("quote", "a\"b"), LOG_TEXT("back", "a\\b"),
              LOG_TEXT("equals", "a=b"), LOG_TEXT("line", "a\r\nb"), LOG_TEXT("umlaut", "\u00e4"),
              LOG_TEXT("turned", "\u202ea"), LOG_TEXT("broken", "a\xff"));
    assert_line(" info main ready plain=a-b/c:d blank=\"a b\" quote=\"a\\\"b\" back=\"a\\\\b\" "
                "equals=\"a=b\" line=\"a\\u000d\\u000ab\""
                " umlaut=\u00e4 turned=\"\\u202ea\" broken=\"a\\\\xff\"\n");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_INFO);
    log_event(HEARTH_LOG_INFO, "main", "ready", LOG_TEXT("quote", "a\"b\\"),
              LOG_TEXT("line", "a\nb"), LOG_TEXT("umlaut", "\u00e4"), LOG_TEXT("tag", "\U000e0041"),
              LOG_TEXT("broken", "a\xff"));
    assert_json("{\"level\":\"info\",\"module\":\"main\",\"event\":\"ready\",\"quote\":"
                "\"a\\\"b\\\\\",\"line\":\"a\\nb\","
                "\"umlaut\":\"\u00e4\",\"tag\":\"\U000e0041\",\"broken\":\"a\\\\xff\"}");
}

static void test_long_values(void **state)
{
    (void)state;
    char text[9000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int format = LOG_FORMAT_TEXT; format <= LOG_FORMAT_JSON; format++) {
        catch_begin((enum log_format)format, HEARTH_LOG_INFO);
        log_event(HEARTH_LOG_INFO, "main", "ready", LOG_TEXT("error", text), LOG_INT("ms", 5));
        const char *line = catch_end();
        assert_in_range(strlen(line), 2048, 2300);
        assert_non_null(
            strstr(line, format == LOG_FORMAT_JSON ? "x\u2026\",\"ms\":5}\n" : "x\u2026\" ms=5\n"));
    }
}

static void test_levels(void **state)
{
    (void)state;
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_ERROR);
    log_event(HEARTH_LOG_WARNING, "main", "key file not compared", LOG_INT("ms", 1));
    log_event(HEARTH_LOG_DEBUG, "main", "storage away");
    log_access(LOG_TEXT("path", "/"));
    assert_string_equal(catch_end(), "");
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_ERROR);
    log_audit("signed in", LOG_TEXT("address", "192.0.2.7")); /* whatever the level is */
    assert_line(" audit signed in address=192.0.2.7\n");
    log_set_access(true);
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_ERROR);
    log_access(LOG_TEXT("path", "/"), LOG_INT("status", 200));
    assert_line(" access request path=/ status=200\n");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_ERROR);
    log_access(LOG_TEXT("path", "/"), LOG_INT("status", 200));
    assert_json("{\"level\":\"access\",\"event\":\"request\",\"path\":\"/\",\"status\":200}");
    log_set_audit(false);
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_DEBUG);
    log_audit("signed in");
    assert_string_equal(catch_end(), "");
}

static void test_outage(void **state)
{
    (void)state;
    struct outage outage = {0};
    catch_begin(LOG_FORMAT_TEXT, HEARTH_LOG_INFO);
    for (int i = 0; i < 3; i++)
        outage_begins(
            &outage, HEARTH_LOG_ERROR, "plug", "does not answer",
            LOG_PAIRS(LOG_TEXT("backend", "the queue"), LOG_TEXT("error", "took too long")));
    assert_line(" error plug does not answer backend=\"the queue\" error=\"took too long\"\n");
    catch_begin(LOG_FORMAT_JSON, HEARTH_LOG_INFO);
    assert_true(outage_ends(&outage, "plug", "answers again", LOG_TEXT("backend", "the queue")));
    assert_false(outage_ends(&outage, "plug", "answers again", LOG_TEXT("backend", "the queue")));
    const char *line = catch_end();
    assert_non_null(strstr(
        line,
        ",\"module\":\"plug\",\"event\":\"answers again\",\"backend\":\"the queue\",\"seconds\":"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_pairs),         cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_null_is_left_out), cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_long_values),      cmocka_unit_test(test_outage),
        cmocka_unit_test(test_levels), /* switches things on for good */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
