package io.github.mcpsessions.store.redis;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the replica that holds a stream what has happened to it. The script that made it happen does so; but in a cluster whose
 * messages stay in shards a script cannot reach another slot, and whoever has called it tells.
 */
final class HolderWakes {

    /*
     * A message that is sent after the script may be lost where one that the script sends would not: the caller dies, or the
     * shard of the holder's channel is out of reach. The holder then finds the event with its next look: when its way has
     * a new epoch, or with the next comment that it sends on the stream.
     */

    private static final Logger log = LoggerFactory.getLogger(HolderWakes.class);

    private final Commands commands;
    private final Keys keys;
    private final boolean sharded;

    HolderWakes(Commands commands, Keys keys, boolean sharded) {
        this.commands = commands;
        this.keys = keys;
        this.sharded = sharded;
    }

    /** {@return what the channels begin with to which scripts publish; empty if they are not to} */
    String channels() {
        return sharded ? "" : keys.replicas();
    }

    /** Tells a holder; nothing happens if there is none, or if the script has told it. */
    void tell(String holder, String message) {
        if (!sharded || holder.isEmpty()) {
            return;
        }
        String channel = keys.shardChannel(holder);
        commands.call(channel, redis -> PubSub.SHARDED.publish(redis, channel, message))
                .whenComplete((receivers, failure) -> {
                    if (failure != null) {
                        log.debug("Cannot wake {}", holder, failure);
                    }
                });
    }
}
