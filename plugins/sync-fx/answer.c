#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"
#include "timestamp.h"
#include "codec/codec.h"
#include "support/text.h"

enum { DAY = 86400 * 1000 };

/* A header's value: blanks around it do not count. */
static int answer_number(const char *text, int decimals, int64_t most, int64_t *ret_value)
{
    text += strspn(text, " \t");
    size_t size = strcspn(text, " \t");
    return text[size + strspn(text + size, " \t")] == '\0'
               ? fx_number_parse(text, size, decimals, most, ret_value)
               : HEARTH_ERR_INVALID;
}

/* Two servers on the way may ask for a pause, and a proxy joins what both say: the longest. */
int fx_answer_seconds(const char *text, int64_t *ret_ms)
{
    enum { NUMBER_MAX = 100 };
    char number[NUMBER_MAX];
    int64_t longest = 0, hundredths;
    for (const char *at = text;; at++) {
        size_t size = strcspn(at, ",");
        if (size >= sizeof(number))
            return HEARTH_ERR_INVALID;
        memcpy(number, at, size);
        number[size] = '\0';
        int r = answer_number(number, 2, DAY / 10, &hundredths);
        if (r != 0)
            return r;
        longest = hundredths > longest ? hundredths : longest;
        at += size;
        if (*at == '\0')
            break;
    }
    *ret_ms = longest * 10;
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
    int64_t count;
    return answer_number(text, 0, FX_NUMBER_MAX, &count) == 0 && count >= 0 && count < FX_NUMBER_MAX
               ? count
               : -1;
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
    else if (strcmp(name, "x-weave-timestamp") == 0 || strcmp(name, "x-timestamp") == 0) {
        answer->is_weave |= name[2] == 'w';
        answer->weave_time = (number = read_timestamp(value)) < 0 ? -1 : number * 10;
    } else if (strcmp(name, "date") == 0 && fx_timestamp_parse_date(value, &number) == 0)
        answer->date = number;
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
        answer->retry_after = number > answer->retry_after ? number : answer->retry_after;
    else if (strcmp(name, "www-authenticate") == 0) {
        answer->is_hawk |= strncasecmp(value + strspn(value, " \t"), "Hawk", 4) == 0;
        if (fx_answer_hawk_ts(value, &number) == 0)
            answer->hawk_ts = number;
    } else if (strcmp(name, "x-weave-alert") == 0) {
        size_t size = codec_utf8_valid(value, strlen(value))
                          ? support_utf8_cut(value, strlen(value), (FX_ALERT_MAX - 1) / 3)
                          : 0;
        memcpy(answer->alert, value, size);
        answer->alert[size] = '\0';
        fx_text_plain(answer->alert);
    }
}

/* Some servers write X-Last-Modified into X-Weave-Timestamp, so that it is no clock; in an answer
 * of which only the one is there, Date tells. What contradicts itself teaches nothing. */
static void answer_read_clock(struct fx_answer *answer)
{
    enum { AGREE = 30 * 1000 };
    if (answer->is_weave && answer->last_modified >= 0 &&
        answer->weave_time == answer->last_modified * 10)
        answer->weave_time = -1;
    bool both = answer->date >= 0 && answer->weave_time >= 0;
    if (both && llabs(answer->date - answer->weave_time) > AGREE)
        return;
    answer->server_time = answer->weave_time >= 0 ? answer->weave_time : answer->date;
}

void fx_answer_read(const struct hearth_http_response *response, struct fx_answer *ret_answer)
{
    *ret_answer = (struct fx_answer){.status = response->status,
                                     .last_modified = -1,
                                     .server_time = -1,
                                     .date = -1,
                                     .weave_time = -1,
                                     .hawk_ts = -1,
                                     .records = -1};
    for (size_t i = 0; i < response->header_count; i++)
        answer_read_header(HEARTH_AT(response->headers, i)->name,
                           HEARTH_AT(response->headers, i)->value, ret_answer);
    if (ret_answer->retry_after == 0 && response->retry_after > 0) /* given as a date */
        ret_answer->retry_after = response->retry_after < DAY ? response->retry_after : DAY;
    answer_read_clock(ret_answer);
}

/* A value of JSON, cut off or whole: nobody's page begins like one. */
static bool body_is_json(const char *body)
{
    body += strspn(body, " \t\r\n");
    size_t number = strspn(body, "-+.eE0123456789");
    return *body == '{' || *body == '[' || *body == '"' ||
           body[number + strspn(body + number, " \t\r\n")] == '\0' ||
           strncmp(body, "null", 4) == 0 || strncmp(body, "true", 4) == 0 ||
           strncmp(body, "false", 5) == 0;
}

bool fx_answer_is_foreign(const struct fx_answer *answer)
{
    const char *body = answer->error_body;
    bool page = body[strspn(body, " \t\r\n")] == '<';
    return !answer->is_hawk && (page || (!answer->is_weave && !body_is_json(body)));
}
