#include "text.h"

#include <stdlib.h>
#include <string.h>

static const struct shape {
    const char *word;
    int fields;
    bool rest; /* is needed */
    int32_t collection;
} shapes[LINE_KINDS] = {
    [LINE_ACCOUNT] = {"account", 2, false, HEARTH_COLLECTION_NONE},
    [LINE_DEVICE] = {"device", 1, true, HEARTH_CLIENTS},
    [LINE_TAB] = {"tab", 2, false, HEARTH_TABS},
    [LINE_FOLDER] = {"folder", 2, false, HEARTH_BOOKMARKS},
    [LINE_BOOKMARK] = {"bookmark", 3, false, HEARTH_BOOKMARKS},
    [LINE_PAGE] = {"page", 3, false, HEARTH_HISTORY},
    [LINE_FAIL] = {"fail", 1, true, HEARTH_COLLECTION_NONE},
};

/* What crosses the border is UTF-8: the shortest form, no surrogates, no NUL. */
static bool is_utf8(const unsigned char *at, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < size;) {
        size_t length = at[i] < 0x80                    ? 1
                        : at[i] >= 0xf0 && at[i] < 0xf8 ? 4
                        : at[i] >= 0xe0 && at[i] < 0xf0 ? 3
                        : at[i] >= 0xc0                 ? 2
                                                        : 0;
        if (at[i] == 0 || at[i] >= 0xf8 || length == 0 || length > size - i)
            return false;
        uint32_t code = length == 1 ? at[i] : at[i] & (0x7fu >> length);
        for (size_t k = 1; k < length; k++) {
            if ((at[i + k] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (at[i + k] & 0x3fu);
        }
        if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
        i += length;
    }
    return true;
}

/* Cuts the next field off; NULL when it is missing or empty. */
static char *field_cut(char **at)
{
    char *field = *at;
    size_t size = strcspn(field, " ");
    *at = field + size + (field[size] == ' ');
    field[size] = '\0';
    return size == 0 ? NULL : field;
}

static bool is_known_device(const struct text *text, const char *id)
{
    for (size_t i = 0; i < text->count; i++)
        if (text->lines[i].kind == LINE_DEVICE && strcmp(text->lines[i].field[0], id) == 0)
            return true;
    return false;
}

static bool read_date(const char *digits, int64_t *ret_date)
{
    char *end;
    size_t size = strspn(digits, "0123456789");
    if (size == 0 || size > 15 || digits[size] != '\0')
        return false;
    *ret_date = strtoll(digits, &end, 10);
    return *ret_date > 0;
}

static bool read_state(const char *word, int64_t *ret_state)
{
    static const struct {
        const char *word;
        int64_t state;
    } states[] = {{"waiting", HEARTH_ACCOUNT_WAITING},
                  {"signin", HEARTH_ACCOUNT_SIGNIN_NEEDED},
                  {"error", HEARTH_ACCOUNT_ERROR}};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(word, states[i].word) == 0) {
            *ret_state = states[i].state;
            return true;
        }
    }
    return false;
}

/* What is wrong with a line that has all its fields; NULL: nothing. */
static const char *check_line(struct text *text, struct line *line)
{
    switch (line->kind) {
    case LINE_ACCOUNT:
        return text->account != NULL                 ? "a second account: write one file for each"
               : strchr(line->field[0], '@') == NULL ? "the account's e-mail address has no @"
                                                     : NULL;
    case LINE_TAB:
        return is_known_device(text, line->field[0])
                   ? NULL
                   : "no device with this id stands above: add a device line";
    case LINE_PAGE:
        return read_date(line->field[2], &line->number)
                   ? NULL
                   : "the date is not a number of milliseconds since 1970";
    case LINE_FAIL:
        return read_state(line->field[0], &line->number)
                   ? NULL
                   : "the state is not waiting, signin or error";
    default:
        return NULL;
    }
}

static const char *parse_line(struct text *text, char *at)
{
    const char *word = field_cut(&at);
    struct line *line = &text->lines[text->count];
    size_t kind = 0;
    while (kind < LINE_KINDS && (word == NULL || strcmp(word, shapes[kind].word) != 0))
        kind++;
    if (kind == LINE_KINDS)
        return "begins with none of: account, device, tab, folder, bookmark, page, fail, #";
    *line = (struct line){.kind = (enum line_kind)kind, .collection = shapes[kind].collection};
    for (int i = 0; i < shapes[kind].fields; i++)
        if ((line->field[i] = field_cut(&at)) == NULL)
            return "a field is missing or empty: fields are separated by one space";
    line->rest = at;
    if (shapes[kind].rest && line->rest[0] == '\0')
        return "the text at its end is missing";
    const char *wrong = check_line(text, line);
    if (wrong != NULL)
        return wrong;
    if (kind == LINE_ACCOUNT)
        text->account = line;
    if (kind == LINE_FAIL)
        text->fail = line;
    text->count++;
    return NULL;
}

static size_t count_lines(const char *at, size_t size)
{
    size_t count = 1;
    for (size_t i = 0; i < size; i++)
        count += at[i] == '\n';
    return count;
}

int text_parse(const struct hearth_host *host, struct hearth_call *call, const void *bytes,
               size_t size, struct text *ret_text)
{
    struct text text = {.count = 0};
    if (!is_utf8(bytes, size))
        return hearth_fail(call, HEARTH_ERR_INVALID, "the text is not UTF-8: save it as UTF-8");
    char *copy = host->alloc(call, size + 1);
    text.lines = host->alloc(call, count_lines(bytes, size) * sizeof(struct line));
    if (copy == NULL || text.lines == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM,
                           "out of memory: try again later, or give the process more");
    if (size > 0)
        memcpy(copy, bytes, size);
    char *end = copy + size;
    *end = '\0';
    for (unsigned long number = 1; copy < end; number++) {
        char *next = copy + strcspn(copy, "\n");
        if (next > copy && next[-1] == '\r')
            next[-1] = '\0';
        *next = '\0';
        const char *wrong = copy[0] == '\0' || copy[0] == '#' ? NULL : parse_line(&text, copy);
        if (wrong != NULL)
            return hearth_fail(call, HEARTH_ERR_INVALID, "line %lu: %s", number, wrong);
        copy = next + 1;
    }
    if (text.account == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "no line says whose account it is: add \"account EMAIL UID\"");
    *ret_text = text;
    return 0;
}
