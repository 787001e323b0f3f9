package io.github.mcpsessions.transport;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What clients of these tests POST, whichever transport carries it. */
final class ClientMessages {

    static final String INITIALIZED = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
    static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

    /** Cancels the request that {@link #call} makes. */
    static final String CANCEL =
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}";

    private ClientMessages() {}

    static String call(String tool, String arguments) {
        return "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\",\"arguments\":" + arguments + "}}";
    }

    static String setLevel(String level) {
        return "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"logging/setLevel\",\"params\":{\"level\":\"" + level
                + "\"}}";
    }

    static String subscribe(String uri) {
        return "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"" + uri + "\"}}";
    }

    /** Answers {@code roots/list} with a number of roots. */
    static String answer(String questionId, int roots) {
        String list = IntStream.range(0, roots)
                .mapToObj(i -> "{\"uri\":\"file:///" + i + "\"}")
                .collect(Collectors.joining(","));
        return "{\"jsonrpc\":\"2.0\",\"id\":\"" + questionId + "\",\"result\":{\"roots\":[" + list + "]}}";
    }

    /** The id of a question that the server has put. */
    static String idOf(String question) {
        return question.replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
    }
}
