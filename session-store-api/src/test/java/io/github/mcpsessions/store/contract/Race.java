package io.github.mcpsessions.store.contract;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Starts operations at the same moment, each on its own thread, as often as the test wants. */
final class Race implements AutoCloseable {

    private final ExecutorService threads;
    private final CyclicBarrier start;

    Race(int runners) {
        this.threads = Executors.newFixedThreadPool(runners);
        this.start = new CyclicBarrier(runners);
    }

    /** {@return the results, in the order of the runners, of which there must be as many as the race has} */
    <T> List<T> run(List<? extends Callable<? extends CompletionStage<? extends T>>> runners) throws Exception {
        List<Future<T>> futures = new ArrayList<>();
        for (Callable<? extends CompletionStage<? extends T>> runner : runners) {
            futures.add(threads.submit(() -> {
                start.await(BackendContract.PATIENCE.toSeconds(), SECONDS);
                return runner.call()
                        .toCompletableFuture()
                        .get(BackendContract.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            }));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> future : futures) {
            results.add(future.get(2 * BackendContract.PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        }
        return results;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
