/* Days in a time zone, from the system's tzdata (TZif, RFC 8536). The C library has one zone for
 * the whole process, so the files are read here. */
#ifndef HEARTH_CORE_API_TIMEZONE_H
#define HEARTH_CORE_API_TIMEZONE_H

#include <stdint.h>

struct err;
struct zone; /* immutable */

/* name: an IANA name, e.g. "Europe/Berlin". NOT_FOUND or INVALID; nothing outside of the tzdata
 * directory is opened. */
int api_timezone_load(const char *name, struct zone **ret_zone, struct err *err);
void api_timezone_free(struct zone *zone); /* accepts NULL */
/* seconds east of UTC at that time */
int32_t api_timezone_offset(const struct zone *zone, int64_t seconds);
/* local days since 1970-01-01 */
int64_t api_timezone_day(const struct zone *zone, int64_t ms);
void api_timezone_day_name(int64_t day, char ret[16]); /* "2026-11-23" */

#endif
