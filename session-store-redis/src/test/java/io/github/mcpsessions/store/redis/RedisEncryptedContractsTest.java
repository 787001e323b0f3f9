package io.github.mcpsessions.store.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.mcpsessions.store.AesGcmStoreCodec;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreCodec;
import io.github.mcpsessions.store.contract.BroadcastLogContract;
import io.github.mcpsessions.store.contract.EventLogContract;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.contract.QuestionStoreContract;
import io.github.mcpsessions.store.contract.SessionStoreContract;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/** The contracts with encryption, during the replacement of a key. */
class RedisEncryptedContractsTest {

    private static final StoreCodec CODEC = AesGcmStoreCodec.builder()
            .key("k2", new byte[32])
            .key("k1", "0123456789abcdef0123456789abcdef".getBytes(US_ASCII))
            .build();

    private static RedisSessionBackendBuilder builder(String namespace) {
        return Backends.patientBuilder(namespace).codec(CODEC);
    }

    @Nested
    class Sessions extends SessionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            SharedRedis.elapse(namespace(), time);
        }
    }

    @Nested
    class Questions extends QuestionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            SharedRedis.elapse(namespace(), time);
        }
    }

    @Nested
    class Events extends EventLogContract {

        /** What is counted is what is stored, and Base64 makes that a third more. */
        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            LogBounds stored = new LogBounds(
                    bounds.maxEventsPerStream(),
                    bounds.maxBytesPerStream() * 4 / 3,
                    bounds.eventRetention(),
                    bounds.maxBroadcasts());
            return Backends.bounded(builder(namespace), stored);
        }

        @Override
        protected void elapse(Duration time) {
            SharedRedis.elapse(namespace(), time);
        }
    }

    @Nested
    class Broadcasts extends BroadcastLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return Backends.bounded(builder(namespace), bounds);
        }

        @Override
        protected void elapse(Duration time) {
            SharedRedis.elapse(namespace(), time);
        }
    }
}
