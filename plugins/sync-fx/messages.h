/* What this plugin tells a person: states of an account, and steps of a sign-in. See
 * docs/messages.md. */
#ifndef HEARTH_PLUGINS_SYNC_FX_MESSAGES_H
#define HEARTH_PLUGINS_SYNC_FX_MESSAGES_H

#include "hearth/message.h"

/* A collection by its name on the Sync server. */
#define FX_TITLE(collection)                                                                       \
    "{" #collection                                                                                \
    ", select, clients {devices} tabs {open tabs} bookmarks {bookmarks} other {history}}"
#define FX_KEPT " What was there before is kept; it is tried again."
#define FX_OPERATOR                                                                                \
    " Whoever runs this server can look at client_id, redirect_uri and scopes in its "             \
    "configuration."
#define FX_WEB    " Sign in at the accounts server's own pages instead."
#define FX_REPORT " This is a fault of Hearth: please report it."

/* clang-format off */
/* The same of each server, in whole sentences: another language may need other words for each.
 * path: what was asked for. check: who says where the server is, and can be wrong. */
#define FX_SERVER_MESSAGES(M, T, server, word, name, check) \
    M(T, server##_timeout, "sync-fx." word ".timeout", \
      "The " name " did not answer in time ({path}). It is tried again.", 1, TEXT, path) \
    M(T, server##_unreachable, "sync-fx." word ".unreachable", \
      "The " name " cannot be reached: {reason}. It is tried again; whoever runs this server " \
      "can check the address and the network.", 1, TEXT, reason) \
    M(T, server##_asked_pause, "sync-fx." word ".asked_pause", \
      "The " name " has asked for a pause, and is asked nothing before {until}. It is tried " \
      "again then.", 1, TIME, until) \
    M(T, server##_broke_off, "sync-fx." word ".broke_off", \
      "The connection to the " name " broke off ({reason}). It is tried again.", 1, TEXT, reason) \
    M(T, server##_large, "sync-fx." word ".large", \
      "The answer of the " name " to {path} is larger than Hearth accepts. It is tried again. " \
      check, 1, TEXT, path) \
    M(T, server##_refused, "sync-fx." word ".refused", \
      "The " name " refused the request for {path} (400, reason {reason}). If it repeats, this " \
      "is a fault of Hearth: please report it.", 2, TEXT, path, TEXT, reason) \
    M(T, server##_forbidden, "sync-fx." word ".forbidden", \
      "The " name ", or something in front of it, does not allow the request for {path} " \
      "(403). It is tried again; if it stays so, ask whoever runs it.", 1, TEXT, path) \
    M(T, server##_missing, "sync-fx." word ".missing", \
      "The " name " has nothing at {path} ({status}). It is tried again. " check, \
      2, TEXT, path, NUMBER, status) \
    M(T, server##_stranger, "sync-fx." word ".stranger", \
      "The " name " does not accept the request for {path} ({status}): it seems to be another " \
      "kind of server. " check, 2, TEXT, path, NUMBER, status) \
    M(T, server##_browser_check, "sync-fx." word ".browser_check", \
      "The " name " asked for a browser check that a program cannot pass (406). It is tried " \
      "again; if it stays so, sign in again.", 0) \
    M(T, server##_conflict, "sync-fx." word ".conflict", \
      "The " name " says that another device was writing to the account (409). It is tried " \
      "again.", 0) \
    M(T, server##_throttles, "sync-fx." word ".throttles", \
      "The " name " asks for fewer requests (429). Hearth waits before it tries again.", 0) \
    M(T, server##_overloaded, "sync-fx." word ".overloaded", \
      "The " name " is down for maintenance or overloaded (503). Hearth waits before it tries " \
      "again.", 0) \
    M(T, server##_shut_down, "sync-fx." word ".shut_down", \
      "The " name " has been shut down (513). Move the account to another service.", 0) \
    M(T, server##_failed, "sync-fx." word ".failed", \
      "The " name " failed ({status} at {path}). It is tried again.", \
      2, NUMBER, status, TEXT, path) \
    M(T, server##_redirects, "sync-fx." word ".redirects", \
      "The " name " redirects the request for {path} to another address ({status}), which is " \
      "not followed. " check, 2, TEXT, path, NUMBER, status) \
    M(T, server##_unknown, "sync-fx." word ".unknown", \
      "The " name " gave an answer that Hearth does not understand ({status} at {path}).", \
      2, NUMBER, status, TEXT, path)

/* Lists of one to four collections. */
#define FX_LIST_MESSAGES(M, T, note, word, intro) \
    M(T, note##_1, "sync-fx." word ".one", intro FX_TITLE(first) ".", 1, WORD, first) \
    M(T, note##_2, "sync-fx." word ".two", \
      intro FX_TITLE(first) ", " FX_TITLE(second) ".", 2, WORD, first, WORD, second) \
    M(T, note##_3, "sync-fx." word ".three", \
      intro FX_TITLE(first) ", " FX_TITLE(second) ", " FX_TITLE(third) ".", \
      3, WORD, first, WORD, second, WORD, third) \
    M(T, note##_4, "sync-fx." word ".four", \
      intro FX_TITLE(first) ", " FX_TITLE(second) ", " FX_TITLE(third) ", " FX_TITLE(fourth) \
      ".", 4, WORD, first, WORD, second, WORD, third, WORD, fourth)

#define FX_PULL_MESSAGES(M, T) \
    M(T, interrupted, "sync-fx.interrupted", "The sync was interrupted. It is tried again.", 0) \
    M(T, no_memory, "sync-fx.no_memory", \
      "Memory is short on this server at the moment. It is tried again.", 0) \
    M(T, fault, "sync-fx.fault", \
      "Something went wrong in Hearth itself. It is tried again; whoever runs this server " \
      "finds the reason in its log.", 0) \
    M(T, not_stored, "sync-fx.not_stored", \
      "What was read could not be stored; it is tried again.", 0) \
    M(T, token_not_stored, "sync-fx.token_not_stored", \
      "The new sign-in token could not be stored. It is tried again.", 0) \
    M(T, waiting, "sync-fx.waiting", \
      "No Firefox has synced to this account yet. Turn on sync in a Firefox; Hearth looks " \
      "again by itself.", 0) \
    M(T, over_quota, "sync-fx.over_quota", \
      "The account is over its quota at the Sync server (400). Remove something in Firefox, " \
      "or ask the server's operator.", 0) \
    M(T, must_upgrade, "sync-fx.must_upgrade", \
      "The Sync server wants a newer Hearth (400). Whoever runs this server can update it.", 0) \
    M(T, plain_http, "sync-fx.accounts.plain_http", \
      "The accounts server names a plain http address ({member}), which is refused.", \
      1, TEXT, member) \
    M(T, no_token_address, "sync-fx.accounts.no_token_address", \
      "The accounts server {server} does not say where tokens are given out. Whoever runs " \
      "this server can check accounts_url.", 1, TEXT, server) \
    M(T, no_profile_address, "sync-fx.accounts.no_profile_address", \
      "The accounts server {server} does not say where profiles are. Whoever runs this " \
      "server can check accounts_url.", 1, TEXT, server) \
    M(T, no_auth_address, "sync-fx.accounts.no_auth_address", \
      "The accounts server {server} does not say where people sign in with a password. " \
      "Whoever runs this server can check accounts_url.", 1, TEXT, server) \
    M(T, no_access_token, "sync-fx.accounts.no_access_token", \
      "The accounts server's answer holds no access token. Whoever runs this server can " \
      "check accounts_url.", 0) \
    M(T, signin_ended, "sync-fx.signin_ended", \
      "The sign-in is no longer valid: the password was changed, or Hearth was disconnected " \
      "from the account. Sign in again.", 0) \
    M(T, client_refused, "sync-fx.accounts.client_refused", \
      "The accounts server does not accept client_id for Sync ({status}, errno {number}). " \
      "Whoever runs this server has to set the client_id that the account signed in with.", \
      2, NUMBER, status, NUMBER, number) \
    M(T, accounts_foreign, "sync-fx.accounts.foreign", \
      "Something between here and the accounts server refuses the request ({status}; perhaps " \
      "a proxy's or portal's page). It is tried again.", 1, NUMBER, status) \
    M(T, accounts_page, "sync-fx.accounts.page", \
      "The accounts server's answer to {path} was cut off, or something in between answered in " \
      "its place (perhaps a proxy's or portal's page). It is tried again. Whoever runs this " \
      "server can check accounts_url, and what is in between.", 1, TEXT, path) \
    M(T, signin_refused, "sync-fx.signin_refused", \
      "The accounts server refused the sign-in (401). Sign in again.", 0) \
    M(T, no_client_id, "sync-fx.no_client_id", \
      "This server has no client_id in its [sync] section, and without it the sign-in cannot " \
      "be renewed. Whoever runs this server has to set it.", 0) \
    M(T, access_token_ended, "sync-fx.access_token_ended", \
      "The access token of this account is no longer accepted. Sign in or import it again.", 0) \
    M(T, no_token_server, "sync-fx.token.stranger_answer", \
      "{server} does not answer like a token server. Whoever runs this server can check " \
      "token_server.", 1, TEXT, server) \
    M(T, token_hash, "sync-fx.token.hash", \
      "The token server asks for signatures other than SHA-256, which Hearth does not know.", 0) \
    M(T, no_storage_server, "sync-fx.token.no_storage", \
      "The token server names no usable storage server. Ask its operator.", 0) \
    M(T, storage_plain_http, "sync-fx.token.plain_http", \
      "The token server names a storage server on plain http ({address}). Whoever runs it has " \
      "to correct its public address, or whoever runs Hearth to set insecure_http = yes.", \
      1, TEXT, address) \
    M(T, token_signin_refused, "sync-fx.token.signin_refused", \
      "The token server no longer accepts the sign-in, even renewed. Sign in again.", 0) \
    M(T, token_clock, "sync-fx.token.clock", \
      "The token server says that this server's clock is wrong. Whoever runs this server can " \
      "check the time of its machine.", 0) \
    M(T, token_key, "sync-fx.token.key", \
      "The account's password was reset, and with it the key of the data changed. Sign in " \
      "again.", 0) \
    M(T, token_no_users, "sync-fx.token.no_users", \
      "The Sync server takes no new users. Ask its operator.", 0) \
    M(T, token_foreign, "sync-fx.token.foreign", \
      "Something between here and the token server refuses the request ({status}; perhaps a " \
      "proxy's or portal's page). It is tried again.", 1, NUMBER, status) \
    M(T, token_page, "sync-fx.token.page", \
      "The token server's answer was cut off, or something in between answered in its place " \
      "(perhaps a proxy's or portal's page). It is tried again. Whoever runs this server can " \
      "check token_server, and what is in between.", 0) \
    M(T, token_misunderstood, "sync-fx.token.misunderstood", \
      "The token server did not understand the request (401). Whoever runs this server can " \
      "check token_server, and that a proxy in front of it passes the headers Authorization " \
      "and X-KeyID.", 0) \
    M(T, storage_wanders, "sync-fx.token.wanders", \
      "The token server names another storage server each time. Ask its operator.", 0) \
    M(T, storage_unauthorized, "sync-fx.sync.unauthorized", \
      "The Sync server refuses correctly signed requests (401). It is tried again. A proxy in " \
      "front of it may rewrite Host or strip a path prefix: whoever runs it has to make it pass " \
      "on host, port and path exactly as they came.", 0) \
    M(T, storage_foreign, "sync-fx.sync.foreign", \
      "Something between here and the Sync server refuses the request ({status}; perhaps a " \
      "proxy's or portal's page). It is tried again.", 1, NUMBER, status) \
    M(T, storage_clock, "sync-fx.sync.clock", \
      "The Sync server refuses the request ({status}), and its clock differs from this " \
      "server's by {difference}. Whoever runs the two can set their clocks.", \
      2, NUMBER, status, DURATION, difference) \
    M(T, too_many_records, "sync-fx.sync.too_many_records", \
      "The Sync server gives more than {most} records of " FX_TITLE(collection) "." FX_KEPT, \
      2, COUNT, most, WORD, collection) \
    M(T, no_list, "sync-fx.sync.no_list", \
      "The Sync server's answer to {path} is not a list of records (perhaps a proxy's or " \
      "portal's page). It is tried again.", 1, TEXT, path) \
    M(T, no_record, "sync-fx.sync.no_record", \
      "The Sync server's answer to {path} is not a record (cut off, or perhaps a proxy's or " \
      "portal's page). It is tried again.", 1, TEXT, path) \
    M(T, cut_off, "sync-fx.sync.cut_off", \
      "The Sync server's answer to {path} was cut off, or is not what was asked for. It is " \
      "tried again.", 1, TEXT, path) \
    M(T, no_collections, "sync-fx.sync.no_collections", \
      "The Sync server has no list of collections at {address} ({status}). It is tried again. " \
      "The token server named this address; whoever runs the two can check it.", \
      2, TEXT, address, NUMBER, status) \
    M(T, not_there, "sync-fx.sync.not_there", \
      "The Sync server says that it has " FX_TITLE(collection) ", and has nothing there " \
      "(404)." FX_KEPT, 1, WORD, collection) \
    M(T, no_meta, "sync-fx.sync.no_meta", \
      "The Sync server does not have the record meta/global, which says what the account " \
      "syncs. A Firefox that syncs to the account writes it; Hearth looks again by itself.", 0) \
    M(T, no_keys, "sync-fx.sync.no_keys", \
      "The Sync server does not have the record crypto/keys, the keys of the account's data. A " \
      "Firefox that syncs to the account writes it; Hearth looks again by itself.", 0) \
    M(T, emptied, "sync-fx.emptied", \
      "The Sync server has no data of this account any more: they were removed there, or the " \
      "account was moved. What was read before is kept. A Firefox that syncs to the account " \
      "uploads its data anew; Hearth looks again by itself.", 0) \
    M(T, no_info, "sync-fx.sync.no_info", \
      "The answer to info/collections is cut off or not from a Sync server (perhaps a " \
      "proxy's or portal's page). It is tried again.", 0) \
    M(T, older, "sync-fx.sync.older", \
      "The Sync server's list of " FX_TITLE(collection) " is older than it says itself: it may " \
      "be wiped or out of step." FX_KEPT, 1, WORD, collection) \
    M(T, sends_nothing, "sync-fx.sync.sends_nothing", \
      "The Sync server says that it has " FX_TITLE(collection) " and sends an empty answer." \
      FX_KEPT, 1, WORD, collection) \
    M(T, incomplete, "sync-fx.sync.incomplete", \
      "The Sync server has {listed, plural, one {# record} other {# records}} of " \
      FX_TITLE(collection) ", and its pages brought {came} of them." FX_KEPT, \
      3, COUNT, listed, WORD, collection, COUNT, came) \
    M(T, endless, "sync-fx.sync.endless", \
      "The Sync server's pages of " FX_TITLE(collection) " do not come to an end. It is tried " \
      "again.", 1, WORD, collection) \
    M(T, not_opened, "sync-fx.not_opened", \
      "Of {records, plural, one {# record} other {# records}} of " FX_TITLE(collection) ", " \
      "{damaged} cannot be opened with the account's keys; what was there before is kept. Sync " \
      "with a Firefox, or sign in again.", 3, COUNT, records, WORD, collection, COUNT, damaged) \
    M(T, all_damaged, "sync-fx.all_damaged", \
      "Of {records, plural, one {# record} other {# records}} of " FX_TITLE(collection) ", " \
      "{damaged} arrived damaged. None of them is used, what was there before is kept; it is " \
      "tried again.", 3, COUNT, records, WORD, collection, COUNT, damaged) \
    M(T, nameless_damaged, "sync-fx.nameless_damaged", \
      "Of {records, plural, one {# record} other {# records}} of " FX_TITLE(collection) ", " \
      "{damaged} arrived damaged, so that nobody can say which they are. None of them is used, " \
      "what was there before is kept; it is tried again.", \
      3, COUNT, records, WORD, collection, COUNT, damaged) \
    M(T, too_many_damaged, "sync-fx.too_many_damaged", \
      "Of {records, plural, one {# record} other {# records}} of " FX_TITLE(collection) ", too " \
      "many arrived damaged." FX_KEPT, 2, COUNT, records, WORD, collection) \
    M(T, written_all_the_time, "sync-fx.written_all_the_time", \
      "Other devices were writing " FX_TITLE(collection) " all the time. Hearth reads what they " \
      "wrote with the next sync.", 1, WORD, collection) \
    M(T, record_damaged, "sync-fx.record_damaged", \
      "The record {record} on the Sync server is damaged. It is tried again.", 1, TEXT, record) \
    M(T, meta_damaged, "sync-fx.meta_damaged", \
      "The record meta/global on the Sync server is damaged. A Firefox that syncs to the " \
      "account mends it.", 0) \
    M(T, keys_damaged, "sync-fx.keys_damaged", \
      "The record crypto/keys on the Sync server is damaged. A Firefox that syncs to the " \
      "account mends it.", 0) \
    M(T, keys_damaged_now, "sync-fx.keys_damaged_now", \
      "The record crypto/keys on the Sync server is damaged." FX_KEPT, 0) \
    M(T, key_changed, "sync-fx.key_changed", \
      "The account's key does not open its data: the password was probably reset. Sign in " \
      "again.", 0) \
    M(T, format_newer, "sync-fx.format_newer", \
      "The account's data is in a newer format ({version}) than this Hearth understands. " \
      "Update Hearth.", 1, NUMBER, version) \
    M(T, format_obsolete, "sync-fx.format_obsolete", \
      "The account's data is in an obsolete format ({version}). Sync once with a current " \
      "Firefox.", 1, NUMBER, version) \
    M(T, moved, "sync-fx.moved", \
      "The account was moved to another server while it was read; the rest follows with the " \
      "next sync.", 0) \
    M(T, credentials_unreadable, "sync-fx.credentials_unreadable", \
      "The stored sign-in cannot be read. Sign in or import the account again.", 0) \
    M(T, other_servers, "sync-fx.other_servers", \
      "This server works with another accounts or Sync server than when you signed in; your " \
      "sign-in is not shown to that one. Sign in again.", 0) \
    M(T, key_changes, "sync-fx.key_changes", \
      "The key of " FX_TITLE(collection) " changes. What it opens is read with the next sync.", \
      1, WORD, collection) \
    M(T, some_damaged, "sync-fx.some_damaged", \
      "{damaged} of {records, plural, one {# record} other {# records}} of " FX_TITLE(collection) \
      " arrived damaged; earlier copies are kept.", \
      3, COUNT, damaged, COUNT, records, WORD, collection) \
    M(T, some_asked_again, "sync-fx.some_asked_again", \
      "{damaged} of {records, plural, one {# record} other {# records}} of " FX_TITLE(collection) \
      " arrived damaged; earlier copies are kept, and {waiting, plural, one {it is} other {they " \
      "are}} asked for again.", \
      4, COUNT, damaged, COUNT, records, WORD, collection, COUNT, waiting) \
    M(T, some_forgotten, "sync-fx.some_forgotten", \
      "{damaged} of {records, plural, one {# record} other {# records}} of " FX_TITLE(collection) \
      " arrived damaged; earlier copies are kept, but for {forgotten}.", \
      4, COUNT, damaged, COUNT, records, WORD, collection, COUNT, forgotten) \
    M(T, still_damaged, "sync-fx.still_damaged", \
      "{waiting, plural, one {# record} other {# records}} of " FX_TITLE(collection) " still " \
      "{waiting, plural, one {arrives} other {arrive}} damaged; earlier copies are kept, and " \
      "{waiting, plural, one {it is} other {they are}} asked for again.", \
      2, COUNT, waiting, WORD, collection) \
    M(T, several_damaged, "sync-fx.several_damaged", \
      "{damaged, plural, one {# record} other {# records}} of several collections arrived " \
      "damaged; earlier copies are kept where there are any.", 1, COUNT, damaged) \
    M(T, unusable, "sync-fx.unusable", \
      "{records, plural, one {# record} other {# records}} of " FX_TITLE(collection) " cannot " \
      "be used ({reason}).", 3, COUNT, records, WORD, collection, TEXT, reason) \
    FX_LIST_MESSAGES(M, T, unsupported, "unsupported", \
      "Not read, being in a newer format than this Hearth understands (update Hearth): ") \
    FX_LIST_MESSAGES(M, T, declined, "declined", "Not synced, by choice in Firefox: ") \
    FX_SERVER_MESSAGES(M, T, sync, "sync", "Sync server", \
      "The token server named its address; whoever runs the two can check that.") \
    FX_SERVER_MESSAGES(M, T, token, "token", "token server", \
      "Whoever runs this server can check token_server, and what is in between.") \
    FX_SERVER_MESSAGES(M, T, accounts, "accounts", "accounts server", \
      "Whoever runs this server can check accounts_url, and what is in between.")

/* refused_N: by the accounts server, with this errno. */
#define FX_SIGNIN_MESSAGES(M, T) \
    M(T, title_failed, "sync-fx.signin.title.failed", "That did not work", 0) \
    M(T, title_visit, "sync-fx.signin.title.visit", "Sign in to your Mozilla account", 0) \
    M(T, title_password, "sync-fx.signin.title.password", "Sign in with your password", 0) \
    M(T, title_unblock, "sync-fx.signin.title.unblock", "Is it you?", 0) \
    M(T, title_totp, "sync-fx.signin.title.totp", "Two-step authentication", 0) \
    M(T, title_backup, "sync-fx.signin.title.backup", "Use a backup code", 0) \
    M(T, title_code, "sync-fx.signin.title.code", "Enter the code", 0) \
    M(T, title_link, "sync-fx.signin.title.link", "Look into your mail", 0) \
    M(T, visit_returns, "sync-fx.signin.visit_returns", \
      "Your accounts server asks for your password and whatever else you have set up. " \
      "Afterwards you come back here by yourself.", 0) \
    M(T, visit_paste, "sync-fx.signin.visit_paste", \
      "1. Open the sign-in page with the button. It opens in a new tab.\n2. Sign in there as " \
      "you always do.\n3. When it says that you are signed in, or shows an empty or broken " \
      "page, do not close it: copy the whole address from the address bar at the top.\n4. " \
      "Come back to this tab, paste the address here, and continue.\nIf the address was " \
      "already gone, you find it in your browser's history, as the last page of that visit.", 0) \
    M(T, label_address, "sync-fx.signin.label.address", "The address where you ended", 0) \
    M(T, hint_address, "sync-fx.signin.hint.address", \
      "It begins with https:// and contains code=.", 0) \
    M(T, label_email, "sync-fx.signin.label.email", "E-mail address", 0) \
    M(T, label_password, "sync-fx.signin.label.password", "Password", 0) \
    M(T, hint_password, "sync-fx.signin.hint.password", "Used once, and not kept.", 0) \
    M(T, label_mailed, "sync-fx.signin.label.mailed", "Code from the mail", 0) \
    M(T, hint_unblock, "sync-fx.signin.hint.unblock", "Eight letters and digits.", 0) \
    M(T, hint_six, "sync-fx.signin.hint.six", "Six digits.", 0) \
    M(T, label_totp, "sync-fx.signin.label.totp", "Code from your authenticator app", 0) \
    M(T, label_backup, "sync-fx.signin.label.backup", "Backup code", 0) \
    M(T, hint_backup, "sync-fx.signin.hint.backup", \
      "One of those that you were given with the authenticator.", 0) \
    M(T, choice_totp, "sync-fx.signin.choice.totp", "Use the authenticator app", 0) \
    M(T, choice_backup, "sync-fx.signin.choice.backup", "Use a backup code instead", 0) \
    M(T, choice_resend, "sync-fx.signin.choice.resend", "Send the mail again", 0) \
    M(T, password_of, "sync-fx.signin.password_of", \
      "Type the password of the Mozilla account {email}.", 1, TEXT, email) \
    M(T, mailed_code, "sync-fx.signin.mailed_code", \
      "The accounts server has sent a mail with a code to your address.", 0) \
    M(T, mailed_unblock, "sync-fx.signin.mailed_unblock", \
      "The accounts server wants to be sure, and has sent a mail with a code to your address.", 0) \
    M(T, mailed_link, "sync-fx.signin.mailed_link", \
      "The accounts server has sent a mail with a link. Follow it, on any device.", 0) \
    M(T, not_email, "sync-fx.signin.not_email", "That is not an e-mail address.", 0) \
    M(T, type_password, "sync-fx.signin.type_password", \
      "Type the password of your Mozilla account.", 0) \
    M(T, type_unblock, "sync-fx.signin.type_unblock", \
      "Type the code from the mail: letters and digits.", 0) \
    M(T, type_code, "sync-fx.signin.type_code", "Type the code: letters and digits.", 0) \
    M(T, wrong_totp, "sync-fx.signin.wrong_totp", \
      "That code is not right. Codes change every 30 seconds.", 0) \
    M(T, wrong_mailed, "sync-fx.signin.wrong_mailed", \
      "That code is not right. Only the code of the newest mail is good.", 0) \
    M(T, wrong_backup, "sync-fx.signin.wrong_backup", \
      "That backup code is not right, or was used before.", 0) \
    M(T, resent, "sync-fx.signin.resent", \
      "A new mail is on its way. Only the newest code is good.", 0) \
    M(T, other_signin, "sync-fx.signin.other_signin", \
      "That address belongs to another sign-in. Open the sign-in page from here once more.", 0) \
    M(T, no_code_pasted, "sync-fx.signin.no_code_pasted", \
      "There is no code in what was pasted. It must be the whole address of the page where " \
      "you ended.", 0) \
    M(T, no_code, "sync-fx.signin.no_code", \
      "The accounts server sent no code. Please start again.", 0) \
    M(T, declined, "sync-fx.signin.declined", "You did not allow it. Nothing was changed.", 0) \
    M(T, oauth_error, "sync-fx.signin.oauth_error", \
      "The accounts server refused the sign-in." FX_OPERATOR, 0) \
    M(T, no_profile, "sync-fx.signin.no_profile", \
      "The accounts server does not say who you are. Try again in a few minutes.", 0) \
    M(T, bad_profile, "sync-fx.signin.bad_profile", \
      "The accounts server's answer about who you are cannot be used. Whoever runs this " \
      "server can check accounts_url.", 0) \
    M(T, no_tokens, "sync-fx.signin.no_tokens", \
      "The accounts server's answer holds no tokens. Whoever runs this server can check " \
      "accounts_url.", 0) \
    M(T, bad_answer, "sync-fx.signin.bad_answer", \
      "The accounts server's answer cannot be understood. Whoever runs this server can check " \
      "accounts_url.", 0) \
    M(T, no_sync_key, "sync-fx.signin.no_sync_key", \
      "You have signed in there, but the accounts server did not hand over the key of your " \
      "Sync data. Sign in again and type your password there when asked; if that does not " \
      "help, the client id of this server may not receive keys.", 0) \
    M(T, no_key_offered, "sync-fx.signin.no_key_offered", \
      "The accounts server did not offer the key of your Sync data." FX_WEB, 0) \
    M(T, bad_sync_key, "sync-fx.signin.bad_sync_key", \
      "The key of your Sync data did not arrive whole. Please start again.", 0) \
    M(T, must_change_password, "sync-fx.signin.must_change_password", \
      "The accounts server has locked this account until its password is changed. Do that on " \
      "its own pages, then sign in again.", 0) \
    M(T, too_late, "sync-fx.signin.too_late", \
      "This sign-in took too long. Please start again.", 0) \
    M(T, link_too_late, "sync-fx.signin.link_too_late", \
      "The link in the mail was not followed within {life}. Please start again.", \
      1, DURATION, life) \
    M(T, over, "sync-fx.signin.over", "This sign-in is over. Please start again.", 0) \
    M(T, browser_check, "sync-fx.signin.browser_check", \
      "The accounts server wants to see a real browser and does not let programs sign in with a " \
      "password." FX_WEB, 0) \
    M(T, throttled, "sync-fx.signin.throttled", \
      "There were too many attempts, and the accounts server makes you wait. Try again in " \
      "{wait}.", 1, DURATION, wait) \
    M(T, server_waits, "sync-fx.signin.server_waits", \
      "The accounts server has asked this server to wait. Try again in {wait}.", \
      1, DURATION, wait) \
    M(T, unsupported, "sync-fx.signin.unsupported", \
      "The accounts server does not offer this way of signing in." FX_WEB, 0) \
    M(T, server_failed, "sync-fx.signin.server_failed", \
      "The accounts server failed ({status}). Try again in a few minutes.", 1, NUMBER, status) \
    M(T, foreign, "sync-fx.signin.foreign", \
      "Something between here and the accounts server answered in its place ({status}; perhaps a " \
      "proxy's or portal's page). That says nothing about your password. Try again in a few " \
      "minutes; if it stays so, whoever runs this server can look into it.", \
      1, NUMBER, status) \
    M(T, cut_off, "sync-fx.signin.cut_off", \
      "The accounts server's answer is empty or was cut off. That says nothing about your " \
      "password. Try again in a few minutes; if it stays so, whoever runs this server can look " \
      "into it.", 0) \
    M(T, timeout, "sync-fx.signin.timeout", \
      "The accounts server did not answer in time. Try again in a minute.", 0) \
    M(T, unreachable, "sync-fx.signin.unreachable", \
      "The accounts server cannot be reached: {reason}. Try again in a minute; if it stays " \
      "so, whoever runs this server can check the address and the network.", 1, TEXT, reason) \
    M(T, broke_off, "sync-fx.signin.broke_off", \
      "The connection to the accounts server broke off ({reason}). Try again in a minute; if it " \
      "stays so, whoever runs this server can look at what is in between.", 1, TEXT, reason) \
    M(T, large, "sync-fx.signin.large", \
      "The accounts server's answer is larger than Hearth accepts. Whoever runs this server " \
      "can check accounts_url.", 0) \
    M(T, discovery_failed, "sync-fx.signin.discovery_failed", \
      "The accounts server, or something between here and there, does not work at the moment. " \
      "Try again in a few minutes.", 0) \
    M(T, refused_102, "sync-fx.signin.unknown_account", \
      "There is no Mozilla account with this e-mail address. Check how it is written.", 0) \
    M(T, refused_103, "sync-fx.signin.wrong_password", \
      "That password is not right. After a few wrong ones the accounts server makes you wait.", 0) \
    M(T, refused_104, "sync-fx.signin.unverified_account", \
      "This account was never confirmed. Follow the link in the mail that the accounts " \
      "server sent when it was made, then sign in again.", 0) \
    M(T, refused_105, "sync-fx.signin.wrong_code", "That code is not right.", 0) \
    M(T, refused_106, "sync-fx.signin.refused.106", \
      "The accounts server did not understand the request (106)." FX_REPORT, 0) \
    M(T, refused_107, "sync-fx.signin.refused.107", \
      "The accounts server did not accept the request (107)." FX_REPORT, 0) \
    M(T, refused_108, "sync-fx.signin.refused.108", \
      "The accounts server misses something in the request (108)." FX_REPORT, 0) \
    M(T, refused_109, "sync-fx.signin.refused.109", \
      "The accounts server did not accept the signature (109). Whoever runs this server can " \
      "check that no proxy changes requests to it.", 0) \
    M(T, refused_110, "sync-fx.signin.session_over", \
      "The accounts server has ended this sign-in. Please start again.", 0) \
    M(T, refused_111, "sync-fx.signin.clock", \
      "The accounts server says that this server's clock is wrong. Whoever runs this server " \
      "can set it.", 0) \
    M(T, refused_112, "sync-fx.signin.refused.112", \
      "The accounts server did not accept the request (112)." FX_REPORT, 0) \
    M(T, refused_113, "sync-fx.signin.refused.113", \
      "The accounts server did not accept the request (113)." FX_REPORT, 0) \
    M(T, refused_115, "sync-fx.signin.refused.115", \
      "The accounts server saw a request twice (115). Please start again.", 0) \
    M(T, refused_116, "sync-fx.signin.way_gone", \
      "The accounts server no longer offers this way of signing in." FX_WEB, 0) \
    M(T, refused_120, "sync-fx.signin.email_case", \
      "The account's e-mail address is written with other capital letters. Type it exactly " \
      "as you did when you made the account.", 0) \
    M(T, refused_123, "sync-fx.signin.device_unknown", \
      "The accounts server does not know this device. Please start again.", 0) \
    M(T, refused_124, "sync-fx.signin.device_twice", \
      "The accounts server has another device of this name. Please start again.", 0) \
    M(T, refused_125, "sync-fx.signin.blocked", \
      "The accounts server has blocked this sign-in for security. Try again later, or sign " \
      "in on its own pages.", 0) \
    M(T, refused_126, "sync-fx.signin.must_reset", \
      "This account's password must be reset. Do that at the accounts server, then sign in " \
      "again.", 0) \
    M(T, refused_127, "sync-fx.signin.wrong_unblock_code", \
      "That code is not right, or has run out. Look for the newest mail.", 0) \
    M(T, refused_138, "sync-fx.signin.unverified_session", \
      "The sign-in was not confirmed. Please start again.", 0) \
    M(T, refused_142, "sync-fx.signin.secondary_email", \
      "This is a secondary address of the account. Use the primary one.", 0) \
    M(T, refused_148, "sync-fx.signin.already_verified", \
      "The address is confirmed already. Please sign in again.", 0) \
    M(T, refused_149, "sync-fx.signin.not_primary", \
      "This address cannot sign in. Use the account's primary one.", 0) \
    M(T, refused_151, "sync-fx.signin.mail_failed", \
      "The accounts server could not send the mail. Try again later.", 0) \
    M(T, refused_152, "sync-fx.signin.mailed_expired", \
      "That code has run out. Look for the newest mail, or have one sent again.", 0) \
    M(T, refused_155, "sync-fx.signin.totp_missing", \
      "The account's authenticator is not set up completely. Finish that at the accounts " \
      "server, then sign in again.", 0) \
    M(T, refused_157, "sync-fx.signin.device_unsupported", \
      "The accounts server does not support this for the device.", 0) \
    M(T, refused_160, "sync-fx.signin.totp_required", \
      "This account needs two-step authentication first. Set it up at the accounts server, " \
      "then sign in again.", 0) \
    M(T, refused_162, "sync-fx.signin.unknown_client", \
      "The accounts server does not know the client id of this server." FX_OPERATOR, 0) \
    M(T, refused_163, "sync-fx.signin.bad_scopes", \
      "The accounts server does not give this client the keys of Sync." FX_OPERATOR, 0) \
    M(T, refused_166, "sync-fx.signin.client_not_public", \
      "The accounts server wants a secret for this client id, which is not supported." \
      FX_OPERATOR, 0) \
    M(T, refused_169, "sync-fx.signin.refused.169", \
      "The accounts server misses the proof key (169)." FX_REPORT, 0) \
    M(T, refused_171, "sync-fx.signin.client_secret", \
      "The accounts server does not accept this client." FX_OPERATOR, 0) \
    M(T, refused_172, "sync-fx.signin.code_unknown", \
      "The accounts server does not know that code, or it was used before. Please start " \
      "again.", 0) \
    M(T, refused_173, "sync-fx.signin.code_client", \
      "That code was made for another client id. Please start again." FX_OPERATOR, 0) \
    M(T, refused_174, "sync-fx.signin.code_expired", \
      "That code has run out: it is good for fifteen minutes. Please start again.", 0) \
    M(T, refused_175, "sync-fx.signin.code_signin", \
      "That code belongs to another sign-in. Please start again, and use only one window.", 0) \
    M(T, refused_182, "sync-fx.signin.token_unknown", \
      "The accounts server has already forgotten this sign-in. Please start again.", 0) \
    M(T, refused_183, "sync-fx.signin.wrong_or_old_code", \
      "That code is not right, or has run out.", 0) \
    M(T, refused_201, "sync-fx.signin.overloaded", \
      "The accounts server is overloaded. Try again in a few minutes.", 0) \
    M(T, refused_202, "sync-fx.signin.switched_off", \
      "The accounts server has switched this off for now. Try again later.", 0) \
    M(T, refused_203, "sync-fx.signin.backend_failed", \
      "Something behind the accounts server does not work. Try again later.", 0) \
    M(T, refused_204, "sync-fx.signin.client_disabled", \
      "The accounts server has disabled the client id of this server." FX_OPERATOR, 0) \
    M(T, refused_206, "sync-fx.signin.password_not_made", \
      "A password cannot be made for this account here." FX_WEB, 0) \
    M(T, refused_210, "sync-fx.signin.no_password", "This account has no password." FX_WEB, 0) \
    M(T, refused_213, "sync-fx.signin.needs_more", \
      "The accounts server wants more than a password." FX_WEB, 0) \
    M(T, refused_222, "sync-fx.signin.needs_stronger", \
      "The accounts server wants a stronger proof than a password." FX_WEB, 0) \
    M(T, refused_223, "sync-fx.signin.needs_browser", \
      "The accounts server wants a second factor that works only on its own pages." FX_WEB, 0) \
    M(T, refused_998, "sync-fx.signin.server_error", \
      "The accounts server failed. Try again later.", 0)
/* clang-format on */

#define FX_MESSAGES(M, T) FX_PULL_MESSAGES(M, T) FX_SIGNIN_MESSAGES(M, T)

/* Constructors: fx_says_waiting(), of a sign-in fx_asks_title_code(). */
FX_PULL_MESSAGES(HEARTH_MESSAGE_DEFINE, fx_says)
FX_SIGNIN_MESSAGES(HEARTH_MESSAGE_DEFINE, fx_asks)

#endif
