/* hiredis as this plugin uses it, its parser alone, from 0.14 (Debian 12) to 1.x (Debian 13).
 * What differs between them lies here; nothing else includes its headers. */
#ifndef QUEUE_REDIS_HIREDIS_COMPAT_H
#define QUEUE_REDIS_HIREDIS_COMPAT_H

#include <stdint.h>

#include <hiredis/hiredis.h>
#include <hiredis/sds.h>

#if HIREDIS_MAJOR >= 1

typedef size_t hiredis_count;

static inline size_t hiredis_size(hiredis_count elements)
{
    return elements;
}

/* 1.x also reads RESP 3, which nobody asked for here. Without these two it would hand out a
 * number in the place of a pointer. */
static inline void *hiredis_refuse_double(const redisReadTask *task, double value, char *text,
                                          size_t size)
{
    (void)task, (void)value, (void)text, (void)size;
    return NULL;
}

static inline void *hiredis_refuse_bool(const redisReadTask *task, int value)
{
    (void)task, (void)value;
    return NULL;
}

#define HIREDIS_REFUSED .createDouble = hiredis_refuse_double, .createBool = hiredis_refuse_bool

#else

typedef int hiredis_count;

static inline size_t hiredis_size(hiredis_count elements)
{
    return elements < 0 ? SIZE_MAX : (size_t)elements;
}

#define HIREDIS_REFUSED

#endif

#endif
