#include "http/internal.h"

#include <sys/stat.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/metrics.h"
#include "base/plain_file.h"
#include "base/secret_file.h"

static char http2[] = "h2", http1[] = "http/1.1";
static const h2o_iovec_t protocols[] = {
    {http2, sizeof(http2) - 1}, {http1, sizeof(http1) - 1}, {NULL, 0}};

enum { PEM_MAX = 1 << 20 };

/* Of TLS 1.2: a key of its own for each connection, and authenticated encryption. TLS 1.3 has
 * nothing else. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

/* An encrypted key fails; without this OpenSSL would ask for its password on the terminal. */
static int no_password(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer, (void)size, (void)writing, (void)ctx;
    return 0;
}

/* Why a file was not taken, in words that name the file and the cause. */
static int tls_fail(SSL_CTX *tls, const char *file, const char *what, struct err *err)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    ERR_clear_error();
    SSL_CTX_free(tls);
    if (ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH)
        return err_set(err, HEARTH_ERR_INVALID, "%s is not the key of the certificate", file);
    return err_set(err, HEARTH_ERR_INVALID, "%s is no PEM file with a %s (%s)", file, what,
                   reason == NULL ? "no reason given" : reason);
}

/* OpenSSL opens them by name, and would wait for whoever writes into a pipe. */
static int check_files(const struct http_listener *listener, bool *ret_of_key, struct err *err)
{
    struct stat st;
    int r = plain_file_check(listener->certificate, PEM_MAX, NULL, err);
    if (r < 0)
        return r;
    r = plain_file_check(listener->key, PEM_MAX, &st, err);
    if (r == 0)
        r = secret_file_check(listener->key, &st, err);
    *ret_of_key = r < 0;
    return r;
}

/* ret_of_key: the error is one of the key's file; else untouched. */
static int load_files(const struct http_listener *listener, SSL_CTX **ret_tls, bool *ret_of_key,
                      struct err *err)
{
    int r = check_files(listener, ret_of_key, err);
    if (r < 0)
        return r;
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    if (SSL_CTX_set_cipher_list(tls, TLS12_CIPHERS) != 1) {
        SSL_CTX_free(tls);
        return err_set(err, HEARTH_ERR_INTERNAL, "OpenSSL has none of the ciphers %s",
                       TLS12_CIPHERS);
    }
    /* No tickets: the key that seals them would open every session of this process's life (with
     * TLS 1.2 the conversation itself). */
    SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_CLEANSE_PLAINTEXT); /* forms hold passwords */
    SSL_CTX_set_num_tickets(tls, 0);
    SSL_CTX_set_session_id_context(tls, (const unsigned char *)"hearth", 6);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF); /* nothing that threads share */
    /* 32 KB less for each idle connection */
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(tls, no_password);
    if (SSL_CTX_use_certificate_chain_file(tls, listener->certificate) != 1)
        return tls_fail(tls, listener->certificate, "certificate", err);
    if (SSL_CTX_use_PrivateKey_file(tls, listener->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1) {
        *ret_of_key = true;
        return tls_fail(tls, listener->key, "private key without a password", err);
    }
    h2o_ssl_register_alpn_protocols(tls, protocols);
    *ret_tls = tls;
    return 0;
}

int http_tls_create(const struct http_listener *listener, SSL_CTX **ret_tls, struct err *err)
{
    bool of_key;
    return load_files(listener, ret_tls, &of_key, err);
}

/* ms; false: it does not say. */
static bool tls_certificate_ends(SSL_CTX *tls, int64_t *ret_ends)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(tls)), &tm) != 1)
        return false;
    *ret_ends = (int64_t)timegm(&tm) * 1000;
    return true;
}

void http_tls_measure(const struct http_listener *listener, SSL_CTX *tls)
{
    int64_t ends;
    if (listener->name != NULL && tls_certificate_ends(tls, &ends))
        metrics_set(METRIC(CERTIFICATE, listener->name), ends);
}

int http_certificate_ends(const char *certificate, const char *key, int64_t *ret_ends,
                          bool *ret_of_key, struct err *err)
{
    const struct http_listener listener = {.certificate = certificate, .key = key};
    SSL_CTX *tls = NULL;
    bool of_key = false;
    int r = load_files(&listener, &tls, &of_key, err);
    if (r < 0) {
        *ret_of_key = of_key;
        return r;
    }
    if (!tls_certificate_ends(tls, ret_ends))
        r = err_set(err, HEARTH_ERR_INVALID, "%s does not say when it ends", certificate);
    SSL_CTX_free(tls);
    return r;
}
