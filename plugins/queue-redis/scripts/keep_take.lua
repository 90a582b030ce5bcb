-- name, ms -> {}: there is none, {bytes}: it is the caller's until it is put back or this time is
-- over, {''}: it is somebody's
local name = P .. 'keep:' .. ARGV[1]
local bytes = redis.call('GET', name)
if not bytes then
    return {}
end
if not redis.call('SET', name .. ':taken', '', 'PX', ARGV[2], 'NX') then
    return {''}
end
return {bytes}
