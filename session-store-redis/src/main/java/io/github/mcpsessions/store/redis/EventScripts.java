package io.github.mcpsessions.store.redis;

/**
 * The scripts of {@link RedisEventLog}. The limits are part of their text, so that a call carries only what differs from
 * call to call.
 */
final class EventScripts {

    /*
     * KEYS are always: 1 the session's hash, 2 the stream's companion, 3 the stream, 4 the index of the session's streams;
     * a script that needs fewer gets the first ones.
     *
     * The companion knows the last number and leads; the stream holds what is still there of the events. The two change in
     * one step, but one of them can be lost alone (an eviction), and a failover can lose the newest of both. Hence:
     *
     *   - An event is found by its id, never by counting. What is missing between a cursor and the last number, in front, in
     *     the middle or at the end, was dropped or lost: `page` says so.
     *   - A stream that is ahead of its companion refuses an id that it has had. A writer that numbers its events has put
     *     that event there before (`put`); where the log numbers them, the number follows the stream (`put_next`).
     *   - A reader or holder that has seen more than the last number moves the position, and in the standalone stream the
     *     last number too (`catch_up`). Whoever numbers the next event, or ends the stream of a dead writer, goes on behind
     *     both, so that no event hides behind a cursor.
     */

    /** The greatest number of an event: Lua counts no further without loss. */
    static final long MAX_NUMBER = (1L << 53) - 1;

    private static final String STATE = """
            local ttl = redis.call('PTTL', KEYS[1])
            local gone = ttl == -2
            local known = redis.call('HMGET', KEYS[2], 'last', 'end', 'gen', 'holder', 'pos', 'bytes')
            local begun, ended, holder = known[1], known[2], known[4] or ''
            local last, gen, pos = tonumber(known[1] or 0), tonumber(known[3] or 0), tonumber(known[5] or 0)
            local bytes = tonumber(known[6] or 0)
            local shared = KEYS[2] == KEYS[1] .. ':m:0'

            -- Not what these scripts have written; a comparison with what is not a number is false.
            local function is_count(number)
              return number and number >= 0 and number <= 2^53
            end
            if not gone and not (is_count(last) and is_count(gen) and is_count(pos) and bytes) then
              return redis.error_reply('UNREADABLE The numbers of a stream are none')
            end

            local function decimal(number)
              return string.format('%.0f', number)
            end

            -- Returns whom the caller is to tell, if there are no channels. Where the user may not publish, what is written
            -- is written all the same.
            local function tell_holder(channels, sender, message)
              if holder == '' or holder == sender then
                return ''
              end
              if channels == '' then
                return holder
              end
              redis.pcall('PUBLISH', channels .. holder .. ':w', message)
              return ''
            end

            local function state(to_tell)
              local call = redis.call('HMGET', KEYS[2], 'writer', 'request')
              return {call[1] or '', call[2] or '', last, ended and 1 or 0, gen, holder, pos, to_tell}
            end

            -- As long as the session, or for a call that is under way at least so long.
            local function expire()
              local life = ttl
              if not shared then
                life = ended and retention or math.max(retention, ttl)
                redis.call('PEXPIRE', KEYS[4], math.max(retention, ttl))
              end
              if life >= 0 then
                redis.call('PEXPIRE', KEYS[2], math.max(life, 1))
                redis.call('PEXPIRE', KEYS[3], shared and math.max(life, 1) or retention)
              end
            end
            """;

    private static final String PAGE = """
            local function page(cursor, max)
              local found, dropped = {}, false
              local from = '(' .. decimal(cursor) .. '-0'
              for i, event in ipairs(redis.call('XRANGE', KEYS[3], from, '+', 'COUNT', max)) do
                dropped = dropped or event[1] ~= decimal(cursor + i) .. '-0'
                found[i] = event[2][2]
              end
              local reply = state()
              reply[8] = cursor
              reply[9] = (dropped or #found < max and cursor + #found < last) and 1 or 0
              for i = 1, reply[9] == 1 and 0 or #found do
                reply[9 + i] = found[i]
              end
              return reply
            end
            """;

    private static final String CATCH_UP = """
            local function catch_up(number)
              local reached = math.min(number, last + 1000000)
              if reached > pos then
                redis.call('HSET', KEYS[2], 'pos', reached)
              end
              if shared and reached > last then
                redis.call('HSET', KEYS[2], 'last', reached)
              end
            end
            """;

    private static final String PUT = """
            local length = redis.call('XLEN', KEYS[3])
            if length == 0 then
              bytes = 0
            end

            local function put(number, data)
              local id = decimal(number) .. '-0'
              local reply = redis.pcall('XADD', KEYS[3], id, 'data', data)
              if type(reply) == 'table' and reply.err then
                if string.find(reply.err, 'equal or smaller', 1, true) then
                  return false
                end
                redis.call('XADD', KEYS[3], id, 'data', data)
              end
              length = length + 1
              bytes = bytes + #data
              return true
            end

            local function top()
              local info = redis.call('XINFO', 'STREAM', KEYS[3])
              for i = 1, #info, 2 do
                if info[i] == 'last-generated-id' then
                  return tonumber(string.match(info[i + 1], '^%d+'))
                end
              end
            end

            local function put_next(data)
              if not put(last + 1, data) then
                last = top()
                put(last + 1, data)
              end
              last = last + 1
            end

            -- The newest event stays, whatever its size.
            local function trim()
              local from = '-'
              while length > max_events or bytes > max_bytes and length > 1 do
                local batch = math.max(1, math.min(length - max_events, 100))
                local oldest = redis.call('XRANGE', KEYS[3], from, '+', 'COUNT', batch)
                for _, event in ipairs(oldest) do
                  bytes = bytes - #event[2][2]
                  from = '(' .. event[1]
                end
                length = length - math.max(1, #oldest)
              end
              if from ~= '-' then
                redis.call('XTRIM', KEYS[3], 'MAXLEN', length)
              end
            end

            local function index(stream)
              local time = redis.call('TIME')
              redis.call('ZADD', KEYS[4], time[1] * 1000 + math.floor(time[2] / 1000), stream)
            end
            """;

    /** Makes room in the index: streams that have ended or expired go first, then those of calls under way. */
    private static final String MAKE_ROOM = """
            local function drop(stream)
              redis.call('UNLINK', KEYS[1] .. ':s:' .. stream, KEYS[1] .. ':m:' .. stream)
              redis.call('ZREM', KEYS[4], stream)
            end

            local function make_room()
              local excess = redis.call('ZCARD', KEYS[4]) - max_streams
              if excess <= 0 then
                return
              end
              local running = {}
              for _, stream in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
                local call = redis.call('HMGET', KEYS[1] .. ':m:' .. stream, 'last', 'end')
                if call[1] and not call[2] then
                  table.insert(running, stream)
                else
                  drop(stream)
                  excess = excess - 1
                  if excess == 0 then
                    return
                  end
                end
              end
              for i = 1, excess do
                drop(running[i])
              end
            end
            """;

    /**
     * ARGV: stream, writer, request, first number, ends, wake, channels, events. Returns an AppendOutcome's ordinal, and whom
     * to tell.
     */
    private static final String APPEND = """
            if gone then
              return {2, ''}
            end
            local first = tonumber(ARGV[4])
            local final = first + #ARGV - 8
            local appended = gen > 0 and holder ~= ARGV[2] and 3 or 0
            if ended then
              return {ended == '1' and final <= last and appended or 1, ''}
            end
            if not begun then
              redis.call('HSET', KEYS[2], 'writer', ARGV[2], 'request', ARGV[3], 'last', 0)
              index(ARGV[1])
              make_room()
            end
            local news = false
            for i = 8, #ARGV do
              local number = first + i - 8
              if number > last and put(number, ARGV[i]) then
                news = true
              end
            end
            last = math.max(last, final)
            trim()
            redis.call('HSET', KEYS[2], 'last', last, 'bytes', bytes)
            if ARGV[5] == '1' then
              ended, news = '1', true
              redis.call('HSET', KEYS[2], 'end', ended)
              index(ARGV[1])
            end
            expire()
            return {appended, news and tell_holder(ARGV[7], ARGV[2], ARGV[6]) or ''}
            """;

    /**
     * ARGV: sender, mark or empty, wake, channels, events. Returns the state and whom to tell, or nothing when the session is
     * gone.
     */
    private static final String APPEND_SHARED = """
            if gone then
              return {}
            end
            if ARGV[2] ~= '' then
              local function less(a, b)
                return #a < #b or #a == #b and a < b
              end
              local a, b = string.match(redis.call('HGET', KEYS[2], 'mark') or '0-', '^(%d+)-(%d*)$')
              local c, d = string.match(ARGV[2], '^(%d+)-(%d+)$')
              if less(c, a) or c == a and not less(b, d) then
                return state('')
              end
              redis.call('HSET', KEYS[2], 'mark', ARGV[2])
            end
            for i = 5, #ARGV do
              put_next(ARGV[i])
            end
            trim()
            redis.call('HSET', KEYS[2], 'last', last, 'bytes', bytes)
            expire()
            return state(#ARGV >= 5 and tell_holder(ARGV[4], ARGV[1], ARGV[3]) or '')
            """;

    /**
     * Returns the mark, or nothing. A broadcast of the millisecond in which the session was created may have come before or
     * after it: better one too many than one too few.
     */
    private static final String MARK = """
            local mark = redis.call('HGET', KEYS[2], 'mark')
            local born = redis.call('HGET', KEYS[1], 'born')
            if mark then
              return {mark}
            end
            return born and {string.format('%.0f-999999999999999999', born - 1)} or {}
            """;

    /** ARGV: holder, cursor, greatest number of events, taken, channels. Returns a page, or nothing. */
    private static final String ATTACH = """
            if gone or not begun and not shared then
              return {}
            end
            local cursor = tonumber(ARGV[2])
            if cursor < 0 then
              local oldest = redis.call('XRANGE', KEYS[3], '(' .. decimal(pos) .. '-0', '+', 'COUNT', 1)[1]
              cursor = oldest and tonumber(string.match(oldest[1], '^%d+')) - 1 or math.max(pos, last)
            end
            gen = gen + 1
            local reply = page(cursor, tonumber(ARGV[3]))
            redis.call('HSET', KEYS[2], 'last', last, 'gen', gen, 'holder', ARGV[1])
            if cursor > last then
              catch_up(cursor)
            end
            if shared then
              expire()
            end
            tell_holder(ARGV[5], ARGV[1], ARGV[4])
            return reply
            """;

    /** ARGV: cursor, greatest number of events. Returns a page, or nothing. */
    private static final String READ = """
            if gone or not begun then
              return {}
            end
            return page(tonumber(ARGV[1]), tonumber(ARGV[2]))
            """;

    /** ARGV: generation, position. */
    private static final String RELEASE = """
            if gone or not begun then
              return 0
            end
            catch_up(tonumber(ARGV[2]))
            if gen == tonumber(ARGV[1]) then
              redis.call('HDEL', KEYS[2], 'holder')
            end
            return 1
            """;

    /** ARGV: stream, events. */
    private static final String END = """
            if gone or not begun or ended then
              return 0
            end
            last = math.max(last, pos)
            for i = 2, #ARGV do
              put_next(ARGV[i])
            end
            trim()
            ended = '2'
            redis.call('HSET', KEYS[2], 'last', last, 'bytes', bytes, 'end', ended)
            index(ARGV[1])
            expire()
            return 1
            """;

    final Script append;
    final Script appendShared;
    final Script mark;
    final Script attach;
    final Script read;
    final Script release;
    final Script end;

    EventScripts(LogLimits limits) {
        String start = """
                local max_events, max_bytes, max_streams, retention = %d, %d, %d, %s
                """.formatted(
                                limits.maxEventsPerStream(),
                                limits.maxBytesPerStream(),
                                limits.maxStreamsPerSession(),
                                Ttl.millis(limits.eventRetention()))
                + STATE;
        append = Script.returningList(start + PUT + MAKE_ROOM + APPEND);
        appendShared = Script.returningList(start + PUT + APPEND_SHARED);
        mark = Script.returningList(MARK);
        attach = Script.returningList(start + PAGE + CATCH_UP + ATTACH);
        read = Script.returningList(start + PAGE + READ);
        release = Script.returningInteger(start + CATCH_UP + RELEASE);
        end = Script.returningInteger(start + PUT + END);
    }
}
