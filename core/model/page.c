#include "model/page.h"

#include "base/str.h"

void model_page_init(struct model_page *page, int64_t now)
{
    *page = (struct model_page){.until = now + MODEL_VISIT_AHEAD};
}

void model_page_add_visit(struct model_page *page, int64_t date, int type)
{
    page->visits++;
    page->counted += model_frecency_counts(type);
    if (date > page->last_visit)
        page->last_visit = date;
    page->typed = page->typed || type == 2;
    page->seen = page->seen || model_visit_is_listed(type);
    if (date <= page->until)
        model_frecency_add(&page->frecency, date, type);
}

bool model_page_is_hidden(const struct model_page *page, const char *url, bool bookmarked)
{
    return str_starts(url, "place:") || (!bookmarked && page->visits > 0 && !page->seen);
}

int64_t model_page_frecency(const struct model_page *page, const char *url, bool bookmarked,
                            int64_t added)
{
    return str_starts(url, "place:") ? 0 : model_frecency_value(&page->frecency, bookmarked, added);
}
