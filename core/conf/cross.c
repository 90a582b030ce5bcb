/* What holds between keys and sections, when each by itself is right. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "conf/conf_internal.h"

static void check_listeners(const struct conf *conf, struct findings *findings)
{
    const struct conf_section *one, *other;
    for (size_t i = 0; (one = conf_section(conf, "listen", i)) != NULL; i++) {
        bool certificate = conf_text(one, "tls_certificate") != NULL,
             key = conf_text(one, "tls_key") != NULL;
        if (certificate != key)
            findings_add(findings, HEARTH_ERR_INVALID, "%s: [listen %s] has %s, so it needs %s",
                         conf_where(conf, one, certificate ? "tls_certificate" : "tls_key"),
                         one->name, certificate ? "tls_certificate" : "tls_key",
                         certificate ? "tls_key" : "tls_certificate");
        const struct conf_address *a = conf_address(one, "address");
        for (size_t k = 0; k < i && (other = conf_section(conf, "listen", k)) != NULL; k++) {
            const struct conf_address *b = conf_address(other, "address");
            bool same_path = a->path != NULL && b->path != NULL && strcmp(a->path, b->path) == 0;
            bool same_port = a->path == NULL && b->path == NULL && a->port != 0 &&
                             a->port == b->port && strcmp(a->host, b->host) == 0;
            if (same_path || same_port)
                findings_add(findings, HEARTH_ERR_INVALID,
                             "%s: [listen %s] has the address of [listen %s] (%s): %s",
                             conf_where(conf, one, "address"), one->name, other->name,
                             conf_where(conf, other, "address"), conf_text(one, "address"));
        }
    }
}

static void check_proxy(const struct conf *conf, struct findings *findings)
{
    const struct conf_section *auth = conf_section(conf, "auth", 0);
    const struct conf_networks *proxies =
        conf_networks(conf_section(conf, "web", 0), "trusted_proxies");
    if (conf_text(auth, "proxy_header") != NULL && (proxies == NULL || proxies->count == 0))
        findings_add(findings, HEARTH_ERR_INVALID,
                     "%s: [auth] proxy_header is believed from trusted proxies alone, and there "
                     "are none: name them in [web] "
                     "trusted_proxies",
                     conf_where(conf, auth, "proxy_header"));
}

/* "10.0.0.1/8" is taken for 10.0.0.0/8: whoever wrote it may have meant less. */
static void warn_of_host_bits(const struct conf *conf, const struct conf_section *web,
                              const char *word, struct findings *findings)
{
    struct network network;
    char meant[INET6_ADDRSTRLEN], one[INET6_ADDRSTRLEN];
    if (!network_parse(word, &network))
        return;
    uint8_t address[16];
    size_t size = network.family == AF_INET ? 4 : 16;
    memcpy(address, network.address, size);
    for (size_t i = 0; i < size; i++) {
        int bits = network.bits - (int)(8 * i);
        address[i] &= (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff << (8 - bits));
    }
    if (memcmp(address, network.address, size) == 0 ||
        inet_ntop(network.family, address, meant, sizeof(meant)) == NULL ||
        inet_ntop(network.family, network.address, one, sizeof(one)) == NULL)
        return;
    findings_add(findings, 0,
                 "%s: trusted_proxies: %s means the whole network %s/%d: write that, or %s/%zu if "
                 "you mean the one address",
                 conf_where(conf, web, "trusted_proxies"), word, meant, network.bits, one,
                 8 * size);
}

/* All addresses of a family, or half of them. */
static bool is_everybody(const struct network *network)
{
    return network->bits <= 1;
}

static void warn_of_proxies(const struct conf *conf, struct findings *findings)
{
    const struct conf_section *web = conf_section(conf, "web", 0),
                              *auth = conf_section(conf, "auth", 0);
    const struct conf_networks *proxies = conf_networks(web, "trusted_proxies");
    const char *header = conf_text(auth, "proxy_header"), *text = conf_text(web, "trusted_proxies");
    char word[128];
    bool everybody = false;
    for (size_t i = 0; proxies != NULL && i < proxies->count; i++)
        everybody |= is_everybody(&proxies->items[i]);
    if (everybody && header != NULL)
        findings_add(findings, 0,
                     "%s: trusted_proxies lets everybody who can reach this server say in %s who "
                     "they are, and be believed: name the "
                     "addresses of the proxy alone",
                     conf_where(conf, web, "trusted_proxies"), header);
    else if (everybody)
        findings_add(findings, 0,
                     "%s: trusted_proxies lets everybody who can reach this server say which "
                     "address they come from, so that no limit of "
                     "guesses holds: name the addresses of the proxy alone",
                     conf_where(conf, web, "trusted_proxies"));
    for (const char *p = text == NULL ? "" : text; *p != '\0';
         p += strspn(p, CONF_LIST_SPACE ",")) {
        size_t n = strcspn(p, CONF_LIST_SPACE ",");
        snprintf(word, sizeof(word), "%.*s", (int)n, p);
        warn_of_host_bits(conf, web, word, findings);
        p += n;
    }
}

static const char *storage_of(const struct conf_section *node)
{
    const char *name = conf_text(node, "storage");
    return name == NULL ? node->name : name;
}

/* A database that no node has would be forgotten data, or a slip in the configuration. */
static void check_storages(const struct conf *conf, struct findings *findings)
{
    const struct conf_section *storage, *node;
    bool fleet = conf_section(conf, "node", 0) != NULL;
    for (size_t i = 0; (storage = conf_section(conf, "storage", i)) != NULL; i++) {
        bool used = !fleet && i == 0;
        for (size_t k = 0; (node = conf_section(conf, "node", k)) != NULL; k++)
            used |= strcmp(storage_of(node), storage->name) == 0;
        if (!used)
            findings_add(
                findings, HEARTH_ERR_INVALID,
                "%s: no [node] is kept in [storage %s]: remove it, or name it in a [node] section",
                conf_where(conf, storage, NULL), storage->name);
    }
}

static void check_nodes(const struct conf *conf, struct findings *findings)
{
    const struct conf_section *node, *web = conf_section(conf, "web", 0);
    const char *own = conf_text(web, "node");
    if (own != NULL && conf_section_named(conf, "node", own) == NULL)
        findings_add(findings, HEARTH_ERR_INVALID, "%s: [web] node = %s, but there is no [node %s]",
                     conf_where(conf, web, "node"), own, own);
    for (size_t k = 0; (node = conf_section(conf, "node", k)) != NULL; k++) {
        /* people come to the wrong one, and are sent there */
        if (conf_text(node, "url") == NULL && conf_section(conf, "node", 1) != NULL)
            findings_add(findings, HEARTH_ERR_INVALID,
                         "%s: [node %s] needs url, because there is more than one node: the "
                         "address at which people reach this one (behind "
                         "a front end the same for all)",
                         conf_where(conf, node, NULL), node->name);
        if (conf_section_named(conf, "storage", storage_of(node)) == NULL)
            findings_add(findings, HEARTH_ERR_INVALID,
                         "%s: [node %s] is kept in [storage %s], which does not exist",
                         conf_where(conf, node, "storage"), node->name, storage_of(node));
    }
}

/* The audit trail and the pages call a way in by its section's name. */
static void check_ways_in(const struct conf *conf, struct findings *findings)
{
    const struct conf_section *oidc, *sync;
    for (size_t i = 0; (oidc = conf_section(conf, "oidc", i)) != NULL; i++)
        if ((sync = conf_section_named(conf, "sync", oidc->name)) != NULL)
            findings_add(findings, HEARTH_ERR_INVALID,
                         "%s: [oidc %s] has the name of [sync %s] (%s), and nobody could tell who "
                         "signed in by which: give it another one",
                         conf_where(conf, oidc, NULL), oidc->name, sync->name,
                         conf_where(conf, sync, NULL));
}

static void check_push(const struct conf *conf, struct findings *findings)
{
    const struct conf_section *push = conf_section(conf, "push", 0);
    const char *contact = conf_text(push, "contact");
    bool fine = contact == NULL ||
                ((str_starts(contact, "mailto:") || str_starts(contact, "https://")) &&
                 strlen(contact) <= CONF_CONTACT_MAX && strpbrk(contact, " \"\\<>") == NULL);
    if (!fine)
        findings_add(findings, HEARTH_ERR_INVALID,
                     "%s: [push] contact is mailto:ADDRESS or https://ADDRESS, of at most %d bytes",
                     conf_where(conf, push, "contact"), CONF_CONTACT_MAX);
}

void conf_check_together(const struct conf *conf, struct findings *findings)
{
    check_listeners(conf, findings);
    check_proxy(conf, findings);
    warn_of_proxies(conf, findings);
    check_storages(conf, findings);
    check_nodes(conf, findings);
    check_ways_in(conf, findings);
    check_push(conf, findings);
}
