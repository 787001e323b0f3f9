package io.github.mcpsessions.bench;

import java.net.URI;
import java.util.List;

/**
 * Opens sessions and leaves them alone, for the server's heap to be looked at: {@code IdleLoad URL NUMBER [listen]}. With
 * {@code listen} each holds a GET stream open; without, its connection is closed. Prints a line when all are there, and ends
 * with its standard input.
 */
public final class IdleLoad {

    private IdleLoad() {}

    /**
     * Opens and waits.
     *
     * @param args see above
     */
    public static void main(String[] args) throws Exception {
        URI uri = URI.create(args[0]);
        int count = Integer.parseInt(args[1]);
        boolean listen = args.length > 2 && args[2].equals("listen");
        try (LoadClient client = new LoadClient()) {
            List<LoadConnection> open =
                    client.connect(uri, count, listen ? LoadConnection.Use.LISTEN : LoadConnection.Use.CALL);
            if (!listen) {
                client.close(open);
            }
            System.out.println("open " + count);
            while (System.in.read() >= 0) {
                // Until whoever has started this ends it.
            }
            client.close(open);
        }
    }
}
