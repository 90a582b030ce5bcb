#include "archive/scan.h"

#include <string.h>

#include "archive/archive.h"
#include "base/str.h"
#include "codec/codec.h"

static bool scan_fail(struct scan *scan, const char *why)
{
    if (scan->why == NULL)
        scan->why = why;
    return false;
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r'))
        scan->at++;
}

/* The next character that is no space, and goes behind it; '\0': the line has ended, which has
 * no NUL. */
static char next_sign(struct scan *scan)
{
    skip_space(scan);
    return scan->at < scan->end ? *scan->at++ : '\0';
}

static char look_at_sign(struct scan *scan)
{
    skip_space(scan);
    return scan->at < scan->end ? *scan->at : '\0';
}

bool archive_scan_begin(struct scan *scan, char *line, size_t size)
{
    *scan = (struct scan){.at = line, .end = line + size, .first = true};
    if (memchr(line, '\0', size) != NULL || !str_is_utf8(line, size))
        return scan_fail(scan, "it is not UTF-8");
    return next_sign(scan) == '{' || scan_fail(scan, "it is no JSON object");
}

/* --- texts --- */

static bool read_four(struct scan *scan, uint32_t *ret)
{
    int unit = scan->end - scan->at < 4 ? -1 : codec_hex_unit(scan->at);
    if (unit < 0)
        return scan_fail(scan, "a \\u in it has no four digits");
    scan->at += 4;
    *ret = (uint32_t)unit;
    return true;
}

static bool read_code_point(struct scan *scan, char **to)
{
    uint32_t c, low;
    if (!read_four(scan, &c))
        return false;
    if (c == 0 || (c >= 0xdc00 && c < 0xe000))
        return scan_fail(scan, "a \\u in it is no character of a text");
    if (c >= 0xd800 && c < 0xdc00) {
        if (scan->end - scan->at < 2 || scan->at[0] != '\\' || scan->at[1] != 'u')
            return scan_fail(scan, "a \\u in it is half a character");
        scan->at += 2;
        if (!read_four(scan, &low))
            return false;
        if (low < 0xdc00 || low >= 0xe000)
            return scan_fail(scan, "a \\u in it is half a character");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    *to += str_put_char(*to, c); /* never more than the six or twelve bytes that said so */
    return true;
}

static bool read_escape(struct scan *scan, char **to)
{
    static const char signs[] = "\"\\/bfnrt", mean[] = "\"\\/\b\f\n\r\t";
    char c = scan->at < scan->end ? *scan->at++ : '\0';
    const char *found = c == '\0' ? NULL : strchr(signs, c);
    if (c == 'u')
        return read_code_point(scan, to);
    if (found == NULL)
        return scan_fail(scan, "there is no such escape as one in it");
    *(*to)++ = mean[found - signs];
    return true;
}

/* Behind the opening quote. What it says is never longer than how it is said: it is decoded in
 * its place, and the NUL is where the closing quote was, or before. */
static bool scan_read_text(struct scan *scan, const char **ret_text)
{
    char *text = scan->at, *to = text;
    while (scan->at < scan->end) {
        char c = *scan->at++;
        if (c == '"') {
            *to = '\0';
            *ret_text = text;
            return true;
        }
        if ((unsigned char)c < 32)
            return scan_fail(scan, "a text in it has a control character");
        if (c != '\\')
            *to++ = c;
        else if (!read_escape(scan, &to))
            return false;
    }
    return scan_fail(scan, "a text in it does not end");
}

/* --- members and values --- */

/* In front of a member or element: true, there is one. */
static bool has_another(struct scan *scan, char closing)
{
    char c = look_at_sign(scan);
    if (c == closing) {
        scan->at++;
        return false;
    }
    if (!scan->first && c != ',')
        return scan_fail(scan, "a comma is missing in it");
    if (!scan->first)
        scan->at++;
    scan->first = false;
    return true;
}

bool archive_scan_member(struct scan *scan, const char **ret_name)
{
    if (scan->why != NULL)
        return false;
    if (!has_another(scan, '}')) {
        if (scan->why == NULL && look_at_sign(scan) != '\0')
            scan_fail(scan, "something follows its object");
        return false;
    }
    if (next_sign(scan) != '"')
        return scan_fail(scan, "a name is missing in it");
    if (!scan_read_text(scan, ret_name))
        return false;
    return next_sign(scan) == ':' || scan_fail(scan, "a colon is missing in it");
}

static bool read_word(struct scan *scan, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, word, size) != 0)
        return scan_fail(scan, "it has a value that is none");
    scan->at += size;
    return true;
}

static bool scan_read_number(struct scan *scan, struct archive_scan_value *value)
{
    size_t size = 0;
    while ((size_t)(scan->end - scan->at) > size &&
           strchr("+-.0123456789Ee", scan->at[size]) != NULL)
        size++;
    if (size == 0)
        return scan_fail(scan, "it has a value that is none");
    if (size >= sizeof(value->number))
        return scan_fail(scan, "a number in it is too long");
    memcpy(value->number, scan->at, size);
    value->number[size] = '\0';
    scan->at += size;
    value->kind = SCAN_NUMBER;
    return true;
}

bool archive_scan_value(struct scan *scan, struct archive_scan_value *ret_value)
{
    switch (look_at_sign(scan)) {
    case '"':
        scan->at++;
        ret_value->kind = SCAN_TEXT;
        return scan_read_text(scan, &ret_value->text);
    case '[':
        ret_value->kind = SCAN_LIST;
        scan->at++;
        scan->first = true;
        return true;
    case '{':
        ret_value->kind = SCAN_OBJECT;
        return true;
    case 't':
    case 'f':
        ret_value->kind = SCAN_FLAG;
        ret_value->flag = *scan->at == 't';
        return read_word(scan, ret_value->flag ? "true" : "false");
    case 'n':
        ret_value->kind = SCAN_NULL;
        return read_word(scan, "null");
    default:
        return scan_read_number(scan, ret_value);
    }
}

bool archive_scan_element(struct scan *scan, const char **ret_text)
{
    if (!has_another(scan, ']')) {
        scan->first = false; /* of the object that the list is in */
        return false;
    }
    if (next_sign(scan) != '"')
        return scan_fail(scan, "a list in it has something else than texts");
    return scan_read_text(scan, ret_text);
}

/* A list's bracket is behind us already, an object's is not. Brackets are paired, and texts
 * stepped over; nobody looks at the rest. */
bool archive_scan_skip(struct scan *scan)
{
    char open[ARCHIVE_DEPTH_MAX];
    size_t depth = 0;
    if (scan->first)
        open[depth++] = ']';
    scan->first = false;
    do {
        const char *text;
        char c = next_sign(scan);
        switch (c) {
        case '\0':
            return scan_fail(scan, "a value in it does not end");
        case '"':
            if (!scan_read_text(scan, &text))
                return false;
            break;
        case '[':
        case '{':
            if (depth == ARCHIVE_DEPTH_MAX)
                return scan_fail(scan, "a value in it is too deep");
            open[depth++] = c == '[' ? ']' : '}';
            break;
        case ']':
        case '}':
            if (depth == 0 || open[--depth] != c)
                return scan_fail(scan, "its brackets are not paired");
            break;
        default:
            break;
        }
    } while (depth > 0);
    return true;
}

bool archive_scan_to_int(const char *number, int64_t *ret)
{
    if (number[0] == '+' || (number[0] == '-' ? number[1] : number[0]) == '\0')
        return false;
    return str_to_int(number, ret);
}
