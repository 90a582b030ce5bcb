#include "timestamp.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hearth/plugin.h"

struct decimal {
    int64_t digits, exponent; /* digits * 10^exponent; 18 digits are exact, more are left out */
    size_t size;              /* of the text that was read; 0: none */
};

static bool decimal_is_digit(const char *text, size_t size, size_t at)
{
    return at < size && text[at] >= '0' && text[at] <= '9';
}

static struct decimal decimal_read(const char *text, size_t size)
{
    struct decimal d = {0};
    bool fraction = false;
    size_t i = 0;
    if (!decimal_is_digit(text, size, 0))
        return d;
    for (; decimal_is_digit(text, size, i); i++) {
        bool fits = d.digits <= FX_NUMBER_MAX / 10;
        if (fits)
            d.digits = d.digits * 10 + (text[i] - '0');
        d.exponent += (int)!fits - (int)fraction;
        if (!fraction && i + 1 < size && text[i + 1] == '.' &&
            decimal_is_digit(text, size, i + 2)) {
            fraction = true;
            i++;
        }
    }
    d.size = i;
    return d;
}

/* "e-5" behind the digits: added to the exponent. false: there is something else. */
static bool decimal_read_exponent(const char *text, size_t size, struct decimal *d)
{
    enum { EXPONENT_MAX = 100000 };
    size_t i = d->size;
    int64_t exponent = 0;
    if (i == size)
        return true;
    if (text[i] != 'e' && text[i] != 'E')
        return false;
    bool negative = i + 1 < size && text[i + 1] == '-';
    i += 1 + (i + 1 < size && (text[i + 1] == '-' || text[i + 1] == '+'));
    if (!decimal_is_digit(text, size, i))
        return false;
    for (; decimal_is_digit(text, size, i); i++)
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (text[i] - '0') : exponent;
    d->exponent += negative ? -exponent : exponent;
    return i == size;
}

static int64_t decimal_round(struct decimal d, int64_t most)
{
    int64_t last = 0;
    for (; d.exponent > 0 && d.digits > 0; d.exponent--) {
        if (d.digits > most / 10)
            return most;
        d.digits *= 10;
    }
    for (; d.exponent < 0 && (d.digits > 0 || last > 0); d.exponent++) {
        last = d.digits % 10;
        d.digits /= 10;
    }
    d.digits += last >= 5;
    return d.digits > most ? most : d.digits;
}

int fx_number_parse(const char *text, size_t size, int decimals, int64_t most, int64_t *ret_value)
{
    bool negative = size > 0 && text[0] == '-';
    struct decimal d = decimal_read(text + negative, size - negative);
    if (d.size == 0 || !decimal_read_exponent(text + negative, size - negative, &d))
        return HEARTH_ERR_INVALID;
    d.exponent += decimals;
    *ret_value = decimal_round(d, most);
    if (negative)
        *ret_value = -*ret_value;
    return 0;
}

int fx_timestamp_parse(const char *text, size_t size, int64_t *ret_centiseconds)
{
    static const int64_t most = 9999999999999999; /* 14 digits before the point */
    int64_t value;
    int r = fx_number_parse(text, size, 2, most, &value);
    if (r == 0)
        *ret_centiseconds = value < 0 ? 0 : value;
    return r;
}

static int date_digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

int fx_timestamp_parse_date(const char *text, int64_t *ret_ms)
{
    /* 0: a digit, x: a letter */
    static const char form[] = "xxx, 00 xxx 0000 00:00:00 GMT",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    text += strspn(text, " \t");
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        bool fits = form[i] == '0'   ? text[i] >= '0' && text[i] <= '9'
                    : form[i] == 'x' ? text[i] >= 'A' && text[i] <= 'z'
                                     : text[i] == form[i];
        if (!fits) /* the end, at the latest */
            return HEARTH_ERR_INVALID;
    }
    char month[4] = {text[8], text[9], text[10], '\0'};
    const char *found = strstr(months, month);
    struct tm tm = {.tm_mday = date_digits(text + 5, 2),
                    .tm_year = date_digits(text + 12, 4) - 1900,
                    .tm_hour = date_digits(text + 17, 2),
                    .tm_min = date_digits(text + 20, 2),
                    .tm_sec = date_digits(text + 23, 2)};
    if (found == NULL || (found - months) % 3 != 0 || tm.tm_year < 70)
        return HEARTH_ERR_INVALID;
    tm.tm_mon = (int)(found - months) / 3;
    int64_t seconds = (int64_t)timegm(&tm);
    if (seconds < 0)
        return HEARTH_ERR_INVALID;
    *ret_ms = seconds * 1000;
    return 0;
}

void fx_timestamp_print(int64_t centiseconds, char ret_text[FX_TIMESTAMP_TEXT])
{
    snprintf(ret_text, FX_TIMESTAMP_TEXT, "%lld.%02d", (long long)(centiseconds / 100),
             (int)(centiseconds % 100));
}
