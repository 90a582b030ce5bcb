#include "auth/vault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "auth/key_file.h"
#include "base/magic.h"
#include "base/plain_file.h"
#include "base/secret_file.h"
#include "base/str.h"
#include "codec/codec.h"

enum {
    VAULT_MAGIC = 0x5a017001,
    KEY_SIZE = 32,
    KEYS_MAX = 64,
    FILE_MAX = 64 * 1024,
    FORMAT = 1,
    NONCE = 12,
    TAG = 16,
    HEADER = 5
};

struct key {
    uint32_t number;
    uint8_t bytes[KEY_SIZE];
};

struct vault {
    uint32_t magic;
    size_t count;
    struct key keys[KEYS_MAX]; /* the one that seals first */
};

static int vault_add_key(struct vault *vault, const char *path, int line_number, char *line,
                         struct err *err)
{
    char *colon = strchr(line, ':');
    int64_t number;
    struct key key;
    if (colon != NULL)
        *colon = '\0';
    if (colon == NULL || !str_to_int(line, &number) || number < 1 || number > UINT32_MAX ||
        codec_hex_decode(colon + 1, strlen(colon + 1), key.bytes, KEY_SIZE) != 0)
        return err_set(err, HEARTH_ERR_INVALID, "%s:%d: a line must be \"NUMBER:64 hex digits\"",
                       path, line_number);
    key.number = (uint32_t)number;
    for (size_t i = 0; i < vault->count; i++)
        if (vault->keys[i].number == key.number)
            return err_set(err, HEARTH_ERR_INVALID, "%s:%d: there are two keys with the number %u",
                           path, line_number, key.number);
    if (vault->count == KEYS_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "%s: more than %d keys", path, KEYS_MAX);
    vault->keys[vault->count++] = key;
    if (key.number > vault->keys[0].number) {
        vault->keys[vault->count - 1] = vault->keys[0];
        vault->keys[0] = key;
    }
    OPENSSL_cleanse(&key, sizeof(key));
    return 0;
}

/* Nothing of the file is passed over in silence: a key behind a NUL byte would be missed only
 * when something cannot be opened. */
static int check_no_nul(const char *path, const char *text, size_t size, struct err *err)
{
    const char *nul = memchr(text, '\0', size);
    int line = 1;
    if (nul == NULL)
        return 0;
    for (const char *p = text; p < nul; p++)
        line += *p == '\n';
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s:%d: a NUL byte, so the file is damaged: put back a copy of it", path, line);
}

static int key_file_parse(struct vault *vault, const char *path, char *text, struct err *err)
{
    int n = 0;
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        n++;
        line[strcspn(line, "#")] = '\0';
        for (size_t end = strlen(line); end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\r');
             end--)
            line[end - 1] = '\0';
        int r = line[0] == '\0' ? 0 : vault_add_key(vault, path, n, line, err);
        if (r < 0)
            return r;
    }
    return vault->count > 0 ? 0 : err_set(err, HEARTH_ERR_INVALID, "%s: no key in it", path);
}

static int key_file_read(struct vault *vault, const char *path, int fd, const struct stat *st,
                         struct err *err)
{
    int allowed = secret_file_check(path, st, err);
    if (allowed < 0)
        return allowed;
    if (st->st_size >= FILE_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "%s is larger than %d bytes", path, FILE_MAX);
    char *text = calloc(1, FILE_MAX);
    if (text == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    ssize_t n = read(fd, text, FILE_MAX - 1);
    int r = n < 0 ? err_errno(err, errno, "cannot read %s", path)
                  : check_no_nul(path, text, (size_t)n, err);
    if (r == 0)
        r = key_file_parse(vault, path, text, err);
    OPENSSL_cleanse(text, FILE_MAX);
    free(text);
    return r;
}

int auth_vault_open(const char *path, bool create, struct vault **ret_vault, struct err *err)
{
    struct stat st;
    struct err why = {0};
    int fd, r = plain_file_open(path, &fd, &st, &why);
    if (r == HEARTH_ERR_NOT_FOUND && create) {
        r = auth_key_file_make(path, 1, err);
        if (r < 0 && r != HEARTH_ERR_CONFLICT) /* another process was first, and its key counts */
            return r;
        r = plain_file_open(path, &fd, &st, &why);
    }
    if (r < 0)
        return err_set(err, r, "key file: %s", why.text);
    struct vault *vault = calloc(1, sizeof(*vault));
    r = vault == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                      : key_file_read(vault, path, fd, &st, err);
    close(fd);
    if (r < 0) {
        auth_vault_close(vault);
        return r;
    }
    vault->magic = VAULT_MAGIC;
    *ret_vault = vault;
    return 0;
}

void auth_vault_close(struct vault *vault)
{
    if (vault == NULL)
        return;
    OPENSSL_cleanse(vault, sizeof(*vault));
    free(vault);
}

size_t auth_vault_key_count(const struct vault *vault)
{
    return vault->count;
}

void auth_vault_key(const struct vault *vault, size_t i, struct auth_vault_key *ret_key)
{
    static const char label[] = "hearth key fingerprint";
    uint8_t message[sizeof(label) - 1 + KEY_SIZE], hash[SHA256_DIGEST_LENGTH];
    ASSERT(vault->magic == VAULT_MAGIC && i < vault->count);
    memcpy(message, label, sizeof(label) - 1);
    memcpy(message + sizeof(label) - 1, vault->keys[i].bytes, KEY_SIZE);
    SHA256(message, sizeof(message), hash);
    ret_key->number = vault->keys[i].number;
    codec_hex_encode(hash, (VAULT_FINGERPRINT_SIZE - 1) / 2, ret_key->fingerprint);
    OPENSSL_cleanse(message, sizeof(message));
}

void auth_vault_free(void *plain, size_t size)
{
    if (plain != NULL)
        OPENSSL_cleanse(plain, size);
    free(plain);
}

static void put_number(uint8_t *ret, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        ret[i] = (uint8_t)(number >> (24 - 8 * i));
}

static uint32_t get_number(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

int auth_vault_seal(const struct vault *vault, const char *context, const void *plain, size_t size,
                    void **ret_sealed, size_t *ret_size, struct err *err)
{
    ASSERT(vault->magic == VAULT_MAGIC);
    if (size > VAULT_PLAIN_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "a secret of %zu bytes is too large", size);
    uint8_t *sealed = malloc(size + VAULT_OVERHEAD);
    if (sealed == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *nonce = sealed + HEADER, *body = nonce + NONCE;
    int n = 0;
    sealed[0] = FORMAT;
    put_number(sealed + 1, vault->keys[0].number);
    bool ok =
        ctx != NULL && RAND_bytes(nonce, NONCE) == 1 &&
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, vault->keys[0].bytes, nonce) == 1 &&
        EVP_EncryptUpdate(ctx, NULL, &n, sealed, HEADER) == 1 &&
        EVP_EncryptUpdate(ctx, NULL, &n, (const uint8_t *)context, (int)strlen(context)) == 1 &&
        EVP_EncryptUpdate(ctx, body, &n, plain, (int)size) == 1 &&
        EVP_EncryptFinal_ex(ctx, body + size, &n) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, body + size) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        free(sealed);
        return err_set(err, HEARTH_ERR_INTERNAL, "a secret could not be sealed");
    }
    *ret_sealed = sealed;
    *ret_size = size + VAULT_OVERHEAD;
    return 0;
}

void auth_vault_derive(const struct vault *vault, const char *purpose, uint8_t ret_secret[32])
{
    unsigned size = 32;
    ASSERT(vault->magic == VAULT_MAGIC);
    ASSERT(HMAC(EVP_sha256(), vault->keys[0].bytes, KEY_SIZE, (const unsigned char *)purpose,
                strlen(purpose), ret_secret, &size) != NULL);
}

static const struct key *vault_find_key(const struct vault *vault, uint32_t number)
{
    for (size_t i = 0; i < vault->count; i++)
        if (vault->keys[i].number == number)
            return &vault->keys[i];
    return NULL;
}

int auth_vault_unseal(const struct vault *vault, const char *context, const void *sealed_bytes,
                      size_t size, void **ret_plain, size_t *ret_size, struct err *err)
{
    ASSERT(vault->magic == VAULT_MAGIC);
    const uint8_t *sealed = sealed_bytes;
    if (size < VAULT_OVERHEAD || size - VAULT_OVERHEAD > VAULT_PLAIN_MAX || sealed[0] != FORMAT)
        return err_set(err, HEARTH_ERR_CORRUPT, "a sealed secret is damaged");
    const struct key *key = vault_find_key(vault, get_number(sealed + 1));
    if (key == NULL)
        return err_set(err, HEARTH_ERR_DENIED,
                       "a secret was sealed with key %u, which is not in the key file",
                       get_number(sealed + 1));
    size_t plain_size = size - VAULT_OVERHEAD;
    const uint8_t *nonce = sealed + HEADER, *body = nonce + NONCE;
    uint8_t tag[TAG], *plain = malloc(plain_size + 1);
    if (plain == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    memcpy(tag, body + plain_size, TAG);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok =
        ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &n, sealed, HEADER) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &n, (const uint8_t *)context, (int)strlen(context)) == 1 &&
        EVP_DecryptUpdate(ctx, plain, &n, body, (int)plain_size) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
        EVP_DecryptFinal_ex(ctx, plain + plain_size, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        auth_vault_free(plain, plain_size);
        return err_set(err, HEARTH_ERR_DENIED,
                       "a secret that was sealed with key %u does not open with the key %u of this "
                       "server's key file: the file was replaced "
                       "(or the sealed secret is damaged, or another account's)",
                       key->number, key->number);
    }
    plain[plain_size] = '\0'; /* for readers of text */
    *ret_plain = plain;
    *ret_size = plain_size;
    return 0;
}
