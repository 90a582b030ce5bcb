/* Every refusal of the loader: one line that names the file, what was found, and what was needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "hearth/queue.h"
#include "plug/call.h"
#include "plug/loader.h"

static const char *folder;

static void refused(int kind, const char *name, const char *why)
{
    struct plug *plug = NULL;
    struct err err = {0};
    char file[64];
    snprintf(file, sizeof(file), "%s-%s.so", plug_kind_name(kind), name);
    assert_true(plug_load(kind, name, &folder, 1, &plug, &err) < 0);
    assert_null(plug);
    if (strstr(err.text, file) == NULL || strstr(err.text, why) == NULL)
        fail_msg("\"%s\" does not name %s and \"%s\"", err.text, file, why);
}

static void test_refusals(void **state)
{
    (void)state;
    refused(HEARTH_QUEUE, "size", "16 bytes");
    refused(HEARTH_QUEUE, "epoch", "epoch 3, this hearthd has epoch 2");
    refused(HEARTH_QUEUE, "kind", "no plugin kind 9");
    refused(HEARTH_QUEUE, "name", "must be called queue-another.so");
    refused(HEARTH_QUEUE, "operation", "its table of operations lacks the operation clear");
    refused(HEARTH_QUEUE, "table", "no table of operations");
    refused(HEARTH_QUEUE, "tablesize", "impossible size, 3");
    refused(HEARTH_QUEUE, "symbol", "no hearth_plugin_v2()");
    refused(HEARTH_QUEUE, "null", "returned nothing");
    refused(HEARTH_QUEUE, "keys", "configuration key 0 is malformed");
    refused(HEARTH_STORAGE, "model", "knows data model 0, this hearthd needs 1");
    refused(HEARTH_QUEUE, "absent", "there is no");
    refused(HEARTH_QUEUE, "old", "was built for ABI epoch 1, this hearthd has epoch 2");
    refused(HEARTH_SYNC, "extension", "its hearth.sync.signin/1 lacks the operation next");
}

static void test_other_files(void **state)
{
    (void)state;
    char path[4096];
    struct plug *plug = NULL;
    struct err err = {0};
    snprintf(path, sizeof(path), "%s/queue-text.so", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("not a shared object, but long enough to have been one: the header of an ELF file has sixty-four bytes", f);
    fclose(f);
    refused(HEARTH_QUEUE, "text", "is not a shared object");
    unlink(path);
    snprintf(path, sizeof(path), "%s/queue-good.so", folder);
    assert_true(plug_load_file(path, HEARTH_STORAGE, &plug, &err) < 0);
    assert_non_null(strstr(err.text, "is a queue plugin, a storage plugin was needed"));
    assert_true(plug_load(HEARTH_QUEUE, "../evil", &folder, 1, &plug, &err) == HEARTH_ERR_INVALID);
}

static void test_good_ones(void **state)
{
    (void)state;
    struct plug *plug;
    struct err err = {0};
    assert_int_equal(plug_load(HEARTH_QUEUE, "good", &folder, 1, &plug, &err), 0);
    assert_string_equal(plug_descriptor(plug)->name, "good");
    assert_int_equal(plug_descriptor(plug)->kind, HEARTH_QUEUE);
    assert_null(plug_self(plug));
    assert_int_equal(plug_load(HEARTH_QUEUE, "larger", &folder, 1, &plug, &err), 0); /* a newer plugin: what is not known is left out */
    const struct hearth_queue *table = plug_ops(plug);
    assert_non_null(table->event_wait);
}

static int listed, refused_count;

static void on_plugin(void *ctx, const char *file, const struct plug *plug, const char *why)
{
    (void)ctx;
    assert_non_null(strstr(file, ".so"));
    listed++;
    if (plug == NULL) {
        refused_count++;
        assert_true(why[0] != '\0');
    }
}

static void test_list(void **state)
{
    (void)state;
    plug_list(&folder, 1, on_plugin, NULL);
    assert_int_equal(listed, 15);
    assert_int_equal(refused_count, 13);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_good_ones),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
