#include "answer.h"

#include <string.h>
#include <strings.h>

#include "text.h"
#include "timestamp.h"
#include "codec/codec.h"
#include "support/text.h"

enum { DAY = 86400 * 1000 };

int fx_answer_seconds(const char *text, int64_t *ret_ms)
{
    text += strspn(text, " \t");
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    rest += strspn(rest, " \t");
    if (digits == 0 || *rest != '\0')
        return HEARTH_ERR_INVALID;
    int64_t seconds = 0;
    for (size_t i = 0; i < digits && seconds <= DAY; i++)
        seconds = seconds * 10 + (text[i] - '0');
    *ret_ms = seconds > DAY / 1000 ? DAY : seconds * 1000;
    return 0;
}

int fx_answer_hawk_ts(const char *text, int64_t *ret_ts)
{
    text += strspn(text, " \t");
    if (strncasecmp(text, "Hawk", 4) != 0 || (text[4] != ' ' && text[4] != '\t'))
        return HEARTH_ERR_NOT_FOUND;
    for (const char *at = text + 4; *at != '\0';) {
        at += strspn(at, " \t,");
        size_t name = strcspn(at, "=, \t");
        bool is_ts = name == 2 && strncasecmp(at, "ts", 2) == 0;
        at += name;
        if (*at != '=')
            continue;
        at++;
        bool quoted = *at == '"';
        at += quoted;
        size_t size = strcspn(at, quoted ? "\"" : ", \t");
        if (is_ts) {
            int64_t centiseconds;
            if (fx_timestamp_parse(at, size, &centiseconds) != 0)
                return HEARTH_ERR_NOT_FOUND;
            *ret_ts = centiseconds / 100;
            return 0;
        }
        at += size;
        if (quoted && *at == '"')
            at++;
    }
    return HEARTH_ERR_NOT_FOUND;
}

static int64_t read_timestamp(const char *text)
{
    int64_t value = -1;
    text += strspn(text, " \t");
    fx_timestamp_parse(text, strcspn(text, " \t"), &value);
    return value;
}

/* -1: not a count. */
static int64_t read_count(const char *text)
{
    enum { DIGITS_MAX = 15 };
    text += strspn(text, " \t");
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX || text[digits + strspn(text + digits, " \t")] != '\0')
        return -1;
    int64_t count = 0;
    for (size_t i = 0; i < digits; i++)
        count = count * 10 + (text[i] - '0');
    return count;
}

static int body_type_read(const char *text)
{
    static const struct {
        const char *name;
        int type;
    } types[] = {{"application/newlines", FX_BODY_NEWLINES}, {"application/json", FX_BODY_JSON}};
    text += strspn(text, " \t");
    size_t size = strcspn(text, " \t;");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (size == strlen(types[i].name) && strncasecmp(text, types[i].name, size) == 0)
            return types[i].type;
    }
    return FX_BODY_OTHER;
}

static void read_next(const char *text, struct fx_answer *answer)
{
    answer->has_next = true;
    size_t size = strlen(text);
    answer->next[0] = '\0';
    if (size > 0 && size < sizeof(answer->next) && codec_utf8_valid(text, size))
        memcpy(answer->next, text, size + 1);
}

static void answer_read_header(const char *name, const char *value, struct fx_answer *answer)
{
    int64_t number;
    if (strcmp(name, "x-last-modified") == 0)
        answer->last_modified = read_timestamp(value);
    else if (strcmp(name, "x-weave-timestamp") == 0 || strcmp(name, "x-timestamp") == 0)
        answer->server_time = (number = read_timestamp(value)) < 0 ? -1 : number * 10;
    else if (strcmp(name, "content-type") == 0)
        answer->body_type = body_type_read(value);
    else if (strcmp(name, "x-weave-next-offset") == 0)
        read_next(value, answer);
    else if (strcmp(name, "x-weave-records") == 0)
        answer->records = read_count(value);
    else if ((strcmp(name, "x-weave-backoff") == 0 || strcmp(name, "x-backoff") == 0) &&
             fx_answer_seconds(value, &number) == 0)
        answer->backoff = number > answer->backoff ? number : answer->backoff;
    else if (strcmp(name, "retry-after") == 0 && fx_answer_seconds(value, &number) == 0)
        answer->retry_after = number;
    else if (strcmp(name, "www-authenticate") == 0 && fx_answer_hawk_ts(value, &number) == 0)
        answer->hawk_ts = number;
    else if (strcmp(name, "x-weave-alert") == 0) {
        size_t size = codec_utf8_valid(value, strlen(value))
                          ? support_utf8_cut(value, strlen(value), (FX_ALERT_MAX - 1) / 3)
                          : 0;
        memcpy(answer->alert, value, size);
        answer->alert[size] = '\0';
        fx_text_plain(answer->alert);
    }
}

void fx_answer_read(const struct hearth_http_response *response, struct fx_answer *ret_answer)
{
    *ret_answer = (struct fx_answer){.status = response->status,
                                     .last_modified = -1,
                                     .server_time = -1,
                                     .hawk_ts = -1,
                                     .records = -1};
    for (size_t i = 0; i < response->header_count; i++)
        answer_read_header(HEARTH_AT(response->headers, i)->name,
                           HEARTH_AT(response->headers, i)->value, ret_answer);
    if (ret_answer->retry_after == 0 && response->retry_after > 0) /* given as a date */
        ret_answer->retry_after = response->retry_after < DAY ? response->retry_after : DAY;
}
