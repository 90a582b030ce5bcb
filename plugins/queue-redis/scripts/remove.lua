-- key -> 1, or 0: there is none
local key = ARGV[1]
local there = redis.call('ZSCORE', READY, key) or redis.call('ZSCORE', DELAYED, key)
    or redis.call('ZSCORE', LEASED, key)
drop(key)
return there and 1 or 0
