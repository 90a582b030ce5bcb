#include "base/email.h"

#include <string.h>

#include "base/str.h"

/* Not shown, or shown as something else: control and format characters, directions, joiners,
 * fillers, ends of lines, U+FFFD (what a decoder found no other place for), what is private or
 * no character. */
static bool code_point_hides(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } hidden[] = {{0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
                  {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
                  {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
                  {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x2800, 0x2800},
                  {0x3164, 0x3164},   {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},
                  {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xffff},   {0x110bd, 0x110bd},
                  {0x110cd, 0x110cd}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (c >= hidden[i].from && c <= hidden[i].to)
            return true;
    return (c & 0xfffe) == 0xfffe;
}

static bool code_point_is_space(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

bool email_name_is_plain(const char *name)
{
    size_t size = strlen(name);
    if (!str_is_utf8(name, size))
        return false;
    for (size_t at = 0; at < size;)
        if (code_point_hides(str_next_char(name, size, &at)))
            return false;
    return true;
}

const char *email_fault(const char *text)
{
    const char *at = strchr(text, '@');
    size_t size = strlen(text);
    if (at == NULL)
        return "has no @";
    if (strchr(at + 1, '@') != NULL)
        return "has more than one @";
    if (at == text || at[1] == '\0')
        return "has nothing on one side of the @";
    if (size > EMAIL_MAX)
        return "is longer than 255 bytes, which no e-mail address is";
    if (text[0] == '-')
        return "begins with a hyphen";
    if (!email_name_is_plain(text))
        return "has characters that are not shown";
    if (strpbrk(text, "\"\\<>(),;:") != NULL)
        return "has a character that no e-mail address has without quotes";
    for (size_t i = 0; i < size;)
        if (code_point_is_space(str_next_char(text, size, &i)))
            return "has a space in it";
    return NULL;
}
