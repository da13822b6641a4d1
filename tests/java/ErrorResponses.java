import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;

/**
 * ErrorResponses FILE SEED COUNT: random requests of each key and version with what Kafka's getErrorResponse makes of
 * them, for a few errors.
 *
 * A record of the file: api key, version, error code (int16 each), length (int32) and request frame, length (int32, -1 if
 * Kafka has no answer) and response frame; both without size. What Kafka fails to parse or to answer is told on
 * standard output: key, version and how often, out of how many.
 */
public final class ErrorResponses {
    private static final Errors[] ERRORS = {
        Errors.CLUSTER_AUTHORIZATION_FAILED, Errors.TOPIC_AUTHORIZATION_FAILED, Errors.GROUP_AUTHORIZATION_FAILED,
        Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, Errors.UNKNOWN_SERVER_ERROR, Errors.UNSUPPORTED_VERSION,
        Errors.INVALID_REQUEST, Errors.NOT_CONTROLLER, Errors.REQUEST_TIMED_OUT,
    };

    public static void main(String[] arguments) throws Exception {
        long seed = Long.parseLong(arguments[1]);
        int count = Integer.parseInt(arguments[2]);
        try (DataOutputStream out =
                 new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[0]))))) {
            for (ApiKeys key : ApiKeys.values()) {
                for (short version = key.messageType.lowestSupportedVersion();
                     version <= key.messageType.highestSupportedVersion(true); version++) {
                    int failed = 0;
                    String why = "";
                    for (int i = 0; i < count; i++) {
                        RandomMessages random = new RandomMessages(++seed, false, i % 4 != 3);
                        ApiMessage body = RandomMessages.empty(key, true);
                        random.fill(body, version);
                        Errors error = ERRORS[i % ERRORS.length];
                        byte[] frame = random.request(key, version, body);
                        try {
                            byte[] answer = answer(key, version, frame, error);
                            out.writeShort(key.id);
                            out.writeShort(version);
                            out.writeShort(error.code());
                            out.writeInt(frame.length);
                            out.write(frame);
                            out.writeInt(answer == null ? -1 : answer.length);
                            if (answer != null) out.write(answer);
                        } catch (RuntimeException e) {
                            failed++;
                            why = e.toString().lines().findFirst().orElse("");
                        }
                    }
                    if (failed > 0) System.out.println(key.name + " " + version + ": " + failed + " of " + count + " " + why);
                }
            }
        }
    }

    private static byte[] answer(ApiKeys key, short version, byte[] frame, Errors error) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        RequestHeader header = RequestHeader.parse(buffer);
        AbstractRequest request = AbstractRequest.parseRequest(key, version, new ByteBufferAccessor(buffer)).request;
        AbstractResponse response = request.getErrorResponse(0, error.exception());
        return response == null
            ? null
            : RandomMessages.response(key, version, header.correlationId(), response.data());
    }
}
