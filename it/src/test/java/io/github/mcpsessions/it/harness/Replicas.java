package io.github.mcpsessions.it.harness;

import java.net.URI;
import java.util.List;

/** The replicas of one logical server on one shared backend. */
public interface Replicas extends AutoCloseable {

    /** {@return the running replicas, in the order of their start} */
    List<Replica> all();

    /** {@return one more replica} */
    Replica add();

    /**
     * Starts a replica again that was killed or stopped, under the same node id.
     *
     * @param ended the replica that has ended
     * @return the new one, in the place of the old one in {@link #all}
     */
    Replica restart(Replica ended);

    /** {@return the endpoint of the replica at a place in {@link #all}} */
    default URI endpoint(int index) {
        return all().get(index).endpoint();
    }

    /** {@return the endpoints of all running replicas} */
    default List<URI> endpoints() {
        return all().stream().map(Replica::endpoint).toList();
    }

    @Override
    void close();
}
