-- key, lease number, enum hearth_job_outcome, delay -> 1, or 0: the lease was lost
local key, outcome, delay = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
if not holds(key, ARGV[2]) then
    return 0
end
if outcome ~= 1 then
    drop(key)
    if outcome == 2 then
        redis.call('INCR', P .. 'dead')
    end
    return 1
end
redis.call('ZREM', LEASED, key)
if delay == 0 then
    make_ready(key, tonumber(redis.call('HGET', job(key), 'p') or nil) or 2)
else
    delay_until(key, now + delay)
end
return 1
