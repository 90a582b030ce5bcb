-- which set (1 ready, 2 delayed, 3 leased), the key and the score before the page ('': from the
-- start), most rows, most bytes
-- -> {key, score, payload, priority, attempt, wait, …}; an empty one is the end. A job that moves
-- meanwhile may be shown twice or not at all.
local which, after, score = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local set, from = ({READY, DELAYED, LEASED})[which], 0
if which == 1 and score == '' then
    promote()
elseif score ~= '' then
    local rank = redis.call('ZSCORE', set, after) == score and redis.call('ZRANK', set, after)
    from = rank and rank + 1 or redis.call('ZCOUNT', set, '-inf', score)
end
local found, rows, bytes = redis.call('ZRANGE', set, from, from + ARGV[4] - 1, 'WITHSCORES'), {}, 0
for i = 1, #found, 2 do
    local stored = redis.call('HMGET', job(found[i]), 'd', 'p', 'a')
    local payload = stored[1] or ''
    bytes = bytes + #found[i] + #payload
    if i > 1 and bytes > tonumber(ARGV[5]) then
        break
    end
    local wait = which == 1 and 0 or math.max(found[i + 1] - now, 0)
    local priority, attempt = tonumber(stored[2] or nil) or 2, tonumber(stored[3] or nil) or 0
    for _, value in ipairs({found[i], found[i + 1], payload, priority, attempt, wait}) do
        rows[#rows + 1] = value
    end
end
return rows
