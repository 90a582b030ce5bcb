-- most -> how many waiting jobs were dropped; to be called again while it is the most
promote()
local most, dropped = tonumber(ARGV[1]), 0
for _, set in ipairs({READY, DELAYED}) do
    for _, key in ipairs(redis.call('ZRANGE', set, 0, most - dropped - 1)) do
        drop(key)
        dropped = dropped + 1
    end
    if dropped >= most then
        break
    end
end
return dropped
