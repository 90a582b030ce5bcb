/* What Hearth reads out of a URL. URLs are hostile text: valid UTF-8, but in any shape and up to
 * 64 KiB long. Any thread. */
#ifndef HEARTH_CORE_MODEL_URL_H
#define HEARTH_CORE_MODEL_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The id of the page with this URL: 1 … INT64_MAX, from the URL's SHA-256, the same on every
 * backend and in every run. */
int64_t model_page_id(const char *url);

/* The host in lower case (ASCII letters only), without port and user; an IPv6 address keeps its
 * brackets. "" when there is none or it does not fit into `size` (256 is enough for every real
 * host). */
void model_url_host(const char *url, char *ret_host, size_t size);

/* May become a link in a page: http, https, ftp, mailto. Everything else is shown as text. */
bool model_url_is_link(const char *url);

/* Percent-decodes as Firefox does before it matches: escapes of control characters stay; when
 * the result is not valid UTF-8, everything stays as it was. NUL-terminated; ret_text: size + 1.
 * Returns the length. */
size_t model_url_decode(const char *text, size_t size, char *ret_text);

/* Bytes of "http://", "https://" or "ftp://" at the beginning; 0: none of them. */
size_t model_url_scheme(const char *text, size_t size);

/* Ranks of the variants of an address, the best last. */
enum model_url_rank { MODEL_URL_HTTP_WWW, MODEL_URL_HTTP, MODEL_URL_HTTPS_WWW, MODEL_URL_HTTPS };

/* URLs with equal keys are variants of one address: the key is the part of the URL without
 * http(s)://, www., and without an empty '#', an empty '?' and one '/' at its end. */
struct model_url_key {
    const char *text; /* points into the URL */
    size_t size;
    enum model_url_rank rank; /* HTTPS for schemes that have no variants */
};
void model_url_key(const char *url, size_t size, struct model_url_key *ret_key);

#endif
