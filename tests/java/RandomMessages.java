import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Fills Kafka's generated messages at random, as far as the schema of a version has fields, and serializes them. */
final class RandomMessages {
    private static final int FIRST_UNKNOWN_TAG = 10_000;
    private static final String[] WORDS = {"", "a", "orders", "größe", "数据", "🦀", "with space", "User:ann", "\u0000"};

    private final Random random;
    private final boolean unknownTags;
    /** Small numbers are more often valid enum values, which requests insist on. */
    private final boolean smallNumbers;
    /** Elements of one array, which is met at random; the others are short. */
    private int many;
    /** Elements take as few bytes as they can. */
    private boolean thin;

    RandomMessages(long seed, boolean unknownTags, boolean smallNumbers) {
        this.random = new Random(seed);
        this.unknownTags = unknownTags;
        this.smallNumbers = smallNumbers;
    }

    /** A message with one long array, of elements so small that they cost a reader most. */
    static RandomMessages longArray(long seed, int many) {
        RandomMessages random = new RandomMessages(seed, false, false);
        random.many = many;
        random.thin = true;
        return random;
    }

    static ApiMessage empty(ApiKeys key, boolean request) {
        return request ? key.messageType.newRequest() : key.messageType.newResponse();
    }

    /** A request frame, without its size. */
    byte[] request(ApiKeys key, short version, ApiMessage body) {
        RequestHeaderData header = new RequestHeaderData()
            .setRequestApiKey(key.id)
            .setRequestApiVersion(version)
            .setCorrelationId(random.nextInt())
            .setClientId(random.nextInt(4) == 0 ? null : word());
        return serialize(header, key.requestHeaderVersion(version), body, version);
    }

    /** A response frame, without its size. */
    static byte[] response(ApiKeys key, short version, int correlationId, ApiMessage body) {
        ResponseHeaderData header = new ResponseHeaderData().setCorrelationId(correlationId);
        return serialize(header, key.responseHeaderVersion(version), body, version);
    }

    private static byte[] serialize(Message header, short headerVersion, Message body, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        int size = header.size(cache, headerVersion) + body.size(cache, version);
        ByteBuffer buffer = ByteBuffer.allocate(size);
        ByteBufferAccessor writer = new ByteBufferAccessor(buffer);
        header.write(writer, cache, headerVersion);
        body.write(writer, cache, version);
        if (buffer.hasRemaining()) throw new IllegalStateException("size of " + body + " is not what was written");
        return buffer.array();
    }

    void fill(Message message, short version) throws ReflectiveOperationException {
        Schema[] schemas = (Schema[]) message.getClass().getField("SCHEMAS").get(null);
        fill(message, schemas[version]);
    }

    private void fill(Message message, Schema schema) throws ReflectiveOperationException {
        Map<String, Method> setters = new HashMap<>();
        for (Method method : message.getClass().getMethods()) {
            if (method.getName().startsWith("set") && method.getParameterCount() == 1) {
                setters.put(method.getName().substring(3).toLowerCase(), method);
            }
        }
        for (BoundField bound : schema.fields()) {
            if (!(bound.def instanceof Field.TaggedFieldsSection)) {
                set(message, setters, bound.def);
                continue;
            }
            for (Field tagged : ((TaggedFields) bound.def.type).fields().values()) {
                if (random.nextBoolean()) set(message, setters, tagged);
            }
            if (unknownTags && random.nextInt(8) == 0) {
                for (int i = 0, tag = FIRST_UNKNOWN_TAG; i <= random.nextInt(3); i++, tag += 1 + random.nextInt(1000)) {
                    message.unknownTaggedFields().add(new RawTaggedField(tag, bytes()));
                }
            }
        }
    }

    private void set(Message message, Map<String, Method> setters, Field field) throws ReflectiveOperationException {
        Method setter = setters.get(field.name.replace("_", "").toLowerCase());
        if (setter == null) throw new IllegalStateException("no setter for " + field.name + " in " + message.getClass());
        setter.invoke(message, value(setter.getGenericParameterTypes()[0], field.type));
    }

    private Object value(Type java, org.apache.kafka.common.protocol.types.Type wire) throws ReflectiveOperationException {
        if (wire.isNullable() && random.nextInt(thin ? 2 : 4) == 0 && !isUnmetArray(wire)) return null;
        if (java == boolean.class || java == Boolean.class) return random.nextBoolean();
        if (java == byte.class || java == Byte.class) return (byte) number();
        if (java == short.class || java == Short.class) return (short) number();
        if (java == int.class || java == Integer.class) {
            boolean unsigned = wire == org.apache.kafka.common.protocol.types.Type.UINT16;
            return unsigned ? random.nextInt(65536) : (int) number();
        }
        if (java == long.class || java == Long.class) return number();
        if (java == double.class || java == Double.class) return random.nextDouble();
        if (java == String.class) return word();
        if (java == Uuid.class) return random.nextInt(4) == 0 ? Uuid.ZERO_UUID : new Uuid(random.nextLong(), random.nextLong());
        if (java == byte[].class) return bytes();
        if (java == ByteBuffer.class) return ByteBuffer.wrap(bytes());
        if (java == BaseRecords.class || java == MemoryRecords.class) {
            return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes()));
        }
        if (java instanceof ParameterizedType) {
            return elements(new ArrayList<>(), ((ParameterizedType) java).getActualTypeArguments()[0], wire);
        }
        Class<?> type = (Class<?>) java;
        if (Collection.class.isAssignableFrom(type)) {
            Type element = ((ParameterizedType) type.getGenericSuperclass()).getActualTypeArguments()[0];
            @SuppressWarnings("unchecked")
            Collection<Object> collection = (Collection<Object>) type.getConstructor().newInstance();
            return elements(collection, element, wire);
        }
        Message struct = (Message) type.getConstructor().newInstance();
        fill(struct, (Schema) wire);
        return struct;
    }

    private Collection<Object> elements(
        Collection<Object> into, Type element, org.apache.kafka.common.protocol.types.Type wire
    ) throws ReflectiveOperationException {
        int count = random.nextInt(thin ? 2 : 4);
        if (many > 0 && (random.nextBoolean() || count == 0)) {
            count = many;
            many = 0;
        } else if (many > 0) {
            count = 1;
        }
        for (int i = 0; i < count; i++) into.add(value(element, wire.arrayElementType().get()));
        return into;
    }

    private boolean isUnmetArray(org.apache.kafka.common.protocol.types.Type wire) {
        return many > 0 && wire.isArray();
    }

    private long number() {
        if (smallNumbers || random.nextInt(4) == 0) return random.nextInt(4);
        return random.nextLong();
    }

    private String word() {
        if (thin) return Integer.toString(random.nextInt(36 * 36 * 36), 36);
        if (random.nextInt(100) == 0) return "x".repeat(200);
        return WORDS[random.nextInt(WORDS.length)] + (random.nextBoolean() ? Integer.toString(random.nextInt(100)) : "");
    }

    private byte[] bytes() {
        byte[] bytes = new byte[random.nextInt(thin ? 1 : 20)];
        random.nextBytes(bytes);
        return bytes;
    }
}
