-- name, bytes, ms ->
local name = P .. 'keep:' .. ARGV[1]
redis.call('SET', name, ARGV[2], 'PX', ARGV[3])
redis.call('DEL', name .. ':taken')
return 1
