import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Reread OUT IN: reads frames as Kafka does and writes their bodies again.
 *
 * IN has the records of Messages; a record of OUT is a length (int32, -1 if Kafka cannot read the frame to its very end)
 * and the body.
 */
public final class Reread {
    public static void main(String[] arguments) throws Exception {
        try (DataInputStream in =
                 new DataInputStream(new BufferedInputStream(Files.newInputStream(Path.of(arguments[1]))));
             DataOutputStream out =
                 new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[0]))))) {
            while (true) {
                ApiKeys key;
                try {
                    key = ApiKeys.forId(in.readShort());
                } catch (EOFException end) {
                    return;
                }
                short version = in.readShort();
                boolean request = in.readByte() == 1;
                byte[] frame = in.readNBytes(in.readInt());
                byte[] body;
                try {
                    body = reread(key, version, request, frame);
                } catch (RuntimeException e) {
                    out.writeInt(-1);
                    continue;
                }
                out.writeInt(body.length);
                out.write(body);
            }
        }
    }

    private static byte[] reread(ApiKeys key, short version, boolean request, byte[] frame) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        ByteBufferAccessor reader = new ByteBufferAccessor(buffer);
        if (request) {
            new RequestHeaderData(reader, key.requestHeaderVersion(version));
        } else {
            new ResponseHeaderData(reader, key.responseHeaderVersion(version));
        }
        ApiMessage message = RandomMessages.empty(key, request);
        message.read(reader, version);
        if (buffer.hasRemaining()) throw new IllegalArgumentException("bytes are left");
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer again = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(again), cache, version);
        return again.array();
    }
}
