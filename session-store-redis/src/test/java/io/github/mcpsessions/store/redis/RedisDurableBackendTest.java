package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.contract.DurableBackendContract;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

class RedisDurableBackendTest extends DurableBackendContract {

    @Override
    protected SessionBackend open(String namespace) {
        return Backends.patient(namespace);
    }

    @Override
    protected void elapse(Duration time) {
        SharedRedis.elapse(namespace(), time);
    }

    @Override
    protected void storeAsAnotherVersion(
            SessionRecord record, int schemaVersion, Map<String, String> moreFields, Duration ttl) {
        Map<String, String> fields = new HashMap<>(moreFields);
        fields.put("v", Integer.toString(schemaVersion));
        fields.put("init", record.initializeParams());
        fields.put("protocol", record.protocolVersion());
        fields.put("created", Long.toString(record.createdAt().toEpochMilli()));
        record.owner().ifPresent(owner -> fields.put("who", Keys.digest(owner)));
        record.logLevel().ifPresent(level -> fields.put("level", level));
        record.attributes().forEach((name, value) -> fields.put("attr:" + name, value));
        RedisCommands<String, String> redis = SharedRedis.commands();
        String key = namespace() + ":{" + record.id() + "}";
        redis.hset(key, fields);
        redis.pexpire(key, ttl.toMillis());
    }
}
