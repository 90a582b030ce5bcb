-- -> {ready, delayed, in work, dead}. Changes nothing, so that it counts those whose time has come
-- instead of promoting them.
local delayed = redis.call('ZCOUNT', DELAYED, '-inf', now)
local leased = redis.call('ZCOUNT', LEASED, '-inf', now)
return {
    redis.call('ZCARD', READY) + delayed + leased,
    redis.call('ZCARD', DELAYED) - delayed,
    redis.call('ZCARD', LEASED) - leased,
    tonumber(redis.call('GET', P .. 'dead') or nil) or 0,
}
