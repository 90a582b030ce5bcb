-- lease, session, how long it will wait (0: not at all)
-- -> {key, payload, priority, attempt, lease number}; or ms until a job may become ready, -1: none
-- in sight. In the second case the session is woken by a message to wake:<session>.
redis.call('ZREM', WAITING, ARGV[2])
promote()
for _ = 1, 100 do
    local first = redis.call('ZPOPMIN', READY)
    if #first == 0 then
        break
    end
    local key = first[1]
    local stored = redis.call('HMGET', job(key), 'd', 'p')
    if stored[2] then
        local number = time[1] .. string.format('%06d', time[2]) .. redis.call('INCR', P .. 'lease')
        redis.call('ZADD', LEASED, now + ARGV[1], key)
        redis.call('HSET', job(key), 'l', number)
        local attempt = redis.call('HINCRBY', job(key), 'a', 1)
        return {key, stored[1] or '', tonumber(stored[2]), attempt, number}
    end
end
local wait = redis.call('ZCARD', READY) > 0 and 0 or -1
for _, set in ipairs({DELAYED, LEASED}) do
    local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
    if #first > 0 and (wait < 0 or first[2] - now < wait) then
        wait = math.max(first[2] - now, 0)
    end
end
if tonumber(ARGV[3]) > 0 then
    redis.call('ZREMRANGEBYSCORE', WAITING, '-inf', now)
    redis.call('ZADD', WAITING, now + ARGV[3], ARGV[2])
end
return wait
