/* What the HTTP server tells whoever sent a request: problems (RFC 9457). See docs/messages.md.
 * The word behind "problem." is the code. */
#ifndef HEARTH_CORE_HTTP_MESSAGES_H
#define HEARTH_CORE_HTTP_MESSAGES_H

#include "hearth/message.h"

/* clang-format off */
#define HTTP_MESSAGES(M, T) \
    M(T, not_found, "problem.not_found", "There is nothing at this address.", 0) \
    M(T, method, "problem.method_not_allowed", \
      "This address does not take this method: the header Allow names those that it takes.", 0) \
    M(T, too_large, "problem.too_large", \
      "The body of this request is larger than this address takes.", 0) \
    M(T, headers_too_large, "problem.headers_too_large", \
      "The headers of this request are larger than this server takes.", 0) \
    M(T, not_implemented, "problem.not_implemented", "This server does not know this method.", 0) \
    M(T, malformed, "problem.bad_request.http", \
      "{reason} This is not a request as HTTP has them.", 1, TEXT, reason) \
    M(T, malformed_address, "problem.bad_request.address", "The address is malformed.", 0) \
    M(T, malformed_host, "problem.bad_request.host", "The header Host is malformed.", 0) \
    M(T, unknown_host, "problem.unknown_host", \
      "This server does not go by the name {name}. If it should, its operator adds the name " \
      "to the configuration and restarts it: [web] hosts = {name}; or base_url, if it is the " \
      "address that people use. It also answers to IP addresses.", 1, TEXT, name) \
    M(T, outside_base_path, "problem.not_found.outside", \
      "Everything of this server is under {path}. If the address had that, a proxy in front " \
      "took it off: it has to pass the path on as it is.", 1, TEXT, path) \
    M(T, busy, "problem.busy", "Too many requests are waiting. Try again in a moment.", 0) \
    M(T, busy_memory, "problem.busy.memory", \
      "The memory of this server is short at the moment. Try again in a moment.", 0) \
    M(T, busy_late, "problem.busy.late", \
      "This server could not turn to your request in time. Try again in a moment.", 0) \
    M(T, unfetched_connection, "problem.unfetched.connection", \
      "This connection has many answers that were not fetched. Fetch them first.", 0) \
    M(T, unfetched_address, "problem.unfetched.address", \
      "Clients at your address have many answers that they did not fetch. Try again when " \
      "they are gone.", 0) \
    M(T, unfetched_account, "problem.unfetched.account", \
      "Your programs and browsers have many answers that they did not fetch. Try again when " \
      "they are gone.", 0) \
    M(T, unfetched_server, "problem.unfetched.server", \
      "This server waits for many clients to fetch their answers. Try again in a moment.", 0) \
    M(T, no_space, "problem.no_space", \
      "There is no room for this export at the moment. Try again later.", 0) \
    M(T, beyond_end, "problem.beyond_end", \
      "This part begins behind the end of the export; Content-Range says how long it is.", 0) \
    M(T, too_many_exports, "problem.too_many_exports", \
      "Other exports of this account are being fetched. Try again when they are done.", 0) \
    M(T, export_unavailable, "problem.unavailable.export", \
      "The storage did not answer while the export was made. Try again in a little while.", 0) \
    M(T, internal, "problem.internal", \
      "Something went wrong here. The log of this server knows more.", 0)
/* clang-format on */

HTTP_MESSAGES(HEARTH_MESSAGE_DEFINE, http_says)

#endif
