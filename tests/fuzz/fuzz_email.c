/* E-mail addresses and names from anywhere: what is taken is shown as it is. */
#include <stdlib.h>
#include <string.h>

#include "base/email.h"
#include "base/magic.h"
#include "base/network.h"
#include "base/str.h"
#include "conf/conf.h"
#include "signin/allow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *shown = malloc(10 * size + 1);
    struct network network;
    if (text == NULL || shown == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    str_printable(text, shown, 10 * size + 1);
    const char *fault = email_fault(text), *const patterns[] = {"*@example.org", text};
    ASSERT(fault == NULL || fault[0] != '\0');
    if (fault == NULL) {
        const char *at = strchr(text, '@');
        ASSERT(strlen(text) <= EMAIL_MAX && at > text && at[1] != '\0' &&
               strchr(at + 1, '@') == NULL);
        ASSERT(email_name_is_plain(text) && strcmp(text, shown) == 0);
    }
    if (email_name_is_plain(text))
        ASSERT(str_is_utf8(text, strlen(text)) && strcmp(text, shown) == 0);
    const struct conf_list one = {1, patterns}, own = {1, patterns + 1};
    if (fault == NULL && signin_allow_matches(&one, text)) {
        size_t n = strlen(text);
        ASSERT(n > 12 && strncasecmp(text + n - 12, "@example.org", 12) == 0);
    }
    if (size < 300)
        signin_allow_matches(&own, "ada@example.org");
    if (network_parse(text, &network))
        ASSERT(network_contains(&network, network.family, network.address));
    free(shown);
    free(text);
    return 0;
}
