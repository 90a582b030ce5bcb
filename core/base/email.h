/* What an e-mail address is, wherever one comes in: from providers, imports, proxies, the
 * configuration, a form. */
#ifndef HEARTH_CORE_BASE_EMAIL_H
#define HEARTH_CORE_BASE_EMAIL_H

#include <stdbool.h>

enum { EMAIL_MAX = 255 };

/* NULL: it is one. Else what is the matter, to be said behind the address: "has no @". One @
 * with something on both sides, no - at the start, no spaces nor what a mail program quotes,
 * nothing that is not shown or changes how the rest is, UTF-8, no longer than EMAIL_MAX bytes. */
const char *email_fault(const char *text);
/* The same of a name that is no address: UTF-8 without what is not shown or changes how the rest
 * is. Spaces may be inside. */
bool email_name_is_plain(const char *name);

#endif
