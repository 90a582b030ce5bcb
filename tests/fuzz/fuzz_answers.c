/* What accounts, token and storage servers answer during one sync: answers with 0x1e between
 * them, each "STATUS", header lines, an empty line, the body. Whatever they say, the sync ends
 * in a state and with a sentence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/magic.h"
#include "fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *answers; /* the ones to come; NULL: no more */
static int requests;

static char *next_line(char **rest)
{
    char *line = *rest, *end = line == NULL ? NULL : strchr(line, '\n');
    if (end != NULL)
        *end++ = '\0';
    *rest = end;
    return line;
}

static int on_fetch(const struct hearth_host *host, struct hearth_call *call,
                    const struct hearth_http_request *request)
{
    (void)host;
    struct hearth_http_header headers[16];
    struct hearth_http_response response = {.struct_size = sizeof(response), .headers = headers};
    char *rest = answers, *line;
    ASSERT(++requests < 10000); /* it ends by itself */
    ASSERT(strncasecmp(request->url, "https://", 8) == 0 ||
           strncasecmp(request->url, "http://", 7) == 0);
    if (rest == NULL)
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "nobody answers");
    if ((answers = strchr(rest, 0x1e)) != NULL)
        *answers++ = '\0';
    line = next_line(&rest);
    response.status = (int)strtol(line, NULL, 10);
    if (response.status < 100 || response.status > 599)
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "nobody answers");
    while ((line = next_line(&rest)) != NULL && line[0] != '\0') {
        char *colon = strchr(line, ':');
        if (colon == NULL || response.header_count == 16)
            continue;
        *colon = '\0';
        headers[response.header_count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER(line, colon + 1 + (colon[1] == ' '));
    }
    if (request->on_response(request->ctx, &response) != 0)
        return HEARTH_ERR_CANCELLED;
    size_t size = rest == NULL ? 0 : strlen(rest), half = size / 2;
    if (size > 0 && (request->on_body(request->ctx, rest, half) != 0 ||
                     request->on_body(request->ctx, rest + half, size - half) != 0))
        return HEARTH_ERR_CANCELLED;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    answers = text;
    requests = 0;
    struct fake *f = fake_create();
    f->host.http_fetch = on_fetch;
    char *credentials = fake_text(f, "%s", f->credentials);
    /* The token has to be fetched, which asks where. */
    char *refresh =
        fake_text(f, "%.*s\"refresh_token\":\"%064d\"}",
                  (int)(strstr(credentials, "\"access_token\"") - credentials), credentials, 7);
    struct hearth_sync_sink sink = fake_sink(f);
    struct hearth_pull pull = {.struct_size = sizeof(pull),
                               .account = "acc1",
                               .email = "ada@example.org",
                               .credentials = refresh,
                               .credentials_size = strlen(refresh),
                               .sink = &sink};
    f->result = (struct hearth_pull_result){.struct_size = sizeof(f->result)};
    int r = f->ops->pull(f->handle, &f->call, &pull, &f->result);
    ASSERT(r <= 0 && (f->result.message == NULL || f->result.message->text != NULL));
    fake_destroy(f);
    free(text);
    return 0;
}
