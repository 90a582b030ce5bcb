/* Header values of a hostile server: a line of input is "name: value". Addresses and timestamps
 * too. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "hawk.h"
#include "text.h"
#include "timestamp.h"
#include "url.h"
#include "codec/codec.h"
#include "support/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_value(const char *value)
{
    struct fx_url url;
    int64_t number, again;
    char printed[FX_TIMESTAMP_TEXT], base[FX_URL_MAX], header[4096], encoded[512];
    if (fx_timestamp_parse(value, strlen(value), &number) == 0) {
        fx_timestamp_print(number, printed);
        check(fx_timestamp_parse(printed, strlen(printed), &again) == 0 && number == again);
    }
    if (fx_answer_seconds(value, &number) == 0)
        check(number >= 0 && number <= 86400000);
    if (fx_answer_hawk_ts(value, &number) == 0)
        check(number >= 0);
    if (fx_url_parse(value, &url) == 0) {
        check(url.host[0] != '\0' && url.port != 0);
        struct fx_hawk hawk = {.id = "i", .key = "k", .method = "GET", .url = &url, .nonce = "n"};
        check(fx_hawk_header(&hawk, header, sizeof(header)) == 0);
    }
    if (fx_url_base(value, "/1.0/sync/1.5", base) == 0)
        check(fx_url_parse(base, &url) == 0);
    if (codec_percent_encode(value, "", encoded, sizeof(encoded)) == 0) {
        char back[sizeof(encoded)];
        size_t back_size;
        check(codec_percent_decode(CODEC_LENIENT, encoded, strlen(encoded), back, sizeof(back),
                                   &back_size) == 0);
        check(back_size == strlen(value) && strcmp(back, value) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MAX = 64 };
    struct hearth_http_header headers[MAX];
    struct hearth_http_response response = {
        .struct_size = sizeof(response), .status = 200, .headers = headers};
    struct fx_answer answer;
    char *text = malloc(size + 1);
    check(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = text, *next; line != NULL && response.header_count < MAX; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        char *value = strstr(line, ": ");
        check_value(value == NULL ? line : value + 2);
        if (value == NULL)
            continue;
        *value = '\0';
        headers[response.header_count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER(line, value + 2);
    }
    fx_answer_read(&response, &answer);
    check(strlen(answer.next) < sizeof(answer.next) &&
          codec_utf8_valid(answer.alert, strlen(answer.alert)));
    check(answer.retry_after >= 0 && answer.backoff >= 0 && answer.last_modified >= -1);
    free(text);
    return 0;
}
