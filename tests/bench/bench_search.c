/* How fast typing is answered, at every keystroke, over made-up accounts of 10,000 to 1,000,000
 * pages; what a block costs to load, to bring up to date, to rebuild, and to keep. With --sql
 * also a plain LIKE scan of the same pages in SQLite, as a yardstick.
 *
 * Words are made up of syllables, which is hard on filters; a file with a word a line, common
 * ones first, gives more natural pages.
 *
 * usage: bench-search [--sql] [--words FILE] [pages …] */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/url.h"
#include "search/search.h"

enum { MAX_WORDS = 30000, MADE_WORDS = 6000, HOSTS = 3000, MAX_SAMPLES = 200000, LIMIT = 20 };

static uint64_t seed = 88172645463325252u;
static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 20) % n);
}

/* Small numbers are common, as some words in titles and some hosts in histories are. */
static uint32_t skewed(uint32_t n)
{
    double x = below(1 << 20) / (double)(1 << 20);
    return (uint32_t)(x * x * x * n);
}

static char words[MAX_WORDS][32], hosts[HOSTS][48];
static uint32_t word_count;

static void make_words(void)
{
    static const char *const latin[] = {"an",  "ber", "co",  "der", "el", "fi",  "gra",  "har",
                                        "in",  "jo",  "ka",  "lo",  "mi", "no",  "or",   "pra",
                                        "qui", "ro",  "sta", "ter", "un", "va",  "wi",   "xe",
                                        "yo",  "zu",  "bri", "ch",  "sh", "ing", "tion", "ly"};
    static const char *const accents[] = {"é", "ü", "ø", "ł", "ç", "ñ"};
    static const char *const cyrillic[] = {"мо", "ск", "ва", "при", "но",
                                           "ст", "ра", "ки", "до",  "ле"};
    static const char *const chinese[] = {"北", "京", "图", "书", "馆", "大",
                                          "学", "中", "文", "新", "闻", "海"};
    for (int i = 0; i < MADE_WORDS; i++) {
        size_t used = 0;
        int parts = 2 + (int)below(3);
        for (int k = 0; k < parts; k++) {
            const char *part = i % 12 == 11   ? cyrillic[below(10)]
                               : i % 24 == 10 ? chinese[below(12)]
                                              : latin[below(32)];
            used += (size_t)snprintf(words[i] + used, sizeof(words[i]) - used, "%s", part);
            if (i % 12 < 10 && i % 9 == 0 && k == 0)
                used += (size_t)snprintf(words[i] + used, sizeof(words[i]) - used, "%s",
                                         accents[below(6)]);
        }
    }
    word_count = MADE_WORDS;
}

static void read_words(const char *path)
{
    FILE *in = fopen(path, "r");
    while (in != NULL && word_count < MAX_WORDS &&
           fgets(words[word_count], sizeof(words[0]), in) != NULL) {
        words[word_count][strcspn(words[word_count], "\n")] = '\0';
        word_count += words[word_count][0] != '\0';
    }
    if (in == NULL || word_count < 100) {
        fprintf(stderr, "no words in %s\n", path);
        exit(1);
    }
    fclose(in);
}

static void make_hosts(void)
{
    for (uint32_t i = 0; i < HOSTS; i++) {
        const char *word = words[(i * 7 + 3) % word_count];
        bool ascii = true;
        for (const char *p = word; *p != '\0'; p++)
            ascii = ascii && (uint8_t)*p < 0x80;
        snprintf(hosts[i], sizeof(hosts[i]), "%s%s%s.%s",
                 i % 3 == 0   ? "www."
                 : i % 7 == 0 ? "m."
                              : "",
                 ascii ? word : "blog", i % 2 ? "hub" : "",
                 i % 4 == 0   ? "org"
                 : i % 4 == 1 ? "com"
                              : "example");
    }
}

struct account {
    struct hearth_page *pages; /* in frecency order */
    size_t count;
    size_t changed; /* how many changed() reports */
    struct arena texts;
};

static const char *any_word(void)
{
    return words[skewed(word_count)];
}

static void make_account(struct account *account, size_t count)
{
    *account = (struct account){.pages = calloc(count, sizeof(*account->pages)), .count = count};
    arena_init(&account->texts, 0);
    for (size_t i = 0; i < count; i++) {
        char url[512], title[512];
        const char *host = hosts[skewed(HOSTS)];
        size_t n = (size_t)snprintf(url, sizeof(url), "https://%s/%s/%s-%s", host, any_word(),
                                    any_word(), any_word());
        if (below(3) == 0)
            n += (size_t)snprintf(url + n, sizeof(url) - n, "-%s?id=%u", any_word(),
                                  below(100000000));
        else
            n += (size_t)snprintf(url + n, sizeof(url) - n, "/%u", below(1000000));
        size_t t = 0;
        for (uint32_t k = 3 + below(5); k > 0; k--)
            t += (size_t)snprintf(title + t, sizeof(title) - t, "%s ", any_word());
        if (title[0] >= 'a' && title[0] <= 'z')
            title[0] = (char)(title[0] - 'a' + 'A');
        snprintf(title + t, sizeof(title) - t, "– %s", host);
        bool bookmarked = below(20) == 0;
        account->pages[i] =
            (struct hearth_page){.struct_size = sizeof(struct hearth_page),
                                 .bookmarks = bookmarked,
                                 .url = arena_strdup(&account->texts, url),
                                 .title = arena_strdup(&account->texts, title),
                                 .bookmark_title = bookmarked ? "A bookmark of mine" : NULL,
                                 .tags = bookmarked && below(3) == 0 ? "reading,science" : NULL,
                                 .frecency = (int64_t)(21100 - i * 3000 / count),
                                 .visit_count = 1 + below(30)};
        account->pages[i].id = model_page_id(account->pages[i].url);
    }
}

static int pages(void *ctx, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    const struct account *account = ctx;
    for (size_t i = 0; i < account->count; i++)
        if (cb(cb_ctx, &account->pages[i]) != 0)
            break;
    return 0;
}

static int changed(void *ctx, int64_t since, hearth_page_cb cb, void *cb_ctx, struct err *err)
{
    const struct account *account = ctx;
    for (size_t i = 0; i < account->changed; i++) {
        struct hearth_page page =
            account->pages[(i * 7919 + (size_t)since * 104729) % account->count];
        page.frecency = 21101;
        if (cb(cb_ctx, &page) != 0)
            break;
    }
    return 0;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double samples[MAX_SAMPLES];
static char slowest[128];

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static const char *inside(const char *word)
{
    do
        word++;
    while (((uint8_t)*word & 0xC0) == 0x80);
    return word;
}

/* What is typed: words common and rare, several, inside of words, addresses, other scripts, and
 * things that are not there. */
static void typed_string(int i, char *ret, size_t size)
{
    switch (i % 8) {
    case 0:
        snprintf(ret, size, "%s", any_word());
        break;
    case 1:
        snprintf(ret, size, "%s", words[word_count - 1 - below(word_count / 4)]);
        break;
    case 2:
        snprintf(ret, size, "%s %s", any_word(), any_word());
        break;
    case 3:
        snprintf(ret, size, "%s %s %s", any_word(), words[below(word_count)], any_word());
        break;
    case 4:
        snprintf(ret, size, "%s/%s", hosts[below(HOSTS)], any_word());
        break;
    case 5:
        snprintf(ret, size, "%s", inside(any_word()));
        break;
    case 6:
        snprintf(ret, size, "%s%s", words[below(word_count)], "qx");
        break;
    default:
        snprintf(ret, size, "%u", below(10000000));
    }
}

struct setup {
    struct search *search;
    struct search_source source;
    int64_t generation;
};

static double ask(const struct setup *setup, const char *typed)
{
    struct arena arena;
    struct search_results results;
    struct err err = {0};
    const struct search_request request = {.account = "a",
                                           .generation = setup->generation,
                                           .query = typed,
                                           .in = SEARCH_IN_ALL,
                                           .limit = LIMIT};
    double start = now_us();
    arena_init(&arena, 1 << 20);
    if (search_run(setup->search, &request, &setup->source, &arena, &results, &err) < 0) {
        fprintf(stderr, "'%s': %s\n", typed, err.text);
        exit(1);
    }
    arena_fini(&arena);
    return now_us() - start;
}

static void type_all(const struct setup *setup, const char *what)
{
    size_t count = 0;
    double worst = 0;
    seed = 4242;
    for (int i = 0; i < 1600; i++) {
        char typed[128] = "";
        typed_string(i, typed, sizeof(typed));
        for (size_t n = 1; n <= strlen(typed) && count < MAX_SAMPLES; n++) {
            if (((uint8_t)typed[n] & 0xC0) == 0x80)
                continue;
            char prefix[128];
            memcpy(prefix, typed, n);
            prefix[n] = '\0';
            samples[count] = ask(setup, prefix);
            if (samples[count] > worst) {
                worst = samples[count];
                memcpy(slowest, prefix, n + 1);
            }
            count++;
        }
    }
    qsort(samples, count, sizeof(*samples), by_value);
    printf("  %-28s p50 %7.1f µs  p99 %8.1f µs  max %8.1f µs ('%s')  %zu keystrokes\n", what,
           samples[count / 2], samples[count * 99 / 100], samples[count - 1], slowest, count);
}

static void sql(const struct account *account)
{
    sqlite3 *db;
    sqlite3_stmt *put, *find;
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, "CREATE TABLE page(url TEXT, title TEXT, frecency INTEGER); BEGIN", NULL, NULL,
                 NULL);
    sqlite3_prepare_v2(db, "INSERT INTO page VALUES (?, ?, ?)", -1, &put, NULL);
    for (size_t i = 0; i < account->count; i++) {
        sqlite3_bind_text(put, 1, account->pages[i].url, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, account->pages[i].title, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 3, account->pages[i].frecency);
        sqlite3_step(put);
        sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    sqlite3_exec(db, "COMMIT; CREATE INDEX f ON page(frecency DESC)", NULL, NULL, NULL);
    sqlite3_prepare_v2(db,
                       "SELECT url FROM page INDEXED BY f WHERE url LIKE ?1 OR title LIKE ?1 ORDER "
                       "BY frecency DESC LIMIT 20",
                       -1, &find, NULL);
    size_t count = 0;
    seed = 4242;
    for (int i = 0; i < 24; i++) {
        char typed[128], pattern[160];
        typed_string(i, typed, sizeof(typed));
        for (size_t n = 1; n <= strlen(typed); n++) {
            snprintf(pattern, sizeof(pattern), "%%%.*s%%", (int)n, typed);
            double start = now_us();
            sqlite3_bind_text(find, 1, pattern, -1, SQLITE_STATIC);
            while (sqlite3_step(find) == SQLITE_ROW) {
            }
            sqlite3_reset(find);
            samples[count++] = now_us() - start;
        }
    }
    qsort(samples, count, sizeof(*samples), by_value);
    printf("  %-28s p50 %7.1f µs  p99 %8.1f µs  (single phrase, LIKE)\n", "SQLite scan",
           samples[count / 2], samples[count * 99 / 100]);
    sqlite3_finalize(find);
    sqlite3_close(db);
}

static void bench(size_t count, bool with_sql)
{
    struct account account;
    struct setup setup = {.generation = 1};
    struct search_stats stats;
    const struct search_config plain = {.memory = (size_t)4 << 30, .filter_from = SIZE_MAX},
                               filtered = {.memory = (size_t)4 << 30, .filter_from = 1};
    seed = 88172645463325252u;
    make_account(&account, count);
    setup.source = (struct search_source){.ctx = &account, .pages = pages, .changed = changed};
    printf("%zu pages\n", count);
    search_create(&plain, &setup.search, NULL);
    double first = ask(&setup, any_word());
    search_stats_for_test(setup.search, &stats);
    printf("  load and first answer        %.1f ms, %.0f ns a page; %.0f bytes a page\n",
           first / 1000, first * 1000 / (double)count, (double)stats.bytes / (double)stats.pages);
    type_all(&setup, "warm, plain scan");
    search_destroy(setup.search);
    search_create(&filtered, &setup.search, NULL);
    ask(&setup, "");
    double start = now_us();
    search_settle_for_test(setup.search);
    double built = now_us() - start;
    search_stats_for_test(setup.search, &stats);
    printf("  filter                       %.1f ms, %.0f ns a page; %.0f bytes a page in all\n",
           built / 1000, built * 1000 / (double)count, (double)stats.bytes / (double)stats.pages);
    type_all(&setup, "warm, with filter");
    account.changed = 1000;
    setup.generation = 2;
    printf("  1,000 changes and answer     %.1f ms\n", ask(&setup, any_word()) / 1000);
    type_all(&setup, "with filter, 1,000 changed");
    account.changed = 1500;
    setup.generation = 3;
    ask(&setup, "");
    start = now_us();
    search_settle_for_test(setup.search);
    printf("  rebuild with filters         %.1f ms (in the background)\n",
           (now_us() - start) / 1000);
    search_destroy(setup.search);
    if (with_sql)
        sql(&account);
    arena_fini(&account.texts);
    free(account.pages);
}

int main(int argc, char **argv)
{
    bool with_sql = false, any = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--sql") == 0)
            with_sql = true;
        else if (strcmp(argv[i], "--words") == 0 && i + 1 < argc)
            read_words(argv[++i]);
    }
    if (word_count == 0)
        make_words();
    make_hosts();
    for (int i = 1; i < argc; i++) {
        i += strcmp(argv[i], "--words") == 0;
        if (argv[i][0] < '0' || argv[i][0] > '9')
            continue;
        bench((size_t)strtoull(argv[i], NULL, 10), with_sql);
        any = true;
    }
    for (size_t pages_wanted = 10000; !any && pages_wanted <= 1000000; pages_wanted *= 10)
        bench(pages_wanted, with_sql);
    return 0;
}
