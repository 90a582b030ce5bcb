#include "nodes/nodes.h"

#include <math.h>
#include <openssl/sha.h>
#include <string.h>

#include "codec/codec.h"

const struct hearth_storage *nodes_node_ops(const struct node *node)
{
    return plug_ops(node->storage);
}

size_t nodes_find(const struct nodes *nodes, const char *name)
{
    for (size_t i = 0; i < nodes->count; i++)
        if (strcmp(nodes->items[i].name, name) == 0)
            return i;
    return NODES_NONE;
}

/* In (0, 1): the first 52 bits of SHA-256 over name, NUL, lower-case address. */
static double node_hash_draw(const char *name, const char *placement)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char text[64 + 320];
    size_t n = strlen(name) + 1, m = strlen(placement);
    if (m > sizeof(text) - 64)
        m = sizeof(text) - 64;
    memcpy(text, name, n);
    for (size_t i = 0; i < m; i++)
        text[n + i] = codec_lower(placement[i]);
    SHA256((const unsigned char *)text, n + m, hash);
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | hash[i];
    return ((double)(bits >> 12) + 0.5) / 4503599627370496.0;
}

/* Weighted rendezvous hashing: the greatest -weight / ln(draw) wins (Schindelhauer and
 * Schomaker, 2005). */
size_t nodes_home(const struct nodes *nodes, const char *placement, size_t except)
{
    size_t best = NODES_NONE;
    double best_score = -1;
    bool weighted = false;
    for (size_t i = 0; i < nodes->count; i++)
        weighted |= i != except && nodes->items[i].weight > 0;
    for (size_t i = 0; i < nodes->count; i++) {
        double weight = weighted ? (double)nodes->items[i].weight : 1;
        double score = -weight / log(node_hash_draw(nodes->items[i].name, placement));
        if (i != except && score > best_score && weight > 0) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

static int node_check_schema(struct node *node, struct storage *storage, struct err *err)
{
    int64_t has, wants;
    int r = STORAGE(storage, err, schema_version, &has, &wants);
    if (r == 0 && has > wants)
        r = err_set(err, HEARTH_ERR_UNSUPPORTED,
                    "the database has schema %lld, this hearthd knows %lld: use a newer hearthd",
                    (long long)has, (long long)wants);
    else if (r == 0 && has < wants && !node->migrates)
        r = err_set(err, HEARTH_ERR_UNSUPPORTED,
                    "the database has schema %lld, %lld is needed: run hearthd migrate",
                    (long long)has, (long long)wants);
    else if (r == 0 && has < wants)
        r = STORAGE(storage, err, migrate);
    plug_storage_reset(storage);
    if (r == 0)
        atomic_store(&node->checked, true);
    return r;
}

void nodes_node_init(struct node *node)
{
    char what[sizeof(node->breaker.what)];
    if (node->name[0] == '\0')
        snprintf(what, sizeof(what), "the storage");
    else
        snprintf(what, sizeof(what), "the storage of node %s", node->name);
    plug_breaker_init(&node->breaker, what);
}

void nodes_node_fini(struct node *node)
{
    plug_breaker_fini(&node->breaker);
}

int nodes_open_storage(struct node *node, const atomic_bool *stop, struct storage *ret_storage,
                       struct err *err)
{
    return nodes_open_storage_until(node, stop, 0, ret_storage, err);
}

int nodes_open_storage_until(struct node *node, const atomic_bool *stop, int64_t deadline,
                             struct storage *ret_storage, struct err *err)
{
    struct opened_storage opened = plug_storage(node->storage);
    int r = plug_storage_open_until(ret_storage, &opened, stop, &node->breaker, deadline, err);
    if (r == 0)
        ret_storage->place = node->place;
    if (r == 0 && !atomic_load(&node->checked)) {
        r = node_check_schema(node, ret_storage, err);
        if (r < 0)
            plug_storage_close(ret_storage);
    }
    return r < 0 && node->name[0] != '\0' ? err_prefix(err, "node %s", node->name) : r;
}
