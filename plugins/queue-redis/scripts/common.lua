-- Before every script. KEYS[1]: the prefix of all keys. `key` is what names a job, made of its kind
-- and key by member.c. A job is a hash (p priority, d payload, a attempts, l lease) and a member of
-- exactly one of three sorted sets:
--   ready    score: priority * 2^45 + order of arrival
--   delayed  score: when it may be taken
--   leased   score: when its lease ends
-- A member without its hash (the server evicted it) counts as gone. A fourth set, waiting, holds
-- the sessions that wait for a job, by the time until which they do. Times are milliseconds of this
-- server's clock: that of one machine, whoever asks.
local P = KEYS[1]
local READY, DELAYED, LEASED, WAITING = P .. 'ready', P .. 'delayed', P .. 'leased', P .. 'waiting'
local PRIORITY, PROMOTED = 35184372088832, 500
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function job(key)
    return P .. 'job:' .. key
end

-- Ends the waiting of one session. Those that died are found by their channel, which nobody hears.
local function wake()
    for _ = 1, 16 do
        local found = redis.call('ZPOPMAX', WAITING)
        if #found == 0 or redis.call('PUBLISH', P .. 'wake:' .. found[1], '') > 0 then
            return
        end
    end
end

-- At the end of its priority.
local function make_ready(key, priority)
    local score = priority * PRIORITY + redis.call('INCR', P .. 'order')
    redis.call('ZADD', READY, string.format('%.0f', score), key)
    wake()
end

local function delay_until(key, when)
    redis.call('ZADD', DELAYED, when, key)
    if redis.call('ZRANGE', DELAYED, 0, 0)[1] == key then
        wake()
    end
end

-- Those whose delay or lease is over become ready, the earliest first; so many at a time that no
-- script takes long.
local function promote()
    local due = {}
    for _, set in ipairs({DELAYED, LEASED}) do
        local found = redis.call('ZRANGEBYSCORE', set, '-inf', now, 'WITHSCORES',
            'LIMIT', 0, PROMOTED)
        for i = 1, #found, 2 do
            due[#due + 1] = {set = set, key = found[i], time = tonumber(found[i + 1])}
        end
    end
    table.sort(due, function(a, b) return a.time < b.time end)
    for _, d in ipairs(due) do
        local priority = tonumber(redis.call('HGET', job(d.key), 'p') or nil)
        redis.call('ZREM', d.set, d.key)
        if priority then
            make_ready(d.key, priority)
        end
    end
end

local function drop(key)
    redis.call('ZREM', READY, key)
    redis.call('ZREM', DELAYED, key)
    redis.call('ZREM', LEASED, key)
    redis.call('DEL', job(key))
end

-- Is this the job's present lease?
local function holds(key, lease)
    local ends = tonumber(redis.call('ZSCORE', LEASED, key) or nil)
    return ends and ends > now and redis.call('HGET', job(key), 'l') == lease
end
