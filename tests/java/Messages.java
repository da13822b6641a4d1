import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * Messages FILE SEED COUNT [MANY]: so many random messages of each key, version and direction, as Kafka writes them; and
 * one more with an array of MANY small elements.
 *
 * A record of the file: api key (int16), version (int16), 1 for a request or 0 (int8), length (int32), frame without size.
 */
public final class Messages {
    public static void main(String[] arguments) throws Exception {
        long seed = Long.parseLong(arguments[1]);
        int count = Integer.parseInt(arguments[2]);
        int many = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 0;
        try (DataOutputStream out =
                 new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[0]))))) {
            for (ApiKeys key : ApiKeys.values()) {
                for (short version = key.messageType.lowestSupportedVersion();
                     version <= key.messageType.highestSupportedVersion(true); version++) {
                    for (int i = 0; i < count + (many > 0 ? 1 : 0); i++) {
                        seed++;
                        for (boolean request : new boolean[] {true, false}) {
                            RandomMessages random = i < count
                                ? new RandomMessages(request ? seed : ~seed, i % 2 == 1, i % 3 == 2)
                                : RandomMessages.longArray(seed, many);
                            ApiMessage body = RandomMessages.empty(key, request);
                            // the first is as the constructor leaves it
                            if (i > 0) random.fill(body, version);
                            byte[] frame = request
                                ? random.request(key, version, body)
                                : RandomMessages.response(key, version, (int) seed, body);
                            out.writeShort(key.id);
                            out.writeShort(version);
                            out.writeByte(request ? 1 : 0);
                            out.writeInt(frame.length);
                            out.write(frame);
                        }
                    }
                }
            }
        }
    }
}
