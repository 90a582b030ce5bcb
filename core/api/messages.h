/* What the services tell whoever asked: problems (RFC 9457). See docs/messages.md. The word
 * behind "problem." is the code. */
#ifndef HEARTH_CORE_API_MESSAGES_H
#define HEARTH_CORE_API_MESSAGES_H

#include "hearth/message.h"

/* clang-format off */
#define API_MESSAGES(M, T) \
    M(T, unauthorized, "problem.unauthorized", \
      "Sign in at /auth/signin, or send an API token (Authorization: Bearer hth_…).", 0) \
    M(T, not_allowed, "problem.not_allowed", \
      "This account's address is not among those who may sign in on this server ([auth] " \
      "allow). Ask whoever runs it.", 0) \
    M(T, csrf, "problem.csrf", \
      "A signed-in browser changes something only by a request of this site's own pages, " \
      "with the header X-Hearth-CSRF: 1.", 0) \
    M(T, read_only, "problem.read_only", \
      "This token may only look. What changes something, or makes the server do something, needs " \
      "a token of scope full, or a signed-in browser.", 0) \
    M(T, not_found, "problem.not_found.here", \
      "What this address names is not there, or not there any more.", 0) \
    M(T, refused, "problem.bad_request.refused", \
      "This cannot be asked for: {reason}.", 1, TEXT, reason) \
    M(T, unavailable, "problem.unavailable", \
      "The storage or the queue does not answer at the moment. Try again in a little while.", 0) \
    M(T, unavailable_slow, "problem.unavailable.slow", \
      "The storage or the queue took too long to answer. Try again in a little while.", 0) \
    M(T, unavailable_stopping, "problem.unavailable.stopping", \
      "The server is being stopped. Try again in a little while.", 0) \
    M(T, full, "problem.full", \
      "There is no room left on the server's disk. What is stored can be read; whoever runs " \
      "the server has to make room.", 0) \
    M(T, storage_refused, "problem.storage_refused", \
      "The server may not read or write its own database. You are still signed in; whoever " \
      "runs the server has to give it back its permissions.", 0) \
    M(T, storage_failed, "problem.storage_failed", \
      "The server's disk failed to read or write. Whoever runs the server finds the reason " \
      "in its log.", 0) \
    M(T, damaged, "problem.damaged", \
      "What is stored here is damaged. Nothing is lost in Firefox; whoever runs the server " \
      "has to restore a backup or sync anew.", 0) \
    M(T, uncertain, "problem.uncertain", \
      "This may or may not have been done. Look before you try again.", 0) \
    M(T, internal, "problem.internal.service", \
      "Something went wrong here. The server's log knows more.", 0) \
    M(T, too_soon, "problem.too_soon", \
      "A sync was asked for less than {pause} ago. Try again in {wait}.", \
      2, DURATION, pause, DURATION, wait) \
    M(T, paused, "problem.paused", \
      "Syncing is paused for this account. Whoever runs this server can resume it.", 0) \
    M(T, fresh_signin_needed, "problem.fresh_signin_needed", \
      "Forgetting you cannot be undone here, so it asks for a complete sign-in within the " \
      "last {life}: sign in at /auth/signin?next=/account%23forget in this browser, then ask " \
      "again. A link, a code, a proxy or an API token is not enough, nor is an OpenID " \
      "provider that does not say when the password was typed (auth_time).", 1, DURATION, life) \
    M(T, wrong_node, "problem.wrong_node", \
      "This account is on node {node}: send the request to {url}.", 2, TEXT, node, TEXT, url) \
    M(T, whose, "problem.bad_request.whose", "Say whose: account=EMAIL.", 0) \
    M(T, no_session, "problem.no_session", \
      "This request was not made by a signed-in browser; there is nothing to sign out.", 0) \
    M(T, too_many_tokens, "problem.too_many_tokens", \
      "This account has {most, plural, one {# API token} other {# API tokens}}, and {most} " \
      "is the most. Revoke one that is not used any more.", 1, COUNT, most) \
    M(T, media_type, "problem.unsupported_media_type", \
      "Send JSON, with Content-Type: application/json.", 0) \
    M(T, body_object, "problem.bad_request.body", "The body must be a JSON object.", 0) \
    M(T, body_picked, "problem.bad_request.picked", \
      "The body must be an object with the texts q, what was typed, and url, what was picked " \
      "for it.", 0) \
    M(T, body_device, "problem.bad_request.device", \
      "The body must be an object with hidden, which is true or false.", 0) \
    M(T, parameter_number, "problem.bad_request.number", \
      "The parameter {name} must be a whole number.", 1, TEXT, name) \
    M(T, parameter_range, "problem.bad_request.range", \
      "The parameter {name} must be from {least} to {most}.", \
      3, TEXT, name, NUMBER, least, NUMBER, most) \
    M(T, parameter_length, "problem.bad_request.length", \
      "The parameter {name} has at most {most, plural, one {# byte} other {# bytes}}.", \
      2, TEXT, name, COUNT, most) \
    M(T, parameter_cursor, "problem.bad_request.cursor", \
      "The parameter cursor is not one that this list gave.", 0) \
    M(T, parameter_fields, "problem.bad_request.fields", \
      "The parameter fields is a list of what pages have: url, host, title, bookmark_title, " \
      "bookmarks, frecency, visit_count, last_visit, typed, hidden, visits.", 0) \
    M(T, parameter_days, "problem.bad_request.days", \
      "The parameters from and to must be at most {most, plural, one {# day} other {# days}} " \
      "apart.", 1, COUNT, most) \
    M(T, parameter_tz, "problem.bad_request.tz", \
      "The parameter tz must be a time zone such as Europe/Berlin.", 0) \
    M(T, parameter_sort, "problem.bad_request.sort", \
      "The parameter sort can only be \"added\".", 0) \
    M(T, parameter_in, "problem.bad_request.in", \
      "The parameter in is a list of tabs, bookmarks, history.", 0) \
    M(T, token_name, "problem.bad_request.token_name", \
      "The token's name must be a text of {least} to {most} bytes.", \
      2, NUMBER, least, NUMBER, most) \
    M(T, token_scope, "problem.bad_request.token_scope", \
      "The token's scope must be full or read.", 0) \
    M(T, token_expires, "problem.bad_request.token_expires", \
      "The token's expires must be a time to come, in milliseconds.", 0) \
    M(T, setting_unknown, "problem.bad_request.setting", \
      "There is no such setting: there are theme and timezone.", 0) \
    M(T, setting_theme, "problem.bad_request.theme", "The setting theme must be an object.", 0) \
    M(T, setting_theme_keys, "problem.bad_request.theme_keys", \
      "The setting theme has the keys mode and name.", 0) \
    M(T, setting_theme_mode, "problem.bad_request.theme_mode", \
      "The setting theme.mode must be auto, light or dark.", 0) \
    M(T, setting_theme_name, "problem.bad_request.theme_name", \
      "The setting theme.name must be a word of a-z 0-9 -.", 0) \
    M(T, setting_timezone, "problem.bad_request.timezone", \
      "The setting timezone must be the name of a time zone such as Europe/Berlin.", 0) \
    M(T, removal_kind, "problem.bad_request.removal_kind", \
      "The kind of what is removed must be visit, page, site or span.", 0) \
    M(T, removal_page, "problem.bad_request.removal_page", \
      "Say which page: page, its id, or url, its whole address.", 0) \
    M(T, removal_visit, "problem.bad_request.removal_visit", \
      "Say which visit of the page: date and type, as the history has them.", 0) \
    M(T, removal_host, "problem.bad_request.removal_host", \
      "Say which site: host, a host alone like www.example.org.", 0) \
    M(T, removal_span, "problem.bad_request.removal_span", \
      "The times since and until are milliseconds since 1970, or null, and since is the " \
      "earlier one.", 0) \
    M(T, removal_open, "problem.bad_request.removal_open", \
      "A span of time has a beginning, an end or both: since, until.", 0) \
    M(T, too_many_removals, "problem.too_many_removals", \
      "This account has {most, plural, one {# removal} other {# removals}}, and {most} is the " \
      "most. Remove a site or a span of time instead of single pages, or allow some again.", \
      1, COUNT, most) \
    M(T, push_off, "problem.not_found.push", \
      "This server sends no push messages.", 0) \
    M(T, push_needs_token, "problem.push_needs_token", \
      "An endpoint belongs to a token or a signed-in browser, and ends with it. Send an API " \
      "token.", 0) \
    M(T, push_url, "problem.bad_request.push_url", \
      "The endpoint must be a whole address, https://…, of plain characters and at most {most, " \
      "plural, one {# byte} other {# bytes}}.", 1, COUNT, most) \
    M(T, push_https, "problem.bad_request.push_https", \
      "The endpoint must be an https address.", 0) \
    M(T, push_credentials, "problem.bad_request.push_credentials", \
      "The endpoint must have no name and no password in it.", 0) \
    M(T, push_address, "problem.bad_request.push_address", \
      "The endpoint lies in a private network or on this machine. Whoever runs this server can " \
      "allow that.", 0) \
    M(T, too_many_endpoints, "problem.too_many_endpoints", \
      "This account has {most, plural, one {# endpoint} other {# endpoints}}, and {most} is the " \
      "most. Remove one that is not used any more.", 1, COUNT, most) \
    M(T, too_old, "problem.too_old", \
      "What has changed since generation {since} is not known here. Ask for everything: without " \
      "since.", 1, TEXT, since) \
    M(T, no_changes, "problem.not_implemented.changes", \
      "This server's storage plugin cannot say what has changed.", 0)
/* clang-format on */

API_MESSAGES(HEARTH_MESSAGE_DEFINE, api_says)

#endif
