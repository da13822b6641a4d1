import java.io.FileInputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.Properties;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Subscribes to a regular expression (KIP-848), and tells what it gets: "assigned [a, b]", "record a value", "lost". */
public class Subscriber {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (FileInputStream file = new FileInputStream(arguments[1])) {
            properties.load(file);
        }
        properties.put("bootstrap.servers", arguments[0]);
        properties.put("group.id", arguments[2]);
        properties.put("group.protocol", "consumer");
        properties.put("auto.offset.reset", "earliest");
        properties.put("key.deserializer", StringDeserializer.class.getName());
        properties.put("value.deserializer", StringDeserializer.class.getName());
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties)) {
            consumer.subscribe(new SubscriptionPattern(arguments[3]), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                    System.out.println("revoked " + partitions);
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

                @Override
                public void onPartitionsLost(Collection<TopicPartition> partitions) {
                    System.out.println("lost " + partitions);
                }
            });
            String before = "";
            while (true) {
                try {
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                        System.out.println("record " + record.topic() + " " + record.value());
                    }
                } catch (TopicAuthorizationException denied) {
                    // Until it is told of its new assignment it still asks for what has just been revoked.
                    System.out.println("denied " + new TreeSet<>(denied.unauthorizedTopics()));
                }
                TreeSet<String> topics = new TreeSet<>();
                consumer.assignment().forEach(partition -> topics.add(partition.topic()));
                String now = "assigned " + topics;
                if (!now.equals(before)) {
                    System.out.println(now);
                    before = now;
                }
            }
        }
    }
}
