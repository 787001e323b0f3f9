package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.SessionIds;

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

    /** The log of the session's standalone stream. */
    String standaloneStream(String sessionId) {
        return session(sessionId) + ":s:0";
    }

    /** The heartbeat of a replica. */
    String heartbeat(String incarnation) {
        return namespace + ":node:" + SessionIds.require("incarnation", incarnation);
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

    /** The channel on which one backend hears itself. */
    String pingChannel(String backendId) {
        return heartbeat(backendId) + ":ping";
    }
}
