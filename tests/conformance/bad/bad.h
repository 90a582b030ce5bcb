/* A plugin that breaks one rule: a good plugin (GOOD, a path) with one operation replaced. RULE
 * names both the rule and the plugin. */
#ifndef TESTS_CONFORMANCE_BAD_H
#define TESTS_CONFORMANCE_BAD_H

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/plugin.h"

struct bad_rule {
    const char *name;
    void (*apply)(void *operations); /* replaces entries of the copied table */
};

static struct hearth_plugin bad_descriptor;
static const struct hearth_plugin *good_descriptor;

/* What every bad plugin's entry does: the good descriptor under another name, its table copied
 * into `table` and spoilt. */
static const struct hearth_plugin *bad_entry(void *table, size_t size, const struct bad_rule *rules,
                                             size_t count)
{
    void *module = dlopen(GOOD, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE),
         *symbol = module == NULL ? NULL : dlsym(module, "hearth_plugin_v2");
    hearth_plugin_entry entry;
    if (symbol == NULL)
        abort();
    memcpy(&entry, &symbol, sizeof(entry));
    good_descriptor = entry();
    bad_descriptor = *good_descriptor;
    memcpy(table, good_descriptor->operations, size);
    bad_descriptor.operations = table;
    bad_descriptor.name = RULE;
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].name, RULE) == 0)
            rules[i].apply(table);
    return &bad_descriptor;
}

#endif
