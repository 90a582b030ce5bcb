/* What the pages under /auth/ tell a person: titles, and sentences that state a fact or what to
 * do. See docs/messages.md. */
#ifndef HEARTH_CORE_PAGES_MESSAGES_H
#define HEARTH_CORE_PAGES_MESSAGES_H

#include "hearth/message.h"

#define PAGES_WHERE_THE_CODE_IS                                                                    \
    "Whoever runs it finds an address with the set-up code in what \u201chearthd serve\u201d "     \
    "printed when it started (the log of the "                                                     \
    "service), and \u201chearthd setup\u201d prints it again."

/* clang-format off */
#define PAGES_MESSAGES(M, T) \
    M(T, no_file, "problem.not_found.app", \
      "The web app has no such file; after an update, loading the page again helps.", 0) \
    M(T, title_moment, "page.title.moment", "One moment", 0) \
    M(T, title_failed, "page.title.failed", "That did not work", 0) \
    M(T, title_over, "page.title.over", "This sign-in is over", 0) \
    M(T, over, "page.over", \
      "It took longer than {life}, or it was finished or begun in another window.", \
      1, DURATION, life) \
    M(T, worked_on, "page.worked_on", "This sign-in is being worked on.", 0) \
    M(T, title_not_now, "page.title.not_now", "Not now", 0) \
    M(T, not_now, "page.not_now", \
      "This server, or one that it needs for this, does not answer at the moment. Nothing is " \
      "lost; try again in a little while.", 0) \
    M(T, title_fault, "page.title.fault", "Something went wrong here", 0) \
    M(T, fault, "page.fault", \
      "It is not your fault. The server's log says what happened; whoever runs this server " \
      "can look there.", 0) \
    M(T, slow, "page.slow", \
      "The accounts server is slow, or does not answer at the moment. Nothing is lost; try " \
      "again in a minute.", 0) \
    M(T, busy, "page.busy", \
      "Somebody where you are signs in with this e-mail address at this moment. Nothing is " \
      "lost; try again when that is over.", 0) \
    M(T, title_too_many, "page.title.too_many", "Too many tries", 0) \
    M(T, too_many, "page.too_many", \
      "There were too many attempts from here. Wait {wait}, then try again.", 1, DURATION, wait) \
    M(T, title_form, "page.title.form", "That form did not arrive", 0) \
    M(T, form, "page.form", "The browser sent something that is not a form of this page.", 0) \
    M(T, title_form_foreign, "page.title.form_foreign", "Please try once more", 0) \
    M(T, form_proxy, "page.form_proxy", \
      "This server cannot tell that this form came from its own page: a proxy in front of it " \
      "says so, and is not one that it trusts. Whoever runs it names that proxy in [web] " \
      "trusted_proxies.", 0) \
    M(T, form_foreign, "page.form_foreign", \
      "This form was not sent by a page of this site, or the page was very old. Cookies must " \
      "be allowed for signing in.", 0) \
    M(T, title_form_incomplete, "page.title.form_incomplete", "That form is not complete", 0) \
    M(T, form_incomplete, "page.form_incomplete", \
      "Something in it is missing, too long, or no e-mail address.", 0) \
    M(T, title_another, "page.title.another", "This address belongs to another account here", 0) \
    M(T, another, "page.another", \
      "You are who you say you are, but the account on this server that has your e-mail " \
      "address was opened by another sign-in: another person\u2019s who had the address " \
      "before, or one of yours that you have deleted. Nothing was changed. Ask whoever runs " \
      "this server; if it is yours, they can join the two (\u201chearthd account " \
      "adopt\u201d).", 0) \
    M(T, title_not_allowed, "page.title.not_allowed", "Not on this server", 0) \
    M(T, not_allowed, "page.not_allowed", \
      "You are who you say you are, but this server does not take you in. Ask whoever runs " \
      "it to allow your address ([auth] allow), or to make an account for you (\u201chearthd " \
      "account add\u201d).", 0) \
    M(T, setup, "page.setup", \
      "This server belongs to nobody yet: the first person who signs in with its set-up code " \
      "owns it. " PAGES_WHERE_THE_CODE_IS, 0) \
    M(T, title_setup_missing, "page.title.setup_missing", "The set-up code is missing", 0) \
    M(T, setup_missing, "page.setup_missing", \
      "This server belongs to nobody yet, and takes its first person only with the set-up code. " \
      PAGES_WHERE_THE_CODE_IS, 0) \
    M(T, title_setup_wrong, "page.title.setup_wrong", "That is not the set-up code", 0) \
    M(T, setup_wrong, "page.setup_wrong", \
      "This server belongs to nobody yet, and the code that came with your sign-in is not its " \
      "set-up code. " PAGES_WHERE_THE_CODE_IS, 0) \
    M(T, title_untold, "page.title.untold", "You are signed in, but not for forgetting you", 0) \
    M(T, untold, "page.untold", \
      "Hearth forgets somebody only after a sign-in of this moment, and the provider does " \
      "not say when you typed your password there (auth_time). Sign in with your Mozilla " \
      "account for it, or ask whoever runs this server to remove the account (\u201chearthd " \
      "account remove\u201d).", 0) \
    M(T, title_everywhere, "page.title.everywhere", "You are signed out everywhere", 0) \
    M(T, everywhere, "page.everywhere", \
      "All browsers have forgotten you. API tokens still work.", 0) \
    M(T, title_link_over, "page.title.link_over", "This link is over", 0) \
    M(T, link_over, "page.link_over", \
      "A sign-in link works once and for {life}. Make a new one on the device where you are " \
      "signed in.", 1, DURATION, life) \
    M(T, title_link, "page.title.link", "Sign in on this device?", 0) \
    M(T, link, "page.link", \
      "This browser will show the bookmarks, history and tabs of {email} until you sign out.", \
      1, TEXT, email) \
    M(T, title_code, "page.title.code", "Type the code", 0) \
    M(T, code, "page.code", \
      "On a device where you are signed in, open \u201cAccount\u201d and choose \u201cAdd " \
      "another device\u201d. It shows a code of letters and digits.", 0) \
    M(T, code_wrong, "page.code_wrong", \
      "That code is not valid. Codes work once and for {life}.", 1, DURATION, life) \
    M(T, title_signout, "page.title.signout", "Sign out", 0) \
    M(T, signout, "page.signout", "This browser forgets you. Your data stay on the server.", 0) \
    M(T, title_elsewhere, "page.title.elsewhere", "You are signed in elsewhere", 0) \
    M(T, elsewhere, "page.elsewhere", \
      "The proxy in front of this server has signed you in; sign out there.", 0) \
    M(T, title_signed_out, "page.title.signed_out", "You are signed out", 0) \
    M(T, signed_out, "page.signed_out", "This browser has forgotten you.", 0) \
    M(T, title_nothing, "page.title.nothing", "There is nothing here", 0) \
    M(T, nothing, "page.nothing", "The address is old, or was not typed right.", 0) \
    M(T, sso_refused, "page.sso_refused", \
      "The sign-in was not accepted. If you did not decline it yourself, whoever runs this " \
      "server finds the reason in its log.", 0) \
    M(T, sso_paused, "page.sso_paused", \
      "The provider has asked for a pause, and is asked nothing meanwhile. Wait {wait}, then try " \
      "again.", 1, DURATION, wait) \
    M(T, title_sso_unknown, "page.title.sso_unknown", "There is no such way to sign in", 0) \
    M(T, sso_unknown, "page.sso_unknown", "This server does not know that provider.", 0) \
    M(T, title_sso_stranger, "page.title.sso_stranger", "There is no account for you here yet", 0) \
    M(T, sso_stranger, "page.sso_stranger", \
      "You are signed in at the provider, but nobody with your confirmed e-mail address has " \
      "an account on this server. Sign in with your Mozilla account once; from then on this " \
      "way works, too.", 0) \
    M(T, sso_other, "page.sso_other", \
      "This answer belongs to another sign-in. The one that you began goes on in the window " \
      "where you are signing in.", 0) \
    M(T, title_sso_go_on, "page.title.sso_go_on", "Sign in?", 0) \
    M(T, title_signin, "page.title.signin", "Sign in", 0) \
    M(T, signin, "page.signin", \
      "Your Firefox bookmarks, history and open tabs, in any browser.", 0) \
    M(T, signin_browser, "page.signin_browser", \
      "Sign in where your Firefox does. Hearth never sees your password.", 0) \
    M(T, signin_password, "page.signin_password", \
      "Type the password of your Mozilla account here. It is used once and not kept.", 0) \
    M(T, other_device, "page.other_device", \
      "If you are signed in on another device, let it show you a code and type it here.", 0) \
    M(T, signin_none, "page.signin_none", \
      "This server is not set up for signing in with a Mozilla account. Whoever runs it " \
      "finds the settings under \u201c[sync \u2026]\u201d in its documentation.", 0) \
    M(T, not_accepted, "page.not_accepted", "The sign-in was not accepted.", 0) \
    M(T, looks_again, "page.looks_again", \
      "This page looks again by itself every {pause}.", 1, DURATION, pause) \
    M(T, title_joins, "page.title.joins", "Your sign-in joins an account", 0) \
    M(T, joins, "page.joins", \
      "There are data here of {email} that another sign-in brought. Whoever runs this server " \
      "has said that they are yours, too. Browsers, API tokens, links and other sign-ins " \
      "that opened this account until now end with it.", 1, TEXT, email) \
    M(T, title_new_key, "page.title.new_key", "Your account has a new key", 0) \
    M(T, new_key, "page.new_key", \
      "The password of {email} was reset, so your Firefox data are now encrypted with " \
      "another key, and the Sync service has begun anew. What Hearth has read before is " \
      "still here.", 1, TEXT, email) \
    M(T, label_keep, "page.label.keep", "Keep what is here", 0) \
    M(T, keep, "page.keep", \
      "History stays. Bookmarks and tabs are replaced as soon as a Firefox has synced to the " \
      "account again.", 0) \
    M(T, label_anew, "page.label.anew", "Delete it and begin anew", 0) \
    M(T, anew, "page.anew", \
      "All history, settings and API tokens of this account here are deleted.", 0) \
    M(T, title_remove, "page.title.remove", "Remove from your history here?", 0) \
    M(T, remove, "page.remove", \
      "It is removed on this server alone and kept removed, also when it is synced again. It is " \
      "not removed from Firefox or from the Sync server.", 0) \
    M(T, title_remove_what, "page.title.remove_what", "That does not say what to remove", 0) \
    M(T, remove_what, "page.remove_what", \
      "Choose a visit, a page or a site of your history, or write days like 2026-11-29, the " \
      "first one first.", 0) \
    M(T, title_removed, "page.title.removed", "It is removed here", 0) \
    M(T, removed, "page.removed", \
      "{visits, plural, one {# visit} other {# visits}} of {pages, plural, one {# page} other " \
      "{# pages}} went; what Firefox or the Sync server still have of it is kept out.", \
      2, COUNT, visits, COUNT, pages) \
    M(T, title_removals, "page.title.removals", "Removed here", 0) \
    M(T, removals, "page.removals", \
      "What you removed from your history here is kept out, although Firefox or the Sync server " \
      "may still have it. Of the address of a page nothing is kept. Times are in UTC.", 0) \
    M(T, title_allowed, "page.title.allowed", "It is not kept out any more", 0) \
    M(T, allowed, "page.allowed", \
      "What its source still has of it comes back with the next complete sync, which was asked " \
      "for.", 0) \
    M(T, title_account, "page.title.account", "Account", 0) \
    M(T, title_add_device, "page.title.add_device", "Add another device", 0) \
    M(T, add_scan, "page.add_scan", \
      "Once, within {life}: scan this with the other device, or open this address there.", \
      1, DURATION, life) \
    M(T, add_type, "page.add_type", \
      "Or open {address} there and type the code.", 1, TEXT, address) \
    M(T, last_used, "page.last_used", "It was last used at {time}.", 1, TIME, time) \
    M(T, no_browsers, "page.no_browsers", "No browser is signed in.", 0) \
    M(T, syncing, "page.syncing", "A sync is running.", 0) \
    M(T, synced, "page.synced", "Synced {time}.", 1, TIME, time) \
    M(T, not_synced, "page.not_synced", \
      "Not synced yet. The first sync takes a moment; load this page again.", 0) \
    M(T, uploaded, "page.uploaded", "Last uploaded {time}.", 1, TIME, time) \
    M(T, no_tabs, "page.no_tabs", "No open tabs.", 0) \
    M(T, hidden_devices, "page.hidden_devices", \
      "A hidden device and its tabs are shown nowhere here. Nothing is changed on the device, or " \
      "at the Sync service.", 0) \
    M(T, no_devices, "page.no_devices", "No device has uploaded anything yet.", 0) \
    M(T, empty, "page.empty", "Nothing here.", 0) \
    M(T, not_found, "page.not_found", "Nothing was found.", 0)
/* clang-format on */

PAGES_MESSAGES(HEARTH_MESSAGE_DEFINE, pages_says)

#endif
