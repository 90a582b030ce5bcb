#include "http/internal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static char http2[] = "h2", http1[] = "http/1.1";
static const h2o_iovec_t protocols[] = {{http2, sizeof(http2) - 1}, {http1, sizeof(http1) - 1}, {NULL, 0}};

/* An encrypted key fails; without this OpenSSL would ask for its password on the terminal. */
static int no_password(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer, (void)size, (void)writing, (void)ctx;
    return 0;
}

static int fail(SSL_CTX *tls, const char *file, struct err *err)
{
    char why[200];
    ERR_error_string_n(ERR_peek_last_error(), why, sizeof(why));
    ERR_clear_error();
    SSL_CTX_free(tls);
    return err_set(err, HEARTH_ERR_INVALID, "%s: %s", file, why);
}

int tls_create(const struct http_listener *listener, SSL_CTX **ret_tls, struct err *err)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    /* No tickets: the key that seals them would open every session of this process's life (with TLS 1.2 the conversation itself). */
    SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_CLEANSE_PLAINTEXT); /* forms hold passwords */
    SSL_CTX_set_num_tickets(tls, 0);
    SSL_CTX_set_session_id_context(tls, (const unsigned char *)"hearth", 6);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF); /* nothing that threads share */
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);         /* 32 KB less for each idle connection */
    SSL_CTX_set_default_passwd_cb(tls, no_password);
    if (SSL_CTX_use_certificate_chain_file(tls, listener->certificate) != 1)
        return fail(tls, listener->certificate, err);
    if (SSL_CTX_use_PrivateKey_file(tls, listener->key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(tls) != 1)
        return fail(tls, listener->key, err);
    h2o_ssl_register_alpn_protocols(tls, protocols);
    *ret_tls = tls;
    return 0;
}
