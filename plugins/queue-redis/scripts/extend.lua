-- key, lease number, lease -> 1, or 0: the lease was lost
if not holds(ARGV[1], ARGV[2]) then
    return 0
end
redis.call('ZADD', LEASED, now + ARGV[3], ARGV[1])
return 1
