package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.StoreCodec;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The questions to clients and their answers, one hash per session: {@code q:<id>} holds the deadline, {@code a:<id>} the
 * answer. The layout is documented at {@link RedisSessionBackend}.
 */
final class RedisQuestionStore implements QuestionStore {

    private static final AnswerOutcome[] OUTCOMES = {
        AnswerOutcome.UNKNOWN, AnswerOutcome.ACCEPTED, AnswerOutcome.DUPLICATE
    };

    /** Each script begins so: {@code open(id)} tells whether the session and the question are there, and not too old. */
    private static final String OPEN = """
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            local function open(id)
              local deadline = redis.call('HGET', KEYS[2], 'q:' .. id)
              return deadline and tonumber(deadline) > now and redis.call('EXISTS', KEYS[1]) == 1
            end
            """;

    /** Whoever asks also sweeps out what has passed its deadline, so that the hash holds no more than what is open. */
    private static final Script ASK = Script.returningInteger(OPEN + """
            if redis.call('EXISTS', KEYS[1]) == 0 then
              return 0
            end
            redis.call('HSET', KEYS[2], 'q:' .. ARGV[1], string.format('%.0f', now + ARGV[2]))
            if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then
              redis.call('PEXPIRE', KEYS[2], ARGV[2])
            end
            for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
              local id = string.sub(field, 3)
              if string.sub(field, 1, 2) == 'q:' and not open(id) then
                redis.call('HDEL', KEYS[2], 'q:' .. id, 'a:' .. id)
              end
            end
            return 1
            """);

    private static final Script ANSWER = Script.returningInteger(OPEN + """
            if not open(ARGV[1]) then
              return 0
            end
            if redis.call('HSETNX', KEYS[2], 'a:' .. ARGV[1], ARGV[2]) == 0 then
              return 2
            end
            return 1
            """);

    private static final Script FIND = Script.returningText(OPEN + """
            return open(ARGV[1]) and redis.call('HGET', KEYS[2], 'a:' .. ARGV[1])
            """);

    private final Commands commands;
    private final Keys keys;
    private final StoreCodec codec;

    RedisQuestionStore(Commands commands, Keys keys, StoreCodec codec) {
        this.commands = commands;
        this.keys = keys;
        this.codec = codec;
    }

    @Override
    public CompletionStage<Boolean> ask(String sessionId, String questionId, Duration ttl) {
        String[] scriptKeys = scriptKeys(sessionId);
        return this.<Long>call(ASK, scriptKeys, requireNonNull(questionId, "questionId"), Ttl.millis(ttl))
                .thenApply(asked -> asked != 0);
    }

    @Override
    public CompletionStage<AnswerOutcome> answer(String sessionId, String questionId, String answer) {
        String[] scriptKeys = scriptKeys(sessionId);
        requireNonNull(questionId, "questionId");
        String encoded = codec.encode(scriptKeys[1], "a:" + questionId, requireNonNull(answer, "answer"));
        return this.<Long>call(ANSWER, scriptKeys, questionId, encoded)
                .thenApply(outcome -> OUTCOMES[outcome.intValue()]);
    }

    @Override
    public CompletionStage<Optional<String>> findAnswer(String sessionId, String questionId) {
        String[] scriptKeys = scriptKeys(sessionId);
        return this.<String>call(FIND, scriptKeys, requireNonNull(questionId, "questionId"))
                .thenApply(found -> Optional.ofNullable(found)
                        .map(answer -> codec.decode(scriptKeys[1], "a:" + questionId, answer)));
    }

    @Override
    public CompletionStage<Void> close(String sessionId, String questionId) {
        String key = keys.questions(sessionId);
        requireNonNull(questionId, "questionId");
        return commands.call(key, redis -> redis.hdel(key, "q:" + questionId, "a:" + questionId))
                .thenApply(removed -> null);
    }

    private <T> CompletableFuture<T> call(Script script, String[] scriptKeys, String... arguments) {
        return commands.call(script, scriptKeys, arguments);
    }

    private String[] scriptKeys(String sessionId) {
        return new String[] {keys.session(sessionId), keys.questions(sessionId)};
    }
}
