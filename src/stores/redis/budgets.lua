-- The rule of src/identity/failures.rs, word for word, on records that all nodes share. A test
-- holds the two against each other. ARGV: what, now in ms, then the budgets per minute. KEYS: the
-- records it is about. A record is a hash: count, began, pauses, until, lasts.
local what, now = ARGV[1], tonumber(ARGV[2])
local WINDOW, FORGIVEN, KEPT = 60000, 3600000, 86400000
local ACCOUNT, ADDRESS = { first = 15000, longest = 900000 }, { first = 5000, longest = 60000 }

local function number(field) return tonumber(field or '0') or 0 end

local function text(n) return string.format('%.0f', n) end

-- Milliseconds the pause still lasts. A clock that was ahead when it began has made its end too
-- late.
local function pause(key)
    local record = redis.call('HMGET', key, 'until', 'lasts')
    local ends, latest = number(record[1]), now + number(record[2])
    if ends > latest then
        ends = latest
        redis.call('HSET', key, 'until', text(ends))
    end
    return math.max(0, ends - now)
end

local function touch(key)
    redis.call('HSETNX', key, 'count', '0')
    redis.call('PEXPIRE', key, KEPT)
end

local function count(key, per_minute, pauses)
    local record = redis.call('HMGET', key, 'count', 'began', 'pauses', 'until', 'lasts')
    local counted, began = number(record[1]), number(record[2])
    local paused, ends = number(record[3]), number(record[4])
    local lasts = number(record[5])
    if now >= began + WINDOW or now < began then
        began, counted = now, 0
    end
    counted = counted + 1
    if counted >= per_minute then
        if now > math.min(ends, now + lasts) + FORGIVEN then paused = 0 end
        lasts = math.min(pauses.longest, pauses.first * 2 ^ math.min(paused, 16))
        ends = now + lasts
        paused, counted = paused + 1, 0
    end
    redis.call('HSET', key, 'count', text(counted), 'began', text(began), 'pauses', text(paused))
    redis.call('HSET', key, 'until', text(ends), 'lasts', text(lasts))
    redis.call('PEXPIRE', key, KEPT)
end

if what == 'admit' then return { 'admitted', pause(KEYS[1]) } end

if what == 'count' then
    local left = pause(KEYS[1])
    if left == 0 or ARGV[4] == 'always' then count(KEYS[1], tonumber(ARGV[3]), ADDRESS) end
    return { 'counted', left }
end

-- settle: KEYS are the address, the account as known from there, and the account; ARGV goes on with
-- per address, per account, right, home.
local address, known, account = KEYS[1], KEYS[2], KEYS[3]
local right = ARGV[5] == 'right'
local left = pause(address)
if left > 0 then return { 'address', left } end
if ARGV[6] == 'home' or redis.call('EXISTS', known) == 1 then account = known end
if not right then count(address, tonumber(ARGV[3]), ADDRESS) end
if pause(account) > 0 then return { 'paused', 0 } end
if right then
    touch(known)
    return { 'right', 0 }
end
count(account, tonumber(ARGV[4]), ACCOUNT)
return { 'wrong', 0 }
