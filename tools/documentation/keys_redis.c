#include "documentation.h"

#include "queue-redis/config_keys.h"

const struct plugin_keys documentation_keys_redis = {
    "queue", "redis", redis_config_keys, sizeof(redis_config_keys) / sizeof(redis_config_keys[0])};
