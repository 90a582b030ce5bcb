/* Hosts in URLs. */
#include <stdlib.h>
#include <string.h>
#include <unicode/uidna.h>

#include "codec/codec.h"
#include "hearth/plugin.h"
#include "model/url_canonical.h"
#include "model/url_internal.h"

/* Longer names in other scripts are refused: making Punycode of them takes the square of their
 * length, and a name in the net has 253 bytes. */
enum { IDN_MAX = 2048 };

/* What the standard does not ask for (CheckHyphens, VerifyDnsLength). */
enum {
    IDN_FORGIVEN = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                   UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                   UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4
};

/* Firefox refuses '"' and '*' as well, which the standard allows. */
static bool is_forbidden(char c, bool domain)
{
    return c == '\0' || strchr("\t\n\r #/:<>?@[\\]^|", c) != NULL ||
           (domain && ((unsigned char)c < ' ' || strchr("%\"*\x7f", c) != NULL));
}

static bool has_forbidden(const char *text, size_t size, bool domain)
{
    for (size_t i = 0; i < size; i++)
        if (is_forbidden(text[i], domain))
            return true;
    return false;
}

/* Has it letters of other scripts, plain or in Punycode? */
static bool needs_idna(const char *host, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)host[i] >= 0x80)
            return true;
        if ((i == 0 || host[i - 1] == '.') && size - i >= 4 &&
            strncasecmp(host + i, "xn--", 4) == 0)
            return true;
    }
    return false;
}

/* Until Unicode 15.1 the capital sharp s became ss; the same name is the same page whatever the
 * library's age. It has 3 bytes, the small one 2. */
static size_t lower_sharp_s(char *host, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size;) {
        if (size - i >= 3 && memcmp(host + i, "\xe1\xba\x9e", 3) == 0) {
            host[n++] = (char)0xc3;
            host[n++] = (char)0x9f;
            i += 3;
        } else {
            host[n++] = host[i++];
        }
    }
    return n;
}

static int put_idn(struct buf *out, char *host, size_t size)
{
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    if (size > IDN_MAX || !codec_utf8_valid(host, size))
        return HEARTH_ERR_INVALID;
    UIDNA *idna =
        uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII |
                            UIDNA_NONTRANSITIONAL_TO_UNICODE,
                        &status);
    if (U_FAILURE(status))
        return HEARTH_ERR_NOMEM;
    size = lower_sharp_s(host, size);
    size_t room = 20 * size; /* U+FDFA becomes 18 characters */
    char *name = buf_reserve(out, room);
    int32_t n = name == NULL ? 0
                             : uidna_nameToASCII_UTF8(idna, host, (int32_t)size, name,
                                                      (int32_t)room, &info, &status);
    uidna_close(idna);
    if (name == NULL)
        return HEARTH_ERR_NOMEM;
    if (U_FAILURE(status) || n <= 0 || (size_t)n > room ||
        (info.errors & ~(uint32_t)IDN_FORGIVEN) != 0)
        return HEARTH_ERR_INVALID;
    buf_grew(out, (size_t)n);
    return 0;
}

static int put_domain(struct buf *out, char *host, size_t size)
{
    size_t before = out->size;
    int r = 0;
    if (needs_idna(host, size)) {
        r = put_idn(out, host, size);
    } else {
        for (size_t i = 0; i < size; i++)
            host[i] = codec_lower(host[i]);
        buf_add(out, host, size);
    }
    if (r < 0 || buf_failed(out))
        return r < 0 ? r : HEARTH_ERR_NOMEM;
    size_t n = out->size - before;
    if (n == 0 || has_forbidden(out->data + before, n, true))
        return HEARTH_ERR_INVALID;
    if (!model_url_is_ipv4(out->data + before, n))
        return 0;
    char *name = strndup(out->data + before, n);
    if (name == NULL)
        return HEARTH_ERR_NOMEM;
    out->size = before;
    r = model_url_put_ipv4(out, name, n);
    free(name);
    return r;
}

int model_url_put_host(struct buf *out, const char *text, size_t size)
{
    if (text[0] == '[')
        return text[size - 1] == ']' && size >= 2 ? model_url_put_ipv6(out, text + 1, size - 2)
                                                  : HEARTH_ERR_INVALID;
    char *host = malloc(size + 1);
    if (host == NULL)
        return HEARTH_ERR_NOMEM;
    size_t n = size;
    int r = codec_percent_decode(CODEC_LENIENT, text, size, host, size + 1, &n);
    if (r == 0)
        r = put_domain(out, host, n);
    free(host);
    return r;
}

int model_url_put_opaque_host(struct buf *out, const char *text, size_t size)
{
    if (text[0] == '[')
        return model_url_put_host(out, text, size);
    if (has_forbidden(text, size, false))
        return HEARTH_ERR_INVALID;
    model_url_put_escaped(out, URL_SET_CONTROLS, text, size);
    return 0;
}

bool model_url_canonical_host(const char *host, char *ret_host, size_t size)
{
    struct buf out = {0};
    size_t n = strlen(host);
    int r = n == 0 || n > MODEL_URL_MAX ? HEARTH_ERR_INVALID
            : strpbrk(host, "/\\?#@") != NULL || (host[0] != '[' && strchr(host, ':') != NULL)
                ? HEARTH_ERR_INVALID
                : model_url_put_host(&out, host, n);
    bool fits = r == 0 && !buf_failed(&out) && out.size < size;
    if (fits)
        memcpy(ret_host, out.data, out.size + 1);
    buf_fini(&out);
    return fits;
}
