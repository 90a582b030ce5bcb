#include "signin/shelf.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "auth/vault.h"
#include "base/clock.h"
#include "codec/codec.h"

enum { SHELF_NAME_SIZE = 2 * SHA256_DIGEST_LENGTH + 1, SHELF_FORM = 1 };

/* What lies there: this, the page, and what the provider handed over. For processes of one release
 * on one kind of machine; others do not find it, or see by `form` and `size` that it is not
 * theirs. */
struct shelved {
    uint32_t form, size;
    uint64_t provider, page_size, sealed_size;
    int64_t until, look_at; /* of the wall clock, which processes share */
    int32_t method;
    bool sso, deciding, waits, returns, engaged;
    char email[sizeof(((struct signin_pending *)0)->email)];
    char setup[sizeof(((struct signin_pending *)0)->setup)];
    char next[sizeof(((struct signin_pending *)0)->next)];
};

/* Numbers of providers, and states of plugins, mean something else to a process of another release
 * or with other sections: by its names that one finds nothing. */
static void shelf_name(const struct signin_shelf *shelf, const char *secret,
                       char name[SHELF_NAME_SIZE])
{
    char both[SIGNIN_PENDING_SECRET_SIZE + SIGNIN_SHELF_LIKENESS_SIZE];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    int size = snprintf(both, sizeof(both), "%s %s", secret, shelf->likeness);
    SHA256((const uint8_t *)both, (size_t)size, digest);
    OPENSSL_cleanse(both, sizeof(both));
    codec_hex_encode(digest, sizeof(digest), name);
}

static struct shelved shelved_of(const struct signin_pending *pending)
{
    struct shelved shelved;
    int64_t wall = clock_now() - clock_monotonic();
    memset(&shelved, 0, sizeof(shelved)); /* between members, too */
    shelved.form = SHELF_FORM;
    shelved.size = sizeof(shelved);
    shelved.provider = pending->provider;
    shelved.page_size = pending->page.size;
    shelved.sealed_size = pending->sealed_size;
    shelved.until = pending->until + wall;
    shelved.look_at = pending->look_at == 0 ? 0 : pending->look_at + wall;
    shelved.method = pending->method;
    shelved.sso = pending->sso;
    shelved.deciding = pending->deciding;
    shelved.waits = pending->waits;
    shelved.returns = pending->returns;
    shelved.engaged = pending->engaged;
    memcpy(shelved.email, pending->email, sizeof(shelved.email));
    memcpy(shelved.setup, pending->setup, sizeof(shelved.setup));
    memcpy(shelved.next, pending->next, sizeof(shelved.next));
    return shelved;
}

int signin_shelf_put(const struct signin_shelf *shelf, const struct vault *vault,
                     const struct signin_pending *pending, struct err *err)
{
    char name[SHELF_NAME_SIZE];
    struct buf plain = {0};
    struct shelved shelved = shelved_of(pending);
    void *sealed = NULL;
    size_t size = 0;
    shelf_name(shelf, pending->secret, name);
    buf_add(&plain, &shelved, sizeof(shelved));
    buf_add(&plain, pending->page.data, pending->page.size);
    buf_add(&plain, pending->sealed, pending->sealed_size);
    int r = buf_failed(&plain)
                ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                : auth_vault_seal(vault, name, plain.data, plain.size, &sealed, &size, err);
    if (r == 0)
        r = shelf->put(shelf->self, name, sealed, size, pending->until - clock_monotonic(), err);
    free(sealed);
    if (plain.data != NULL)
        OPENSSL_cleanse(plain.data, plain.size);
    OPENSSL_cleanse(&shelved, sizeof(shelved));
    buf_fini(&plain);
    return r;
}

static void shelved_copy(const struct shelved *from, struct signin_pending *to)
{
    int64_t wall = clock_now() - clock_monotonic();
    to->provider = (size_t)from->provider;
    to->method = from->method;
    to->sso = from->sso;
    to->deciding = from->deciding;
    to->waits = from->waits;
    to->returns = from->returns;
    to->engaged = from->engaged;
    to->until = from->until - wall;
    to->look_at = from->look_at == 0 ? 0 : from->look_at - wall;
    memcpy(to->email, from->email, sizeof(to->email));
    memcpy(to->setup, from->setup, sizeof(to->setup));
    memcpy(to->next, from->next, sizeof(to->next));
}

/* NULL: it is of another release, or memory is short. */
static struct signin_pending *shelved_open(const char *secret, const char *bytes, size_t size)
{
    struct shelved shelved;
    if (size < sizeof(shelved))
        return NULL;
    memcpy(&shelved, bytes, sizeof(shelved));
    size_t rest = size - sizeof(shelved);
    bool whole = shelved.form == SHELF_FORM && shelved.size == sizeof(shelved) &&
                 shelved.page_size <= rest && shelved.sealed_size == rest - shelved.page_size;
    struct signin_pending *pending = whole ? calloc(1, sizeof(*pending)) : NULL;
    if (pending != NULL) {
        shelved_copy(&shelved, pending);
        pending->shelved = true;
        memcpy(pending->secret, secret, sizeof(pending->secret));
        buf_add(&pending->page, bytes + sizeof(shelved), shelved.page_size);
        pending->sealed_size = shelved.sealed_size;
        pending->sealed = malloc(shelved.sealed_size + 1);
        if (pending->sealed != NULL)
            memcpy(pending->sealed, bytes + size - shelved.sealed_size, shelved.sealed_size);
    }
    OPENSSL_cleanse(&shelved, sizeof(shelved));
    if (pending != NULL && (pending->sealed == NULL || buf_failed(&pending->page))) {
        signin_pending_free(pending);
        pending = NULL;
    }
    return pending;
}

int signin_shelf_take(const struct signin_shelf *shelf, const struct vault *vault,
                      const char *secret, struct signin_pending **ret_pending, struct err *err)
{
    char name[SHELF_NAME_SIZE];
    void *sealed = NULL, *plain = NULL;
    size_t size = 0, plain_size = 0;
    shelf_name(shelf, secret, name);
    int r = shelf->take(shelf->self, name, &sealed, &size, err);
    if (r < 0)
        return r;
    r = auth_vault_unseal(vault, name, sealed, size, &plain, &plain_size, err);
    free(sealed);
    struct signin_pending *pending = r < 0 ? NULL : shelved_open(secret, plain, plain_size);
    if (r == 0)
        auth_vault_free(plain, plain_size);
    if (r == HEARTH_ERR_NOMEM)
        return r;
    if (pending == NULL) { /* it does not get better by waiting */
        signin_shelf_remove(shelf, secret);
        return err_set(err, HEARTH_ERR_NOT_FOUND, "a sign-in that this process cannot read");
    }
    *ret_pending = pending;
    return 0;
}

void signin_shelf_remove(const struct signin_shelf *shelf, const char *secret)
{
    char name[SHELF_NAME_SIZE];
    struct err err = {0};
    shelf_name(shelf, secret, name);
    shelf->remove(shelf->self, name, &err); /* else its time ends it */
}
