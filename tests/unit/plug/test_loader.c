/* Every refusal of the loader: one line that names the file, what was found, and what was
 * needed. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
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
    refused(HEARTH_QUEUE, "size", "its descriptor has 16 bytes, at least 96 are needed");
    refused(HEARTH_QUEUE, "large",
            "its descriptor has 2147483647 bytes, at most 65536 are possible");
    refused(HEARTH_QUEUE, "count", "declares 1 configuration keys, and has no array of them");
    refused(HEARTH_QUEUE, "limits", "key_bytes -1");
    refused(HEARTH_QUEUE, "limitsize",
            "its struct hearth_limits has 4 bytes, at least 32 are needed");
    refused(HEARTH_QUEUE, "undefined", "uses nobody_has_this, which nobody has");
    refused(HEARTH_QUEUE, "version0", "version 0 of ABI epoch 2, which there is not");
    refused(HEARTH_QUEUE, "version4294967295",
            "version 4294967295 of ABI epoch 2, which there is not");
    refused(HEARTH_QUEUE, "epoch", "epoch 3, this hearthd has epoch 2");
    refused(HEARTH_QUEUE, "kind", "no plugin kind 9");
    refused(HEARTH_QUEUE, "name", "must be called queue-another.so");
    refused(HEARTH_QUEUE, "operation", "its table of operations lacks the operation clear");
    refused(HEARTH_QUEUE, "table", "no table of operations");
    refused(HEARTH_QUEUE, "tablesize", "impossible size, 3");
    refused(HEARTH_QUEUE, "symbol", "no hearth_plugin_v2()");
    refused(HEARTH_QUEUE, "null", "returned nothing");
    char model[64];
    snprintf(model, sizeof(model), "knows data model 0, this hearthd needs %d", HEARTH_DATA_MODEL);
    refused(HEARTH_STORAGE, "model", model);
    refused(HEARTH_QUEUE, "absent", "there is no");
    refused(HEARTH_QUEUE, "old", "was built for ABI epoch 1, this hearthd has epoch 2");
    refused(HEARTH_SYNC, "extension", "its hearth.sync.signin/1 lacks the operation next");
}

static void test_keys(void **state)
{
    (void)state;
    refused(HEARTH_QUEUE, "keys", "its configuration key 0, \"x\": there is no such type");
    refused(HEARTH_QUEUE, "keytwice", "its configuration key 1, \"x\": it is declared twice");
    refused(HEARTH_QUEUE, "keyname", "\"The key\": its name is not made of a-z, 0-9 and _");
    refused(HEARTH_QUEUE, "keyfile", "\"cert_file\": nobody can give it");
    refused(HEARTH_QUEUE, "keyown", "\"plugin\": this name is the host's own");
    refused(HEARTH_QUEUE, "keyhelp", "its help is not one line");
    refused(HEARTH_QUEUE, "keyneeded", "it is required and has a fallback");
    refused(HEARTH_QUEUE, "keyrange", "its least value is larger than its greatest");
    refused(HEARTH_QUEUE, "keysize", "its configuration key 1 has 8 bytes, and the first one 64");
    refused(HEARTH_QUEUE, "fallback", "\"wait\", is no value of it: \"soon\": expected a duration");
    refused(HEARTH_QUEUE, "choice", "\"best\": is not one of: fast safe");
    refused(HEARTH_QUEUE, "outside", "\"10\": out of range (from 1 to 9)");
}

/* Nothing of it reaches this process, nor its standard output. */
static void test_code_at_load(void **state)
{
    (void)state;
    refused(HEARTH_QUEUE, "crash", "crashes while it is loaded (Segmentation fault)");
    refused(HEARTH_QUEUE, "ctorcrash", "crashes while it is loaded (Segmentation fault)");
    refused(HEARTH_QUEUE, "exit", "ends the process while it is loaded, with exit status 0");
    refused(HEARTH_QUEUE, "ctorexit", "ends the process while it is loaded, with exit status 0");
    /* sanitizers have one of their own */
    refused(HEARTH_QUEUE, "ctorleave", "ends the process while it is loaded, with exit status");
    refused(HEARTH_QUEUE, "print", "prints \"hello from here\" while it is loaded");
    refused(HEARTH_QUEUE, "ctorprint", "prints \"hello from here\" while it is loaded");
    refused(HEARTH_QUEUE, "ctorcomplain", "prints \"no such thing\" while it is loaded");
    refused(HEARTH_QUEUE, "ctorclose", "closes files that are not its own");
    int status;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    refused(HEARTH_QUEUE, "ctorchild", "crashes while it is loaded (Aborted)");
    assert_true(waitpid(-1, &status, 0) > 0); /* the child of that child, which nothing else ends */
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_hanging_ones(void **state)
{
    (void)state;
    plug_patience_for_test(400);
    refused(HEARTH_QUEUE, "hang", "hangs while it is loaded: it did not come back within 400 ms");
    refused(HEARTH_QUEUE, "ctorhang", "hangs while it is loaded");
    refused(HEARTH_QUEUE, "stop", "hangs while it is loaded");
    refused(HEARTH_QUEUE, "ctorstop", "hangs while it is loaded");
    plug_patience_for_test(10000);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    assert_int_equal(errno, ECHILD);
}

/* A process may be started by one that has the ends of children ignored. */
static void test_nobody_waits(void **state)
{
    (void)state;
    struct plug *plug;
    struct err err = {0};
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(plug_load(HEARTH_QUEUE, "good", &folder, 1, &plug, &err), 0);
    refused(HEARTH_QUEUE, "crash", "ends the process while it is loaded");
    signal(SIGCHLD, SIG_DFL);
}

/* What passes in the child and fails here: it has the file's name, and is a failure. */
static void dies(const char *name, int by, const char *words)
{
    int output[2], status;
    char path[4096], text[512] = "";
    struct plug *plug;
    assert_int_equal(pipe(output), 0);
    snprintf(path, sizeof(path), "%s/queue-%s.so", folder, name);
    pid_t child = fork();
    if (child == 0) {
        dup2(output[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); /* it is the test library's */
        plug_load_tried(path, 0, &plug, NULL);
        _exit(0);
    }
    close(output[1]);
    size_t size = 0;
    for (ssize_t n; size < sizeof(text) - 1 &&
                    (n = read(output[0], text + size, sizeof(text) - 1 - size)) > 0;)
        size += (size_t)n;
    close(output[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, by);
    assert_true(status != 0);
    if (strstr(text, path) == NULL || strstr(text, words) == NULL)
        fail_msg("\"%s\" does not name %s and \"%s\"", text, path, words);
}

static void test_guard(void **state)
{
    (void)state;
    dies("ctorcrash", SIGSEGV, " crashes while it is loaded\n");
    dies("crash", SIGSEGV, " crashes while it is loaded\n");
    dies("ctorexit", 0, " ends the process while it is loaded\n");
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
    fputs("not a shared object, but long enough to have been one: the header of an ELF file has "
          "sixty-four bytes",
          f);
    fclose(f);
    refused(HEARTH_QUEUE, "text", "is not a shared object");
    unlink(path);
    snprintf(path, sizeof(path), "%s/queue-good.so", folder);
    assert_true(plug_load_file(path, HEARTH_STORAGE, &plug, &err) < 0);
    assert_non_null(strstr(err.text, "is a queue plugin, a storage plugin was needed"));
    char here[4096];
    assert_non_null(getcwd(here, sizeof(here)));
    /* a mere name is that of a file here, and not of a library of the system */
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(plug_load_file("queue-good.so", HEARTH_QUEUE, &plug, &err), 0);
    assert_int_equal(chdir(here), 0);
    plug = NULL;
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
    /* a newer plugin: what is not known is left out */
    assert_int_equal(plug_load(HEARTH_QUEUE, "larger", &folder, 1, &plug, &err), 0);
    const struct hearth_queue *table = plug_ops(plug);
    assert_non_null(table->event_wait);
}

static int listed, refused_count;

static void on_plugin(void *ctx, const struct plug_found *found)
{
    (void)ctx;
    assert_non_null(strstr(found->file, ".so"));
    listed++;
    if (found->why != NULL) {
        refused_count++;
        assert_true(found->why[0] != '\0');
    } else {
        assert_int_equal(found->kind, HEARTH_QUEUE);
        assert_string_equal(found->version, "1");
        assert_string_equal(found->description, "does nothing");
    }
}

/* Whatever one of them does, the others are there. */
static void test_list(void **state)
{
    (void)state;
    plug_patience_for_test(400);
    plug_list(&folder, 1, on_plugin, NULL);
    plug_patience_for_test(10000);
    assert_int_equal(listed - refused_count, 3);
    assert_int_equal(refused_count, 45);
}

/* All places are named, whatever their length. */
static void test_places(void **state)
{
    (void)state;
    char far[3000], place[3200];
    struct plug *plug;
    struct err err = {0};
    memset(far, 'x', sizeof(far) - 1);
    for (size_t i = 100; i < sizeof(far) - 100; i += 100)
        far[i] = '/';
    far[sizeof(far) - 1] = '\0';
    snprintf(place, sizeof(place), "/begin/%s/end", far);
    const char *places[] = {place, "/b/plugins/one", "/b/plugins/two", "/usr/lib/hearth"};
    assert_int_equal(plug_load(HEARTH_QUEUE, "none", places, 4, &plug, &err), HEARTH_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "xxx/end, /b/plugins/* or /usr/lib/hearth"));
    assert_non_null(strstr(err.text, "there is no queue-none.so in /begin/xxx"));
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_keys),
        cmocka_unit_test(test_code_at_load), cmocka_unit_test(test_hanging_ones),
        cmocka_unit_test(test_nobody_waits), cmocka_unit_test(test_guard),
        cmocka_unit_test(test_places),       cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_good_ones),    cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
