// Makes the ACLs of a cluster what a file says, with Jikkou, and prints what was changed, a line each.
//
//   java -cp CLASSPATH Reconcile.java acls.yaml admin.properties CREATE|DELETE|UPDATE|FULL

import io.streamthoughts.jikkou.core.DefaultApi;
import io.streamthoughts.jikkou.core.ReconciliationContext;
import io.streamthoughts.jikkou.core.ReconciliationMode;
import io.streamthoughts.jikkou.core.config.Configuration;
import io.streamthoughts.jikkou.core.extension.ClassExtensionAliasesGenerator;
import io.streamthoughts.jikkou.core.extension.DefaultExtensionDescriptorFactory;
import io.streamthoughts.jikkou.core.extension.DefaultExtensionFactory;
import io.streamthoughts.jikkou.core.extension.DefaultExtensionRegistry;
import io.streamthoughts.jikkou.core.io.Jackson;
import io.streamthoughts.jikkou.core.io.ResourceDeserializer;
import io.streamthoughts.jikkou.core.io.ResourceLoader;
import io.streamthoughts.jikkou.core.io.ResourceLoaderInputs;
import io.streamthoughts.jikkou.core.io.reader.ResourceReaderFactory;
import io.streamthoughts.jikkou.core.resource.DefaultResourceRegistry;
import io.streamthoughts.jikkou.kafka.internals.admin.AdminClientContextFactory;
import io.streamthoughts.jikkou.kafka.models.V1KafkaPrincipalAuthorization;
import io.streamthoughts.jikkou.kafka.reconciler.AdminClientKafkaAclCollector;
import io.streamthoughts.jikkou.kafka.reconciler.AdminClientKafkaAclController;
import java.io.FileReader;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.AdminClient;

public class Reconcile {
    public static void main(String[] arguments) throws Exception {
        var properties = new Properties();
        try (var reader = new FileReader(arguments[1])) {
            properties.load(reader);
        }
        ResourceDeserializer.registerKind(V1KafkaPrincipalAuthorization.class);
        var cluster = new AdminClientContextFactory(Configuration.empty(), () -> AdminClient.create(properties));
        var extensions = new DefaultExtensionFactory(new DefaultExtensionRegistry(
            new DefaultExtensionDescriptorFactory(), new ClassExtensionAliasesGenerator()));
        var api = DefaultApi.builder(extensions, new DefaultResourceRegistry())
            .register(AdminClientKafkaAclController.class, () -> new AdminClientKafkaAclController(cluster))
            .register(AdminClientKafkaAclCollector.class, () -> new AdminClientKafkaAclCollector(cluster))
            .build();
        var wanted = new ResourceLoader(new ResourceReaderFactory(Jackson.YAML_OBJECT_MAPPER))
            .load(List.of(arguments[0]));
        var context = ReconciliationContext.builder().dryRun(false).build();
        var done = api.reconcile(wanted, ReconciliationMode.valueOf(arguments[2]), context);
        done.results().forEach(result -> System.out.println(
            result.status() + " " + result.change().getMetadata().getName() + " " + result.change().getSpec()));
    }
}
