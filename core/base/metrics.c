#include "base/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/magic.h"

enum { BOUNDS_MAX = 10, LABELS_MAX = 3, REFRESH_MAX = 8 };
enum metric_type { COUNTER, GAUGE, HISTOGRAM };

struct family {
    enum metric_type type;
    int64_t divisor;
    unsigned roles;
    const char *name, *labels, *help;
};

static const struct family families[] = {
#define METRIC_FAMILY_ROW(id, type, divisor, roles, name, labels, help)                            \
    [METRIC_##id] = {type, divisor, roles, name, labels, help},
    METRIC_FAMILIES(METRIC_FAMILY_ROW)
#undef METRIC_FAMILY_ROW
};

static const char *const type_names[] = {"counter", "gauge", "histogram"};

/* Its buckets are counted apart, and added up when they are shown; the last one is of what is above
 * every bound. */
struct histogram {
    size_t bound_count;
    int64_t bounds[BOUNDS_MAX];
    atomic_llong counts[BOUNDS_MAX + 1];
};

struct metric {
    _Atomic(struct metric *) next;
    uint64_t hash;               /* of labels */
    struct histogram *histogram; /* NULL: it is none */
    atomic_llong value;          /* of a histogram: the sum */
    char labels[];               /* as they are shown, without le */
};

static struct {
    pthread_mutex_t lock; /* a leaf: taken to make a series */
    _Atomic(struct metric *) first[METRIC_FAMILY_COUNT];
    struct metric *last[METRIC_FAMILY_COUNT];
    size_t counts[METRIC_FAMILY_COUNT];
    unsigned roles;
    struct {
        void (*refresh)(void *ctx);
        void *ctx;
    } refreshes[REFRESH_MAX];
    size_t refresh_count;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER, .roles = METRIC_ALL};

/* --- labels --- */

/* "NAME=VALUES": one word of a family's labels. */
struct label {
    const char *name, *values;
    size_t name_size, values_size;
};

static bool label_next(const char **at, struct label *ret_label)
{
    const char *word = *at + strspn(*at, " ");
    size_t size = strcspn(word, " "), name = strcspn(word, "=");
    *at = word + size;
    if (size == 0)
        return false;
    *ret_label = (struct label){word, word + name + 1, name, size - name - 1};
    return true;
}

static bool label_is_bounds(const struct label *label)
{
    return label->name_size == 2 && memcmp(label->name, "le", 2) == 0;
}

static bool label_is_open(const struct label *label)
{
    return label->values_size == 1 && label->values[0] == '*';
}

static bool label_has_value(const struct label *label, const char *value)
{
    size_t size = strlen(value);
    const char *end = label->values + label->values_size;
    for (const char *at = label->values; at < end; at += strcspn(at, "| ") + 1)
        if (strcspn(at, "| ") == size && memcmp(at, value, size) == 0)
            return true;
    return label_is_open(label);
}

/* On the stack, because who looks a series up may not allocate. What does not fit is cut. */
struct label_text {
    char text[512];
    size_t size;
};

static void label_add(struct label_text *text, char c)
{
    if (text->size < sizeof(text->text) - 1)
        text->text[text->size++] = c;
}

static void label_render(struct label_text *text, const struct label *label, const char *value)
{
    if (text->size > 0)
        label_add(text, ',');
    for (size_t i = 0; i <= label->name_size; i++) /* with the sign of equality */
        label_add(text, label->name[i]);
    label_add(text, '"');
    for (; *value != '\0' && text->size < sizeof(text->text) - 8; value++) {
        if (*value == '"' || *value == '\\')
            label_add(text, '\\');
        label_add(text, *value == '\n' ? ' ' : *value);
    }
    label_add(text, '"');
}

static void labels_render(const struct family *family, const char *const *values,
                          struct label_text *ret_text)
{
    struct label label;
    size_t n = 0;
    ret_text->size = 0;
    for (const char *at = family->labels; label_next(&at, &label);) {
        if (label_is_bounds(&label))
            continue;
        ASSERT(values[n] != NULL && label_has_value(&label, values[n]));
        label_render(ret_text, &label, values[n++]);
    }
    ASSERT(values[n] == NULL);
    ret_text->text[ret_text->size] = '\0';
}

/* --- series --- */

static struct metric *series_find(enum metric_family family, const char *labels, uint64_t hash)
{
    struct metric *series = atomic_load_explicit(&all.first[family], memory_order_acquire);
    while (series != NULL && (series->hash != hash || strcmp(series->labels, labels) != 0))
        series = atomic_load_explicit(&series->next, memory_order_acquire);
    return series;
}

/* NULL: out of memory. */
static struct histogram *histogram_create(const struct family *family)
{
    struct histogram *histogram = calloc(1, sizeof(*histogram));
    struct label label;
    if (histogram == NULL)
        return NULL;
    for (const char *at = family->labels; label_next(&at, &label);)
        for (const char *bound = label.values;
             label_is_bounds(&label) && bound < label.values + label.values_size;
             bound += strcspn(bound, "| ") + 1) {
            ASSERT(histogram->bound_count < BOUNDS_MAX);
            histogram->bounds[histogram->bound_count++] =
                (int64_t)(strtod(bound, NULL) * (double)family->divisor + 0.5);
        }
    return histogram;
}

/* With the lock, at the end of its family's list: series stay in the order of their making. */
static struct metric *series_make(enum metric_family family, const char *labels, uint64_t hash)
{
    const struct family *of = &families[family];
    struct metric *last = all.last[family];
    size_t size = strlen(labels) + 1;
    if (all.counts[family] == METRICS_SERIES_MAX)
        return NULL;
    struct metric *series = calloc(1, sizeof(*series) + size);
    struct histogram *histogram = of->type == HISTOGRAM ? histogram_create(of) : NULL;
    if (series == NULL || (of->type == HISTOGRAM && histogram == NULL)) {
        free(series);
        free(histogram);
        return NULL;
    }
    memcpy(series->labels, labels, size);
    series->hash = hash;
    series->histogram = histogram;
    atomic_store_explicit(last == NULL ? &all.first[family] : &last->next, series,
                          memory_order_release);
    all.last[family] = series;
    all.counts[family]++;
    return series;
}

struct metric *metrics_series(enum metric_family family, const char *const *values)
{
    struct label_text labels;
    labels_render(&families[family], values, &labels);
    uint64_t hash = hash_bytes(labels.text, labels.size);
    struct metric *series = series_find(family, labels.text, hash);
    if (series == NULL) {
        lock_take(&all.lock);
        series = series_find(family, labels.text, hash);
        if (series == NULL)
            series = series_make(family, labels.text, hash);
        lock_release(&all.lock);
    }
    return series;
}

void metrics_add(struct metric *series, int64_t amount)
{
    if (series != NULL)
        atomic_fetch_add_explicit(&series->value, amount, memory_order_relaxed);
}

void metrics_set(struct metric *series, int64_t value)
{
    if (series != NULL)
        atomic_store_explicit(&series->value, value, memory_order_relaxed);
}

void metrics_observe(struct metric *series, int64_t value)
{
    size_t place = 0;
    if (series == NULL)
        return;
    struct histogram *histogram = series->histogram;
    while (place < histogram->bound_count && value > histogram->bounds[place])
        place++;
    atomic_fetch_add_explicit(&histogram->counts[place], 1, memory_order_relaxed);
    metrics_add(series, value);
}

int64_t metrics_value(const struct metric *series)
{
    return series == NULL ? 0 : atomic_load_explicit(&series->value, memory_order_relaxed);
}

int64_t metrics_count(const struct metric *series)
{
    int64_t count = 0;
    for (size_t i = 0; series != NULL && i <= series->histogram->bound_count; i++)
        count += atomic_load_explicit(&series->histogram->counts[i], memory_order_relaxed);
    return count;
}

/* --- start --- */

/* Every series whose labels the table knows; of the others none. */
static void make_known_series(enum metric_family family, const char *at, size_t n,
                              const char **values)
{
    struct label label;
    if (!label_next(&at, &label) || label_is_bounds(&label)) {
        values[n] = NULL;
        metrics_series(family, values);
        return;
    }
    if (label_is_open(&label))
        return;
    ASSERT(n < LABELS_MAX);
    for (size_t from = 0; from < label.values_size;) {
        char value[32];
        size_t size = strcspn(label.values + from, "| ");
        ASSERT(size < sizeof(value));
        memcpy(value, label.values + from, size);
        value[size] = '\0';
        values[n] = value;
        make_known_series(family, at, n + 1, values);
        from += size + 1;
    }
}

void metrics_start(unsigned roles, const char *version)
{
    static const char *const role_names[] = {"web", "worker", "scheduler"};
    all.roles = roles;
    for (size_t i = 0; i < METRIC_FAMILY_COUNT; i++) {
        const char *values[LABELS_MAX + 1];
        if ((families[i].roles & roles) != 0)
            make_known_series((enum metric_family)i, families[i].labels, 0, values);
    }
    metrics_set(METRIC(BUILD_INFO, version), 1);
    metrics_set(METRIC(START_TIME), clock_now());
    for (unsigned i = 0; i < sizeof(role_names) / sizeof(role_names[0]); i++)
        metrics_set(METRIC(ROLE_INFO, role_names[i]), (roles >> i & 1) != 0);
}

void metrics_refresh_with(void (*refresh)(void *ctx), void *ctx)
{
    ASSERT(all.refresh_count < REFRESH_MAX);
    all.refreshes[all.refresh_count].refresh = refresh;
    all.refreshes[all.refresh_count++].ctx = ctx;
}

/* --- what is shown --- */

/* In the unit of the family's name, exactly. */
static void add_value(struct buf *text, int64_t value, int64_t divisor)
{
    int64_t rest = value % divisor;
    buf_printf(text, "%s%" PRId64, value < 0 && value > -divisor ? "-" : "", value / divisor);
    if (rest == 0)
        return;
    buf_add_char(text, '.');
    for (rest = rest < 0 ? -rest : rest; rest != 0; rest %= divisor) {
        divisor /= 10;
        buf_add_char(text, (char)('0' + rest / divisor));
    }
}

static void add_place(struct buf *text, const struct family *family, const struct metric *series,
                      size_t place, int64_t count)
{
    buf_printf(text, "%s_bucket{%s%sle=\"", family->name, series->labels,
               series->labels[0] == '\0' ? "" : ",");
    if (place == series->histogram->bound_count)
        buf_add_text(text, "+Inf");
    else
        add_value(text, series->histogram->bounds[place], family->divisor);
    buf_printf(text, "\"} %" PRId64 "\n", count);
}

static void begin_sample(struct buf *text, const struct family *family, const char *suffix,
                         const char *labels)
{
    buf_printf(text, labels[0] == '\0' ? "%s%s%s " : "%s%s{%s} ", family->name, suffix, labels);
}

/* Buckets first, so that no count is smaller than one of them. */
static void write_histogram(struct buf *text, const struct family *family,
                            const struct metric *series)
{
    int64_t count = 0;
    for (size_t i = 0; i <= series->histogram->bound_count; i++) {
        count += atomic_load_explicit(&series->histogram->counts[i], memory_order_relaxed);
        add_place(text, family, series, i, count);
    }
    begin_sample(text, family, "_sum", series->labels);
    add_value(text, metrics_value(series), family->divisor);
    buf_add_char(text, '\n');
    begin_sample(text, family, "_count", series->labels);
    buf_printf(text, "%" PRId64 "\n", count);
}

static void write_series(struct buf *text, const struct family *family, const struct metric *series)
{
    if (family->type == HISTOGRAM) {
        write_histogram(text, family, series);
        return;
    }
    begin_sample(text, family, "", series->labels);
    add_value(text, metrics_value(series), family->divisor);
    buf_add_char(text, '\n');
}

void metrics_write(struct buf *ret_text)
{
    process_metrics_refresh();
    for (size_t i = 0; i < all.refresh_count; i++)
        all.refreshes[i].refresh(all.refreshes[i].ctx);
    for (size_t i = 0; i < METRIC_FAMILY_COUNT; i++) {
        const struct family *family = &families[i];
        if ((family->roles & all.roles) == 0)
            continue;
        buf_printf(ret_text, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
                   family->name, type_names[family->type]);
        for (const struct metric *series = atomic_load(&all.first[i]); series != NULL;
             series = atomic_load_explicit(&series->next, memory_order_acquire))
            write_series(ret_text, family, series);
    }
}

/* --- the table of docs/metrics.md --- */

static void add_table_labels(struct buf *rows, const char *at)
{
    struct label label;
    bool any = false;
    for (; label_next(&at, &label); any = true) {
        buf_printf(rows, "%s`%.*s`", any ? "; " : "", (int)label.name_size, label.name);
        for (size_t from = 0; !label_is_open(&label) && from < label.values_size;) {
            size_t size = strcspn(label.values + from, "| ");
            buf_printf(rows, "%s%.*s", from == 0 ? ": " : ", ", (int)size, label.values + from);
            from += size + 1;
        }
    }
}

void metrics_write_table(struct buf *ret_rows)
{
    static const char *const role_names[] = {"web", "worker", "scheduler"};
    for (size_t i = 0; i < METRIC_FAMILY_COUNT; i++) {
        const struct family *family = &families[i];
        buf_printf(ret_rows, "| `%s` | %s | ", family->name, type_names[family->type]);
        add_table_labels(ret_rows, family->labels);
        buf_add_text(ret_rows, " | ");
        bool any = false;
        for (unsigned k = 0; k < 3 && family->roles != METRIC_ALL; k++)
            if ((family->roles >> k & 1) != 0) {
                buf_printf(ret_rows, "%s%s", any ? ", " : "", role_names[k]);
                any = true;
            }
        buf_printf(ret_rows, "%s | %s |\n", any ? "" : "all", family->help);
    }
}
