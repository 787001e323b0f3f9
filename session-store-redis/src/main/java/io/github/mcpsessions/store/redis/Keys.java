package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.SessionIds;
import io.github.mcpsessions.store.SessionOwner;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The names of keys and channels in one namespace. All keys of a session share its hash tag, and so one Cluster slot. */
final class Keys {

    private final String namespace;

    Keys(String namespace) {
        this.namespace = SessionIds.require("namespace", namespace);
    }

    String namespace() {
        return namespace;
    }

    /** The session's record. */
    String session(String sessionId) {
        return namespace + ":{" + SessionIds.require("sessionId", sessionId) + "}";
    }

    /** The session's open questions and their answers. */
    String questions(String sessionId) {
        return session(sessionId) + ":a";
    }

    /** The events of one of the session's streams. */
    String stream(String sessionId, String stream) {
        return session(sessionId) + ":s:" + SessionIds.require("stream", stream);
    }

    /** What is known of one of the session's streams. */
    String companion(String sessionId, String stream) {
        return session(sessionId) + ":m:" + SessionIds.require("stream", stream);
    }

    /** The names of the session's streams, without the standalone one. */
    String streams(String sessionId) {
        return session(sessionId) + ":streams";
    }

    /** The sessions of an owner. */
    String owner(String ownerDigest) {
        return namespace + ":owner:" + ownerDigest;
    }

    /** An owner, whose name may have any character and any length, in a few. */
    static String digest(SessionOwner owner) {
        String name = owner.issuer().length() + ":" + owner.issuer() + owner.subject();
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The notifications to all sessions. */
    String broadcasts() {
        return namespace + ":b";
    }

    /** What the channel of a replica begins with, before the incarnation and {@code :w}. */
    String replicas() {
        return namespace + ":node:";
    }

    /** The heartbeat of a replica. */
    String heartbeat(String incarnation) {
        return replicas() + SessionIds.require("incarnation", incarnation);
    }

    String channel(BusAddress address) {
        if (address instanceof BusAddress.Replica replica) {
            return heartbeat(replica.incarnation()) + ":w";
        }
        if (address instanceof BusAddress.Session session) {
            return session(session.sessionId()) + ":w";
        }
        return namespace + ":all";
    }

    /** The channel of a replica in a cluster whose messages to single replicas stay in shards. */
    String shardChannel(String incarnation) {
        return replicas() + "{" + incarnation + "}:w";
    }

    /** The channel, in the same slot as that of a replica, on which one backend hears itself. */
    String shardPingChannel(String incarnation, String backendId) {
        return replicas() + "{" + incarnation + "}:ping:" + backendId;
    }

    /** The channel on which one backend hears itself. */
    String pingChannel(String backendId) {
        return heartbeat(backendId) + ":ping";
    }
}
