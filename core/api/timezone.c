#include "api/timezone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/plain_file.h"
#include "codec/codec.h"

enum {
    OFFSET_MAX = 26 * 3600,
    /* RFC 8536, 3.2 */ FILE_MAX = 64 * 1024,
    NAME_MAX_SIZE = 64,
    HEADER = 44,
    TRANSITIONS_MAX = 2000,
    YEARS_AHEAD = 60,
    OFFSET_HOURS = 24, /* RFC 8536, 3.3 */
    CHANGE_HOURS = 167
};

struct transition {
    int64_t at; /* seconds since 1970: from here on */
    int32_t offset;
};

struct zone {
    int32_t first; /* before the first transition */
    size_t count;
    struct transition transitions[];
};

static bool is_zone_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < NAME_MAX_SIZE && name[0] != '/' && strstr(name, "..") == NULL &&
           strstr(name, "//") == NULL &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == n;
}

static int64_t tzif_number(const unsigned char *p, int size)
{
    uint64_t v = 0;
    for (int i = 0; i < size; i++)
        v = v << 8 | p[i];
    return size == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

static bool is_offset(int64_t seconds)
{
    return seconds > -OFFSET_MAX && seconds < OFFSET_MAX;
}

/* RFC 8536 says -2^59 for the beginning of time; what lies beyond cannot be computed with. */
static bool is_time(int64_t seconds)
{
    return seconds >= -((int64_t)1 << 59) && seconds <= (int64_t)1 << 59;
}

struct counts {
    int64_t isut, isstd, leap, time, type, chars;
};

static bool tzif_read_header(const unsigned char *p, size_t size, struct counts *ret)
{
    if (size < HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    *ret = (struct counts){tzif_number(p + 20, 4), tzif_number(p + 24, 4), tzif_number(p + 28, 4),
                           tzif_number(p + 32, 4), tzif_number(p + 36, 4), tzif_number(p + 40, 4)};
    return ret->isut >= 0 && ret->isstd >= 0 && ret->leap >= 0 && ret->time >= 0 &&
           ret->time <= TRANSITIONS_MAX && ret->type > 0 && ret->type <= 256 && ret->chars >= 0 &&
           ret->isut <= 256 && ret->isstd <= 256 && ret->leap <= 1000 && ret->chars <= 4096;
}

static size_t data_size(const struct counts *c, size_t time_size)
{
    return (size_t)(c->time * (int64_t)time_size + c->time + c->type * 6 + c->chars +
                    c->leap * ((int64_t)time_size + 4) + c->isstd + c->isut);
}

/* --- the rule for the time after the table: "CET-1CEST,M3.5.0,M10.5.0/3" --- */

struct rule {
    int32_t standard, daylight; /* seconds east */
    bool has_daylight;
    struct change {
        int month, week, day;
        int32_t time;
    } start, end;
};

static bool zone_name_may_have(char c, bool quoted)
{
    bool digit = c >= '0' && c <= '9';
    return (codec_is_alnum(c) && !digit) || (quoted && (digit || c == '+' || c == '-'));
}

/* "CET", "<+0545>": what is behind it; NULL: it is none. */
static const char *skip_name(const char *p)
{
    const char *from = *p == '<' ? p + 1 : p;
    bool quoted = from > p;
    size_t n = 0;
    while (zone_name_may_have(from[n], quoted))
        n++;
    if (n < 3 || (from > p && from[n] != '>'))
        return NULL;
    return from + n + (from > p);
}

/* Digits, at most `most`; NULL: there are none, or it is more. */
static const char *rule_read_number(const char *p, int most, int *ret)
{
    int value = 0;
    const char *from = p;
    while (*p >= '0' && *p <= '9' && value <= most)
        value = value * 10 + (*p++ - '0');
    *ret = value;
    return p == from || value > most ? NULL : p;
}

/* [+-]h[h[h]][:mm[:ss]]; NULL: it is none. */
static const char *rule_read_time(const char *p, int hours_most, int32_t *ret)
{
    int sign = *p == '-' ? -1 : 1, parts[3] = {0};
    p = rule_read_number(p + (*p == '-' || *p == '+'), hours_most, &parts[0]);
    for (int i = 1; i < 3 && p != NULL && *p == ':'; i++)
        p = rule_read_number(p + 1, 59, &parts[i]);
    *ret = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return p;
}

/* ",M3.5.0/2": the other forms are not used by tzdata for zones of today. */
static const char *rule_read_change(const char *p, struct change *ret)
{
    if (p[0] != ',' || p[1] != 'M')
        return NULL;
    p = rule_read_number(p + 2, 12, &ret->month);
    if (p != NULL)
        p = *p == '.' ? rule_read_number(p + 1, 5, &ret->week) : NULL;
    if (p != NULL)
        p = *p == '.' ? rule_read_number(p + 1, 6, &ret->day) : NULL;
    ret->time = 7200;
    if (p != NULL && *p == '/')
        p = rule_read_time(p + 1, CHANGE_HOURS, &ret->time);
    return p != NULL && ret->month >= 1 && ret->week >= 1 ? p : NULL;
}

static bool read_rule(const char *text, struct rule *ret)
{
    struct rule rule = {0};
    int32_t west = 0;
    const char *p = skip_name(text);
    if (p == NULL || (p = rule_read_time(p, OFFSET_HOURS, &west)) == NULL)
        return false;
    rule.standard = -west;
    rule.daylight = rule.standard + 3600;
    if (*p != '\0') {
        rule.has_daylight = true;
        if ((p = skip_name(p)) == NULL)
            return false;
        if (*p != ',') {
            if ((p = rule_read_time(p, OFFSET_HOURS, &west)) == NULL)
                return false;
            rule.daylight = -west;
        }
        if ((p = rule_read_change(p, &rule.start)) == NULL ||
            (p = rule_read_change(p, &rule.end)) == NULL)
            return false;
    }
    *ret = rule;
    return *p == '\0' && is_offset(rule.standard) && is_offset(rule.daylight);
}

/* Days since 1970 of a date (proleptic Gregorian calendar). */
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t change_at(const struct change *change, int64_t year, int32_t offset)
{
    int64_t first = days_from_date(year, change->month, 1);
    int64_t next = change->month == 12 ? days_from_date(year + 1, 1, 1)
                                       : days_from_date(year, change->month + 1, 1);
    int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    int64_t day = first + (change->day - weekday + 7) % 7 + (change->week - 1) * 7;
    while (day >= next)
        day -= 7;
    return day * 86400 + change->time - offset;
}

/* Writes the rule out as transitions for the years to come, so that one table serves all. */
static size_t add_rule(struct zone *zone, const struct rule *rule)
{
    int64_t last = zone->count > 0 ? zone->transitions[zone->count - 1].at : 0,
            year = 1970 + last / 31556952;
    if (!rule->has_daylight) {
        if (zone->count == 0)
            zone->first = rule->standard;
        return zone->count;
    }
    for (int i = 0; i < YEARS_AHEAD + 100 && year < 2100; i++, year++) {
        struct transition a = {change_at(&rule->start, year, rule->standard), rule->daylight};
        struct transition b = {change_at(&rule->end, year, rule->daylight), rule->standard};
        struct transition in_order[2] = {a.at < b.at ? a : b, a.at < b.at ? b : a};
        for (int k = 0; k < 2; k++)
            if (in_order[k].at > last) {
                zone->transitions[zone->count++] = in_order[k];
                last = in_order[k].at;
            }
    }
    return zone->count;
}

static struct zone *tzif_parse(const unsigned char *file, size_t size)
{
    struct counts c;
    if (!tzif_read_header(file, size, &c))
        return NULL;
    size_t skip = HEADER + data_size(&c, 4);
    /* the second part has 64-bit times */
    if (skip > size || !tzif_read_header(file + skip, size - skip, &c))
        return NULL;
    const unsigned char *p = file + skip + HEADER;
    size_t left = size - skip - HEADER, need = data_size(&c, 8);
    if (left < need + 2)
        return NULL;
    struct zone *zone = calloc(1, sizeof(*zone) + (size_t)(c.time + 2 * (YEARS_AHEAD + 100) + 2) *
                                                      sizeof(struct transition));
    if (zone == NULL)
        return NULL;
    const unsigned char *types = p + c.time * 8, *infos = types + c.time;
    zone->first = (int32_t)tzif_number(infos, 4);
    bool sound = is_offset(zone->first);
    /* RFC 8536, 3.2 */
    for (int64_t i = 0; i < c.time; i++)
        sound = sound && types[i] < c.type && is_offset(tzif_number(infos + types[i] * 6, 4)) &&
                is_time(tzif_number(p + i * 8, 8)) &&
                (i == 0 || tzif_number(p + i * 8, 8) > tzif_number(p + i * 8 - 8, 8));
    if (!sound) {
        free(zone);
        return NULL;
    }
    for (int64_t i = 0; i < c.time; i++)
        zone->transitions[zone->count++] = (struct transition){
            tzif_number(p + i * 8, 8), (int32_t)tzif_number(infos + types[i] * 6, 4)};
    char text[128];
    size_t n = left - need - 2;
    const char *footer = (const char *)p + need + 1;
    n = n >= sizeof(text) ? sizeof(text) - 1 : n;
    memcpy(text, footer, n);
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    struct rule rule;
    if (text[0] != '\0' && read_rule(text, &rule))
        add_rule(zone, &rule);
    return zone;
}

int api_timezone_load(const char *name, struct zone **ret_zone, struct err *err)
{
    char path[sizeof("/usr/share/zoneinfo/") + NAME_MAX_SIZE];
    if (!is_zone_name(name))
        return err_set(err, HEARTH_ERR_INVALID, "not the name of a time zone");
    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    int fd = -1;
    FILE *f = plain_file_open(path, &fd, NULL, NULL) < 0 ? NULL : fdopen(fd, "r");
    unsigned char *file = f == NULL ? NULL : malloc(FILE_MAX);
    size_t size = file == NULL ? 0 : fread(file, 1, FILE_MAX, f);
    if (f != NULL)
        fclose(f);
    else if (fd >= 0)
        close(fd);
    struct zone *zone = size > 0 && size < FILE_MAX ? tzif_parse(file, size) : NULL;
    free(file);
    if (zone == NULL && strcmp(name, "UTC") == 0) /* also where tzdata is not installed */
        zone = calloc(1, sizeof(*zone));
    if (zone == NULL)
        return err_set(err, HEARTH_ERR_NOT_FOUND, "there is no time zone %s", name);
    *ret_zone = zone;
    return 0;
}

void api_timezone_free(struct zone *zone)
{
    free(zone);
}

int32_t api_timezone_offset(const struct zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->transitions[middle].at <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? zone->first : zone->transitions[low - 1].offset;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t api_timezone_day(const struct zone *zone, int64_t ms)
{
    int64_t seconds = floor_div(ms, 1000);
    return floor_div(seconds + api_timezone_offset(zone, seconds), 86400);
}

void api_timezone_day_name(int64_t day, char ret[16])
{
    time_t seconds = (time_t)(day * 86400);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL || strftime(ret, 16, "%Y-%m-%d", &tm) == 0)
        snprintf(ret, 16, "?");
}
