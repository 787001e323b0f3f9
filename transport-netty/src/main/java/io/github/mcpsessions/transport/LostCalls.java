package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** What ends a stream whose calls will never be answered by their handlers. */
final class LostCalls {

    private static final Logger log = LoggerFactory.getLogger(LostCalls.class);

    private LostCalls() {}

    /**
     * Returns one error per call.
     *
     * @param request the ids of the calls, as the stream's writer has written them to the log
     * @param reason what the clients are told
     */
    static List<String> errors(String request, String reason) {
        List<String> errors = new ArrayList<>();
        try {
            for (Object id : JsonMapper.shared().readValue(request, Object[].class)) {
                errors.add(JsonRpcWriter.toText(JSONRPCResponse.error(
                        id, new JSONRPCResponse.JSONRPCError(McpSchema.ErrorCodes.INTERNAL_ERROR, reason, null))));
            }
        } catch (JacksonException e) {
            log.warn("A stream does not say which request it answers", e);
        }
        return errors;
    }
}
