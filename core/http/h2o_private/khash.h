/* Stands in for klib's header, which h2o's private one names but libh2o-dev does not bring:
 * h2o_compat.h needs the layout of its structures, in which the table of streams is a pointer.
 * Nothing here may be called. */
#ifndef HEARTH_CORE_HTTP_H2O_PRIVATE_KHASH_H
#define HEARTH_CORE_HTTP_H2O_PRIVATE_KHASH_H

typedef unsigned khiter_t;

#define KHASH_MAP_INIT_INT64(name, type)
#define khash_t(name)            void
#define kh_get(name, table, key) ((void)(table), (void)(key), 0u)
#define kh_end(table)            0u
#define kh_val(table, i)         NULL

#endif
