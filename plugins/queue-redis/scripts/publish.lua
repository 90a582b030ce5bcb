-- key, payload, priority, delay, most jobs -> enum hearth_publish_result, or -1: full
local key, payload = ARGV[1], ARGV[2]
local priority, delay, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
promote()
local had = tonumber(redis.call('HGET', job(key), 'p') or nil)
local leased = tonumber(redis.call('ZSCORE', LEASED, key) or nil)
if had and leased and leased > now then
    return 3
end
local ready = redis.call('ZSCORE', READY, key)
local delayed = tonumber(redis.call('ZSCORE', DELAYED, key) or nil)
if had and leased then -- its lease is over, but so many are that promote() did not come to it
    redis.call('ZREM', LEASED, key)
    make_ready(key, had)
    ready = true
end
if had and (ready or delayed) then
    local sooner = delayed and (delay == 0 or now + delay < delayed)
    local higher = priority < had
    if not sooner and not higher then
        return 2
    end
    if higher then
        redis.call('HSET', job(key), 'p', priority)
        had = priority
    end
    if ready or delay == 0 then
        redis.call('ZREM', DELAYED, key)
        make_ready(key, had)
    elseif sooner then
        delay_until(key, now + delay)
    end
    return 1
end
-- What an eviction left; else nothing is written yet, so that a full server can still refuse.
if had or ready or delayed or leased then
    drop(key)
end
local all = redis.call('ZCARD', READY) + redis.call('ZCARD', DELAYED) + redis.call('ZCARD', LEASED)
if all >= most then
    return -1
end
redis.call('HSET', job(key), 'p', priority, 'd', payload, 'a', 0)
if delay == 0 then
    make_ready(key, priority)
else
    delay_until(key, now + delay)
end
return 0
