-- name -> {}: there is none, {bytes}: now it is the caller's, {''}: it is somebody's
local name = P .. 'keep:' .. ARGV[1]
local bytes = redis.call('GET', name)
if not bytes then
    return {}
end
if bytes ~= '' then
    redis.call('SET', name, '', 'KEEPTTL')
end
return {bytes}
