#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "pages/app.h"
#include "pages/app_files.h"

enum { FILE_LIMIT = 8 * 1024 * 1024 };

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/hearth-app-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* A hole: costs no room on the disk. */
static void write_large(const char *name, off_t size)
{
    int fd = open(in_folder(name), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void assert_refused(const char *why)
{
    struct app_files *files = NULL;
    struct err err = {0};
    assert_int_equal(pages_app_files_load(folder, &files, &err), HEARTH_ERR_INVALID);
    assert_null(files);
    assert_non_null(strstr(err.text, why));
}

static struct app_files *loaded(void)
{
    struct app_files *files = NULL;
    struct err err = {0};
    assert_int_equal(pages_app_files_load(folder, &files, &err), 0);
    return files;
}

static void test_browsers(void **state)
{
    (void)state;
    static const char *const unable[] = {
        "w3m/0.5.3+git20230121",
        "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8",
        "Links (2.28; Linux 6.1.0-9-amd64 x86_64; GNU C 12.2; text)",
        "ELinks/0.13.2 (textmode; Linux; 80x25-2)",
        "Dillo/3.0.5",
        "NetSurf/3.10 (Linux)",
        "Mozilla/5.0 (PlayStation Vita 3.74) AppleWebKit/537.73 (KHTML, like Gecko) NetFront/3.2",
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
        "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        ("Mozilla/5.0 (Linux; U; en-US) AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) "
         "Version/4.0 Kindle/3.0"),
        "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; en) Presto/2.12.423 Version/12.16",
        "Mozilla/4.08 [en] (Win98; I)",
    };
    static const char *const able[] = {
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/17.5 Safari/605.1.15",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36 OPR/112.0.0.0",
        "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0",
        "curl/8.5.0",
        "",
    };
    for (size_t i = 0; i < sizeof(unable) / sizeof(unable[0]); i++)
        assert_true(pages_app_is_unable(unable[i], 11));
    for (size_t i = 0; i < sizeof(able) / sizeof(able[0]); i++)
        assert_true(!pages_app_is_unable(able[i], 11) && !pages_app_is_unable(able[i], 20) &&
                    pages_app_is_unable(able[i], 10));
    assert_true(!pages_app_is_unable(NULL, 20) && pages_app_is_unable(NULL, 10));
}

static void test_codings(void **state)
{
    (void)state;
    static const struct {
        const char *accepted;
        bool gzip, brotli;
    } cases[] = {
        {NULL, false, false},
        {"", false, false},
        {"identity", false, false},
        {"gzip", true, false},
        {"br", false, true},
        {"gzip, deflate, br, zstd", true, true},
        {"GZIP;q=0.5,BR;q=0.001", true, true},
        {"gzip;q=0, br", false, true},
        {"br;q=0.000, gzip", true, false},
        {"*", true, true},
        {"*;q=0", false, false},
        {"br;q=0, *", true, false},
        {"*;q=0, gzip", true, false},
        {"x-gzip", true, false},
        {"brotli, gzipped", false, false},
        {",,;,", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_request request = {.accept_encoding = cases[i].accepted};
        assert_int_equal(http_accepts(&request, "gzip"), cases[i].gzip);
        assert_int_equal(http_accepts(&request, "br"), cases[i].brotli);
    }
}

static void test_forms(void **state)
{
    (void)state;
    write_file("index.html", "page");
    write_file("index.html.br", "brotli");
    write_file("index.html.gz", "gz");
    write_file("index.html.gz.br", "of a form");
    write_file("alone.txt.gz", "form of nothing");
    write_file("empty.css", "");
    struct app_files *files = loaded();
    const struct app_file *page = pages_app_files_find(files, "/index.html");
    assert_non_null(page);
    assert_string_equal(page->type, "text/html; charset=utf-8");
    assert_memory_equal(page->plain.data, "page", page->plain.size);
    assert_int_equal(page->plain.size, 4);
    assert_memory_equal(page->brotli.data, "brotli", page->brotli.size);
    assert_int_equal(page->brotli.size, 6);
    assert_int_equal(page->gzip.size, 2);
    assert_null(pages_app_files_find(files, "/index.html.gz"));
    assert_null(pages_app_files_find(files, "/index.html.br"));
    const struct app_file *alone = pages_app_files_find(files, "/alone.txt.gz");
    assert_non_null(alone);
    assert_string_equal(alone->type, "application/octet-stream");
    const struct app_file *empty = pages_app_files_find(files, "/empty.css");
    assert_true(empty != NULL && empty->plain.data != NULL && empty->plain.size == 0);
    assert_string_not_equal(page->hash, alone->hash);
    pages_app_files_free(files);
}

static void test_left_out(void **state)
{
    (void)state;
    write_file("index.html", "page");
    write_file(".secret", "no");
    write_file("a b.js", "no");
    write_file("a%2e.js", "no");
    write_file("\xc3\xa4.js", "no");
    write_file("A_b-1.2.js", "yes");
    assert_int_equal(symlink("/etc/passwd", in_folder("linked.txt")), 0);
    assert_int_equal(symlink("/etc", in_folder("etc")), 0);
    assert_int_equal(mkfifo(in_folder("pipe.js"), 0600), 0);
    struct app_files *files = loaded();
    assert_string_equal(pages_app_files_at(files, 0)->path, "/A_b-1.2.js");
    assert_string_equal(pages_app_files_at(files, 1)->path, "/index.html");
    assert_null(pages_app_files_at(files, 2));
    pages_app_files_free(files);
}

static void test_bounds(void **state)
{
    (void)state;
    char name[32];
    write_file("other.html", "page");
    assert_refused("no index.html");
    write_file("index.html", "page");
    write_large("large.js", FILE_LIMIT);
    pages_app_files_free(loaded());
    write_large("large.js", FILE_LIMIT + 1);
    assert_refused("/large.js");
    assert_int_equal(unlink(in_folder("large.js")), 0);
    for (int i = 0; i < 9; i++) {
        snprintf(name, sizeof(name), "total-%d.js", i);
        write_large(name, FILE_LIMIT - 1);
    }
    assert_refused("64 MiB in all");
    for (int i = 0; i < 9; i++) {
        snprintf(name, sizeof(name), "total-%d.js", i);
        assert_int_equal(unlink(in_folder(name)), 0);
    }
    for (int i = 0; i < 998; i++) {
        snprintf(name, sizeof(name), "%d.js", i);
        write_file(name, "");
    }
    pages_app_files_free(loaded());
    write_file("998.js", "");
    assert_refused("1000 files");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_browsers),
        cmocka_unit_test(test_codings),
        cmocka_unit_test_setup_teardown(test_forms, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_left_out, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_bounds, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("app", tests, NULL, NULL);
}
