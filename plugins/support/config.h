/* Configured values. The host's array has elements of the host's size: values[key] would be wrong
 * where that is another. */
#ifndef SUPPORT_CONFIG_H
#define SUPPORT_CONFIG_H

#include "hearth/plugin.h"

/* NULL: it is not configured and has no fallback. */
static inline const char *support_config_text(const struct hearth_config_value *values, size_t key)
{
    const struct hearth_config_value *value = HEARTH_AT(values, key);
    return value->present ? value->text : NULL;
}

static inline int64_t support_config_number(const struct hearth_config_value *values, size_t key)
{
    return HEARTH_AT(values, key)->number;
}

static inline bool support_config_bool(const struct hearth_config_value *values, size_t key)
{
    return support_config_number(values, key) != 0;
}

#endif
