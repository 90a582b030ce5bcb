#include "model/url_canonical.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "hearth/plugin.h"
#include "model/url_internal.h"

/* What is left of a URL to read. */
struct url_rest {
    const char *at;
    size_t size;
};

/* Schemes whose URLs Firefox leaves as they are, but for what is no ASCII. */
static const char *const simple_schemes[] = {
    "about", "blob", "data", "ed2k", "javascript", "cached-favicon", "moz-safe-about", "page-icon"};

/* The schemes of which the standard knows the form. */
static const struct special_scheme {
    const char *name;
    int port; /* 0: none */
} special_schemes[] = {{"https", 443}, {"http", 80}, {"ftp", 21},
                       {"wss", 443},   {"ws", 80},   {"file", 0}};

/* --- escapes --- */

enum {
    SETS_FROM_PATH = URL_SET_PATH | URL_SET_SPECIAL_PATH | URL_SET_USER,
    SETS_FROM_QUERY = URL_SET_QUERY | URL_SET_SPECIAL_QUERY | SETS_FROM_PATH,
};

static unsigned sets_of_char(unsigned char c)
{
    return c < 0x20 || c > 0x7e              ? URL_SET_CONTROLS | URL_SET_FRAGMENT | SETS_FROM_QUERY
           : strchr(" \"<>", c) != NULL      ? URL_SET_FRAGMENT | SETS_FROM_QUERY
           : c == '`'                        ? URL_SET_FRAGMENT | SETS_FROM_PATH
           : c == '#'                        ? SETS_FROM_QUERY
           : c == '\''                       ? URL_SET_SPECIAL_QUERY
           : strchr("?{}", c) != NULL        ? SETS_FROM_PATH
           : c == '^'                        ? URL_SET_SPECIAL_PATH | URL_SET_USER
           : strchr("/:;=@[\\]|", c) != NULL ? URL_SET_USER
                                             : 0;
}

void model_url_put_escaped(struct buf *out, enum url_set set, const char *text, size_t size)
{
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        char escape[4];
        if (codec_is_alnum(text[i]) || (sets_of_char((unsigned char)text[i]) & set) == 0)
            continue;
        codec_percent_encode((const char[]){text[i], '\0'}, "", escape, sizeof(escape));
        buf_add(out, text + from, i - from);
        buf_add_text(out, escape);
        from = i + 1;
    }
    buf_add(out, text + from, size - from);
}

/* --- the parts, in their order --- */

static size_t count_until(const struct url_rest *rest, const char *ends)
{
    size_t n = 0;
    while (n < rest->size && (codec_is_alnum(rest->at[n]) || strchr(ends, rest->at[n]) == NULL))
        n++;
    return n;
}

static void skip_bytes(struct url_rest *rest, size_t n)
{
    rest->at += n;
    rest->size -= n;
}

/* Adds it in lower case, without its colon. */
static int put_scheme(struct buf *out, struct url_rest *rest)
{
    size_t n = 0;
    while (n < rest->size &&
           (codec_is_alnum(rest->at[n]) || (n > 0 && strchr("+-.", rest->at[n]) != NULL)))
        n++;
    if (n == 0 || n == rest->size || rest->at[n] != ':' ||
        (rest->at[0] >= '0' && rest->at[0] <= '9'))
        return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < n; i++)
        buf_add_char(out, codec_lower(rest->at[i]));
    skip_bytes(rest, n + 1);
    return 0;
}

static const struct special_scheme *special_scheme_of(const struct buf *out, size_t from)
{
    for (size_t i = 0; i < sizeof(special_schemes) / sizeof(special_schemes[0]); i++)
        if (strcmp(out->data + from, special_schemes[i].name) == 0)
            return &special_schemes[i];
    return NULL;
}

static void put_user(struct buf *out, const char *text, size_t size)
{
    const char *colon = memchr(text, ':', size);
    size_t name = colon == NULL ? size : (size_t)(colon - text);
    size_t password = colon == NULL ? 0 : size - name - 1;
    if (name == 0 && password == 0)
        return;
    model_url_put_escaped(out, URL_SET_USER, text, name);
    if (password > 0) {
        buf_add_char(out, ':');
        model_url_put_escaped(out, URL_SET_USER, colon + 1, password);
    }
    buf_add_char(out, '@');
}

static int put_port(struct buf *out, const char *text, size_t size, int usual)
{
    int port = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return HEARTH_ERR_INVALID;
        port = port * 10 + (text[i] - '0');
        if (port > 65535)
            return HEARTH_ERR_INVALID;
    }
    if (size > 0 && port != usual)
        buf_printf(out, ":%d", port);
    return 0;
}

/* Where the host ends and, after a colon, the port begins. */
static size_t host_size(const char *text, size_t size)
{
    bool inside = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '[')
            inside = true;
        else if (text[i] == ']')
            inside = false;
        else if (text[i] == ':' && !inside)
            return i;
    }
    return size;
}

static int put_authority(struct buf *out, struct url_rest *rest,
                         const struct special_scheme *scheme, unsigned how)
{
    size_t size = count_until(rest, scheme != NULL ? "/\\?#" : "/?#");
    const char *text = rest->at, *at = memrchr(text, '@', size);
    skip_bytes(rest, size);
    if (at != NULL) {
        if ((how & MODEL_URL_DROP_USER) == 0)
            put_user(out, text, (size_t)(at - text));
        size -= (size_t)(at + 1 - text);
        text = at + 1;
        if (size == 0)
            return HEARTH_ERR_INVALID;
    }
    size_t host = host_size(text, size);
    if (host == 0 && (scheme != NULL || size > 0))
        return HEARTH_ERR_INVALID;
    int r = host == 0        ? 0
            : scheme == NULL ? model_url_put_opaque_host(out, text, host)
                             : model_url_put_host(out, text, host);
    if (r == 0 && host < size)
        r = put_port(out, text + host + 1, size - host - 1, scheme == NULL ? -1 : scheme->port);
    return r;
}

/* Firefox knows no files of other hosts; a drive's letter is none. */
static void skip_file_host(struct url_rest *rest)
{
    size_t size = count_until(rest, "/\\?#");
    bool drive = size == 2 && codec_is_alnum(rest->at[0]) && rest->at[1] == ':';
    if (!drive)
        skip_bytes(rest, size);
}

/* How many dots a segment means: 1, 2, or 0 for any other. */
static int dots_of(const char *text, size_t size)
{
    int dots = 0;
    while (size > 0 && dots < 3) {
        bool escaped = size >= 3 && text[0] == '%' && text[1] == '2' && codec_lower(text[2]) == 'e';
        if (!escaped && text[0] != '.')
            return 0;
        text += escaped ? 3 : 1;
        size -= escaped ? 3 : 1;
        dots++;
    }
    return dots == 3 ? 0 : dots;
}

static void drop_segment(struct buf *out, size_t path)
{
    while (out->size > path && out->data[--out->size] != '/')
        ;
    if (out->data != NULL)
        out->data[out->size] = '\0';
}

/* One that begins with a slash, or is that of a special scheme, which then gets one. */
static void put_path(struct buf *out, struct url_rest *rest, bool special)
{
    const char *ends = special ? "/\\?#" : "/?#";
    size_t path = out->size;
    if (rest->size > 0 && (rest->at[0] == '/' || (special && rest->at[0] == '\\')))
        skip_bytes(rest, 1);
    for (bool more = true; more && !buf_failed(out);) {
        size_t size = count_until(rest, ends);
        int dots = dots_of(rest->at, size);
        if (dots == 2)
            drop_segment(out, path);
        if (dots == 0) {
            buf_add_char(out, '/');
            model_url_put_escaped(out, special ? URL_SET_SPECIAL_PATH : URL_SET_PATH, rest->at,
                                  size);
        }
        skip_bytes(rest, size);
        more = rest->size > 0 && rest->at[0] != '?' && rest->at[0] != '#';
        if (more)
            skip_bytes(rest, 1);
        else if (dots > 0)
            buf_add_char(out, '/');
    }
}

static void put_query_and_fragment(struct buf *out, struct url_rest *rest, bool special)
{
    if (rest->size > 0 && rest->at[0] == '?') {
        size_t size = count_until(rest, "#");
        buf_add_char(out, '?');
        model_url_put_escaped(out, special ? URL_SET_SPECIAL_QUERY : URL_SET_QUERY, rest->at + 1,
                              size - 1);
        skip_bytes(rest, size);
    }
    if (rest->size > 0) {
        buf_add_char(out, '#');
        model_url_put_escaped(out, URL_SET_FRAGMENT, rest->at + 1, rest->size - 1);
    }
}

/* --- the two kinds --- */

static bool is_slash_at(const struct url_rest *rest, size_t at)
{
    return rest->size > at && (rest->at[at] == '/' || rest->at[at] == '\\');
}

static int put_special(struct buf *out, struct url_rest *rest, const struct special_scheme *scheme,
                       unsigned how)
{
    buf_add(out, "://", 3);
    int r = 0;
    if (scheme->port != 0) {
        while (is_slash_at(rest, 0))
            skip_bytes(rest, 1);
        r = put_authority(out, rest, scheme, how);
    } else if (is_slash_at(rest, 0) && is_slash_at(rest, 1)) {
        skip_bytes(rest, 2);
        skip_file_host(rest);
    }
    if (r == 0) {
        put_path(out, rest, true);
        put_query_and_fragment(out, rest, true);
    }
    return r;
}

static bool is_simple_scheme(const struct buf *out, size_t from)
{
    for (size_t i = 0; i < sizeof(simple_schemes) / sizeof(simple_schemes[0]); i++)
        if (strcmp(out->data + from, simple_schemes[i]) == 0)
            return true;
    return false;
}

static void put_opaque(struct buf *out, struct url_rest *rest, const char *ends)
{
    size_t size = count_until(rest, ends);
    model_url_put_escaped(out, URL_SET_CONTROLS, rest->at, size);
    skip_bytes(rest, size);
}

/* A path that begins with two slashes must not become a host. */
static void keep_from_host(struct buf *out, size_t path)
{
    if (buf_failed(out) || strncmp(out->data + path, "//", 2) != 0 || buf_reserve(out, 2) == NULL)
        return;
    memmove(out->data + path + 2, out->data + path, out->size - path);
    memcpy(out->data + path, "/.", 2);
    buf_grew(out, 2);
}

/* What stands behind // has to be a host, though nothing becomes of it. */
static int check_slashes(struct buf *out, struct url_rest rest)
{
    size_t before = out->size;
    if (rest.size < 2 || memcmp(rest.at, "//", 2) != 0)
        return 0;
    skip_bytes(&rest, 2);
    int r = put_authority(out, &rest, NULL, MODEL_URL_DROP_USER);
    out->size = before;
    if (out->data != NULL)
        out->data[before] = '\0';
    return r;
}

static int put_other(struct buf *out, size_t from, struct url_rest *rest, unsigned how)
{
    int r = 0;
    bool simple = is_simple_scheme(out, from);
    bool any = strcmp(out->data + from, "about") == 0; /* whatever is behind it */
    buf_add_char(out, ':');
    if (simple) {
        r = any ? 0 : check_slashes(out, *rest);
        put_opaque(out, rest, "#");
    } else if (rest->size >= 2 && memcmp(rest->at, "//", 2) == 0) {
        buf_add(out, "//", 2);
        skip_bytes(rest, 2);
        r = put_authority(out, rest, NULL, how);
        if (r == 0 && rest->size > 0 && rest->at[0] == '/')
            put_path(out, rest, false);
    } else if (rest->size > 0 && rest->at[0] == '/') {
        size_t path = out->size;
        put_path(out, rest, false);
        keep_from_host(out, path);
    } else {
        put_opaque(out, rest, "?#");
    }
    if (r == 0)
        put_query_and_fragment(out, rest, false);
    return r;
}

/* --- the whole --- */

/* Without blanks and controls at its ends. Tabs and line ends within go as well: then *ret_own
 * is what rest points into, for the caller to free. */
static int trim_url(const char *text, size_t size, char **ret_own, struct url_rest *ret_rest)
{
    while (size > 0 && (unsigned char)text[0] <= ' ')
        text++, size--;
    while (size > 0 && (unsigned char)text[size - 1] <= ' ')
        size--;
    *ret_own = NULL;
    *ret_rest = (struct url_rest){text, size};
    if (memchr(text, '\t', size) == NULL && memchr(text, '\n', size) == NULL &&
        memchr(text, '\r', size) == NULL)
        return 0;
    char *own = malloc(size);
    if (own == NULL)
        return HEARTH_ERR_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
            own[n++] = text[i];
    *ret_own = own;
    *ret_rest = (struct url_rest){own, n};
    return 0;
}

/* All of it, at the end of `out`; view-source: has a whole one behind it. */
static int put_whole(struct buf *out, struct url_rest *rest, unsigned how)
{
    static const char nested[] = "view-source";
    size_t from = 0;
    int r = put_scheme(out, rest);
    if (r == 0 && !buf_failed(out) && strcmp(out->data, nested) == 0) {
        buf_add_char(out, ':');
        from = out->size;
        r = put_scheme(out, rest);
        if (r == 0 && !buf_failed(out) && strcmp(out->data + from, nested) == 0)
            r = HEARTH_ERR_INVALID;
    }
    if (r < 0 || buf_failed(out))
        return r;
    const struct special_scheme *scheme = special_scheme_of(out, from);
    return scheme != NULL ? put_special(out, rest, scheme, how) : put_other(out, from, rest, how);
}

int model_url_canonical(const char *text, size_t size, unsigned how, struct buf *ret_url)
{
    struct url_rest rest;
    char *own = NULL;
    buf_reset(ret_url);
    if (size > MODEL_URL_MAX)
        return HEARTH_ERR_FULL;
    if (memchr(text, '\0', size) != NULL || !codec_utf8_valid(text, size))
        return HEARTH_ERR_INVALID;
    int r = trim_url(text, size, &own, &rest);
    if (r == 0)
        r = put_whole(ret_url, &rest, how);
    free(own);
    if (buf_failed(ret_url))
        r = HEARTH_ERR_NOMEM;
    if (r == 0 && ret_url->size > MODEL_URL_MAX)
        r = HEARTH_ERR_FULL;
    if (r < 0)
        buf_reset(ret_url);
    return r;
}
