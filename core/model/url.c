#include "model/url.h"

#include <string.h>
#include <openssl/sha.h>

#include "base/str.h"
#include "codec/codec.h"

int64_t model_page_id(const char *url)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)url, strlen(url), digest);
    uint64_t id = 0;
    for (int i = 0; i < 8; i++)
        id = id << 8 | digest[i];
    id &= INT64_MAX;
    return id == 0 ? 1 : (int64_t)id;
}

static bool is_scheme_char(char c)
{
    return codec_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

void model_url_host(const char *url, char *ret_host, size_t size)
{
    ret_host[0] = '\0';
    const char *p = url;
    while (is_scheme_char(*p))
        p++;
    if (p == url || strncmp(p, "://", 3) != 0)
        return;
    p += 3;
    const char *end = p + strcspn(p, "/?#\\");
    for (const char *at = p; at < end; at++)
        if (*at == '@')
            p = at + 1;
    const char *stop = p;
    if (*p == '[') {
        while (stop < end && *stop != ']')
            stop++;
        if (stop == end)
            return;
        stop++;
    } else {
        while (stop < end && *stop != ':')
            stop++;
    }
    size_t n = (size_t)(stop - p);
    if (n >= size)
        return;
    for (size_t i = 0; i < n; i++)
        ret_host[i] = codec_lower(p[i]);
    ret_host[n] = '\0';
}

static bool has_scheme(const char *url, const char *scheme)
{
    while (*scheme != '\0')
        if (codec_lower(*url++) != *scheme++)
            return false;
    return true;
}

bool model_url_is_link(const char *url)
{
    return has_scheme(url, "https://") || has_scheme(url, "http://") || has_scheme(url, "ftp://") ||
           has_scheme(url, "mailto:");
}

size_t model_url_decode(const char *text, size_t size, char *ret_text)
{
    size_t n = 0;
    codec_percent_decode(CODEC_KEEP_CONTROLS, text, size, ret_text, size + 1, &n);
    if (n < size && !codec_utf8_valid(ret_text, n)) {
        memcpy(ret_text, text, size);
        ret_text[size] = '\0';
        return size;
    }
    return n;
}

static bool url_starts_with(const char *text, size_t size, const char *prefix, size_t prefix_size)
{
    return size >= prefix_size && memcmp(text, prefix, prefix_size) == 0;
}

size_t model_url_scheme(const char *text, size_t size)
{
    return url_starts_with(text, size, "https://", 8)  ? 8
           : url_starts_with(text, size, "http://", 7) ? 7
           : url_starts_with(text, size, "ftp://", 6)  ? 6
                                                       : 0;
}

void model_url_key(const char *url, size_t size, struct model_url_key *ret_key)
{
    *ret_key = (struct model_url_key){.text = url, .size = size, .rank = MODEL_URL_HTTPS};
    size_t scheme = model_url_scheme(url, size);
    if (scheme < 7)
        return;
    ret_key->text += scheme;
    ret_key->size -= scheme;
    bool www = url_starts_with(ret_key->text, ret_key->size, "www.", 4);
    if (www) {
        ret_key->text += 4;
        ret_key->size -= 4;
    }
    ret_key->rank = scheme == 8 ? (www ? MODEL_URL_HTTPS_WWW : MODEL_URL_HTTPS)
                                : (www ? MODEL_URL_HTTP_WWW : MODEL_URL_HTTP);
    static const char tail[] = "#?/";
    for (int i = 0; i < 3; i++)
        if (ret_key->size > 0 && ret_key->text[ret_key->size - 1] == tail[i])
            ret_key->size--;
}
