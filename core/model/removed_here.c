#include "model/removed_here.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void model_removed_here_init(struct model_removed_here *here)
{
    *here = (struct model_removed_here){0};
}

void model_removed_here_fini(struct model_removed_here *here)
{
    for (size_t i = 0; i < here->sites.count; i++)
        free((char *)here->sites.rules[i].host);
    free(here->pages.rules);
    free(here->sites.rules);
    free(here->spans.rules);
    model_removed_here_init(here);
}

static bool rules_add(struct model_removed_rules *rules, const struct model_removed_rule *rule)
{
    if (!ARRAY_MAKE_ROOM(rules->rules, rules->count, rules->room))
        return false;
    rules->rules[rules->count++] = *rule;
    return true;
}

static bool site_add(struct model_removed_here *here, struct model_removed_rule rule)
{
    char *host = strdup(rule.host == NULL ? "" : rule.host);
    rule.host = host;
    if (host != NULL && rules_add(&here->sites, &rule))
        return true;
    free(host);
    return false;
}

bool model_removed_here_add(struct model_removed_here *here,
                            const struct hearth_removed_here *removed)
{
    struct model_removed_rule rule = {
        .page = removed->page,
        .host = removed->host,
        .from = removed->from_date == 0 ? INT64_MIN : removed->from_date,
        .to = removed->to_date == 0 ? INT64_MAX : removed->to_date, /* after every date */
        .type = -1,
    };
    switch (removed->kind) {
    case HEARTH_REMOVED_HERE_VISIT:
        rule.from = removed->date;
        rule.to = removed->date + 1;
        rule.type = removed->type;
        return rules_add(&here->pages, &rule);
    case HEARTH_REMOVED_HERE_PAGE:
        return rules_add(&here->pages, &rule);
    case HEARTH_REMOVED_HERE_SITE:
        return site_add(here, rule);
    case HEARTH_REMOVED_HERE_SPAN:
        return rules_add(&here->spans, &rule);
    default: /* of a release to come, which knows what it means */
        return true;
    }
}

/* --- in order --- */

static int compare_from(const struct model_removed_rule *x, const struct model_removed_rule *y)
{
    return x->from < y->from ? -1 : x->from > y->from;
}

static int rules_compare_pages(const void *a, const void *b)
{
    const struct model_removed_rule *x = a, *y = b;
    return x->page != y->page ? (x->page < y->page ? -1 : 1) : compare_from(x, y);
}

static int rules_compare_sites(const void *a, const void *b)
{
    const struct model_removed_rule *x = a, *y = b;
    int r = strcmp(x->host, y->host);
    return r != 0 ? r : compare_from(x, y);
}

static int compare_spans(const void *a, const void *b)
{
    return compare_from(a, b);
}

static void rules_sort(struct model_removed_rules *rules,
                       int (*compare)(const void *a, const void *b))
{
    if (rules->count > 0)
        qsort(rules->rules, rules->count, sizeof(*rules->rules), compare);
}

/* Spans that touch become one, so that a date is in the last one that begins before it, or in
 * none. */
static void join_spans(struct model_removed_rules *spans)
{
    size_t kept = 0;
    for (size_t i = 0; i < spans->count; i++) {
        struct model_removed_rule *last = kept == 0 ? NULL : &spans->rules[kept - 1];
        const struct model_removed_rule *next = &spans->rules[i];
        if (last == NULL || next->from > last->to)
            spans->rules[kept++] = *next;
        else if (next->to > last->to)
            last->to = next->to;
    }
    spans->count = kept;
}

void model_removed_here_sort(struct model_removed_here *here)
{
    rules_sort(&here->pages, rules_compare_pages);
    rules_sort(&here->sites, rules_compare_sites);
    rules_sort(&here->spans, compare_spans);
    join_spans(&here->spans);
}

/* --- questions --- */

bool model_removed_here_is_empty(const struct model_removed_here *here)
{
    return here->pages.count == 0 && here->sites.count == 0 && here->spans.count == 0;
}

bool model_removed_here_asks_host(const struct model_removed_here *here)
{
    return here->sites.count > 0;
}

/* The visit that is asked about; or the whole page. */
struct question {
    int64_t page;
    const char *host;
    bool whole;
    int64_t date, type;
};

static bool rule_answers(const struct model_removed_rule *rule, const struct question *question)
{
    if (question->whole)
        return rule->type < 0 && rule->from == INT64_MIN && rule->to == INT64_MAX;
    return rule->from <= question->date && question->date < rule->to &&
           (rule->type < 0 || rule->type == question->type);
}

/* The first rule that is not less than the page, or the host. */
static size_t find_first(const struct model_removed_rules *rules, const struct question *question,
                         bool site)
{
    size_t low = 0, high = rules->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct model_removed_rule *rule = &rules->rules[middle];
        if (site ? strcmp(rule->host, question->host) < 0 : rule->page < question->page)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of one page or host, by their beginnings. */
static bool thing_answers(const struct model_removed_rules *rules, const struct question *question,
                          bool site)
{
    for (size_t i = find_first(rules, question, site); i < rules->count; i++) {
        const struct model_removed_rule *rule = &rules->rules[i];
        if (site ? strcmp(rule->host, question->host) != 0 : rule->page != question->page)
            return false;
        if (rule->from > (question->whole ? INT64_MIN : question->date))
            return false;
        if (rule_answers(rule, question))
            return true;
    }
    return false;
}

static bool span_answers(const struct model_removed_rules *spans, const struct question *question)
{
    size_t low = 0, high = spans->count;
    if (question->whole)
        return spans->count > 0 && rule_answers(&spans->rules[0], question);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (spans->rules[middle].from <= question->date)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && rule_answers(&spans->rules[low - 1], question);
}

static bool rules_answer_question(const struct model_removed_here *here,
                                  const struct question *question)
{
    return (here->pages.count > 0 && thing_answers(&here->pages, question, false)) ||
           (here->sites.count > 0 && thing_answers(&here->sites, question, true)) ||
           span_answers(&here->spans, question);
}

bool model_removed_here_has_visit(const struct model_removed_here *here, int64_t page,
                                  const char *host, int64_t date, int64_t type)
{
    return rules_answer_question(
        here, &(struct question){.page = page, .host = host, .date = date, .type = type});
}

bool model_removed_here_has_page(const struct model_removed_here *here, int64_t page,
                                 const char *host)
{
    return rules_answer_question(here,
                                 &(struct question){.page = page, .host = host, .whole = true});
}
