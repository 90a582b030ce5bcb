/* Paths, query strings and small header values: text from strangers, taken apart without trust.
 * No h2o here, so that it can be fuzzed. */
#ifndef HEARTH_CORE_HTTP_QUERY_H
#define HEARTH_CORE_HTTP_QUERY_H

#include "http/http.h"

enum { QUERY_PARAMETERS_MAX = 64 };

/* Both decode %XX strictly, check UTF-8 and refuse NUL; a path has no control characters, and in
 * parameters "+" is a blank. */

/* The path of a request target, decoded, "." and ".." and empty segments resolved; it begins
 * with "/". NULL: malformed, or no memory. */
const char *http_query_path(struct arena *arena, const char *text, size_t size);
/* Fills names, values, parameter_count. False: malformed, too many, or no memory. */
bool http_query_parameters(struct http_request *request, const char *text, size_t size);
/* Does an Accept-Encoding value take this coding, "gzip" or "br"? (RFC 9110, 12.5.3: "gzip;q=0"
 * and "identity" do not take gzip.) */
bool http_query_accepts(const char *accept_encoding, const char *coding);

#endif
