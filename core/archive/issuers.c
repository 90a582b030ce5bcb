#include "archive/issuers.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

const char *archive_issuer_here(const char *was_id, const char *id, const char *issuer,
                                char *buffer, size_t size)
{
    static const char *const of_account[] = {"closed:", "left:"};
    size_t old = strlen(was_id);
    for (size_t i = 0; i < 2; i++) {
        size_t prefix = strlen(of_account[i]);
        if (!str_starts(issuer, of_account[i]) || strncmp(issuer + prefix, was_id, old) != 0)
            continue;
        const char *rest = issuer + prefix + old;
        if (*rest == '\0' || *rest == ':' || *rest == ' ')
            return snprintf(buffer, size, "%s%s%s", of_account[i], id, rest) < (int)size ? buffer
                                                                                         : issuer;
    }
    return issuer;
}

bool archive_issuer_belongs(const char *id, const char *issuer)
{
    size_t size = strlen(id);
    if (str_starts(issuer, "closed:"))
        return strcmp(issuer + 7, id) == 0;
    if (str_starts(issuer, "left:"))
        return strncmp(issuer + 5, id, size) == 0 && issuer[5 + size] == ':';
    return strcmp(issuer, "proxy") == 0 ||
           ((str_starts(issuer, "sync:") || str_starts(issuer, "oidc:")) && issuer[5] != '\0');
}
