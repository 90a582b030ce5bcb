/* Keys of older releases: what they are called now, or what to write instead. A key that gets
 * another name, moves or goes away gets a row here and in docs/configuration.md, and one in
 * CHANGELOG.md when a release had it. */
#include <string.h>

#include "conf/conf_internal.h"

#define METRICS_LISTENER                                                                           \
    "/metrics is served by listeners of its own. Make a section [listen metrics] with "            \
    "serves = metrics and an address."

static const struct conf_old_key old_keys[] = {
    {"listen", "internal", "0.2.0", .advice = METRICS_LISTENER},
    {"scheduler", "claim", "0.2.0", .name = "lease"},
    {"web", "max_jobs", "0.2.0", .name = "max_pending_requests"},
    {"web", "max_jobs_per_account", "0.2.0", .name = "max_pending_requests_per_account"},
    {"web", "max_jobs_per_connection", "0.2.0", .name = "max_pending_requests_per_connection"},
    {"web", "metrics", "0.2.0", .advice = METRICS_LISTENER},
    {NULL, NULL, NULL},
};

const struct conf_old_key *conf_old_keys(void)
{
    return old_keys;
}

const struct conf_old_key *conf_old_key_find(const struct conf_old_key *keys, const char *kind,
                                             const char *key)
{
    for (const struct conf_old_key *old = keys; old->kind != NULL; old++)
        if (strcmp(old->kind, kind) == 0 && strcmp(old->old_name, key) == 0)
            return old;
    return NULL;
}

/* Whoever set both has begun to rename: the old one is in the way. NULL: the new one is not set. */
static const struct conf_entry *old_key_rival(const struct conf *conf,
                                              const struct conf_section *section,
                                              const struct conf_old_key *old)
{
    const struct conf_entry *entry = NULL;
    if (old->section == NULL)
        return conf_find_entry(section, old->name);
    for (const struct conf_section *s = conf->sections; s != NULL && entry == NULL; s = s->next)
        if (strcmp(s->kind->name, old->section) == 0)
            entry = conf_find_entry(s, old->name);
    return entry;
}

void conf_refuse_old_key(const struct conf *conf, const struct conf_section *section,
                         const struct conf_entry *entry, const struct conf_old_key *old,
                         struct findings *findings)
{
    char owner[160], now[160];
    snprintf(owner, sizeof(owner), "[%s%s%s]", section->kind->name,
             section->name[0] != '\0' ? " " : "", section->name);
    if (old->name == NULL) {
        findings_add(findings, HEARTH_ERR_INVALID, "%s: %s has no key %s since %s: %s",
                     entry->where, owner, entry->key, old->since, old->advice);
        return;
    }
    const struct conf_entry *rival = old_key_rival(conf, section, old);
    snprintf(now, sizeof(now), "%s%s%s%s", old->section == NULL ? "" : "[",
             old->section == NULL ? "" : old->section, old->section == NULL ? "" : "] ", old->name);
    if (rival != NULL)
        findings_add(findings, HEARTH_ERR_INVALID,
                     "%s: %s %s is called %s since %s, and that is set, too (%s); remove %s.",
                     entry->where, owner, entry->key, now, old->since, rival->where, entry->key);
    else
        findings_add(findings, HEARTH_ERR_INVALID, "%s: %s %s is called %s since %s; %s it.",
                     entry->where, owner, entry->key, now, old->since,
                     old->section == NULL ? "rename" : "move");
}
