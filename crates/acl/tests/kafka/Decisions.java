import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.metrics.internals.PluginMetricsImpl;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.utils.SecurityUtils;
import org.apache.kafka.metadata.authorizer.StandardAcl;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;

/**
 * Asks Kafka's own StandardAuthorizer about random ACLs, and writes questions and answers as lines of fields separated
 * by tabs. `tests/kafka.rs` says how to run it, and asks Doorkeeper's engine the same.
 *
 * No name that is asked for starts with a character below `*`: on these StandardAuthorizer may loop for ever. None is
 * longer than `*` and starts with it: on these StandardAuthorizer forgets the ACLs on LITERAL `*`.
 */
public class Decisions {
    static final String[] NAMES = {
        "a", "a", "ab", "ab", "abc", "b", "*", "*", "*a", "*a*", "hardcode", "h", "é", "\uE000", "\uD83D\uDE00", "a\uFFFF",
        "a\uD83D\uDE00"
    };
    static final String[] PRINCIPALS = {"User:a", "User:a", "User:*", "User:b", "Group:a", "Group:*", "User:A"};
    /** Not `User:*`: of a caller with that name StandardAuthorizer fails to make a set. */
    static final String[] CALLERS = {"User:a", "User:a", "User:a", "User:b", "Group:a", "Group:*"};
    static final String[] HOSTS = {"*", "*", "*", "10.0.0.1", "10.0.0.2", "::1", "0:0:0:0:0:0:0:1", "10.0.0.0/8"};
    static final AclOperation[] OPERATIONS = {
        AclOperation.ALL, AclOperation.READ, AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE,
        AclOperation.ALTER, AclOperation.CREATE, AclOperation.DESCRIBE_CONFIGS, AclOperation.ALTER_CONFIGS
    };
    static final ResourceType[] TYPES = {ResourceType.TOPIC, ResourceType.TOPIC, ResourceType.TOPIC, ResourceType.GROUP};

    final Random random;
    final PrintStream out;

    Decisions(long seed, PrintStream out) {
        this.random = new Random(seed);
        this.out = out;
    }

    /** A few of the values, so that the ACLs of one policy and the questions about them meet. */
    <T> T[] few(T[] values) {
        T[] few = Arrays.copyOf(values, 3);
        for (int i = 0; i < few.length; i++) few[i] = any(values);
        return few;
    }

    <T> T any(T[] values) {
        return values[random.nextInt(values.length)];
    }

    void line(Object... fields) {
        List<String> texts = new ArrayList<>();
        for (Object field : fields) texts.add(String.valueOf(field));
        out.println(String.join("\t", texts));
    }

    void policy() throws Exception {
        boolean allowEveryone = random.nextInt(3) == 0;
        String superUsers = random.nextInt(8) == 0 ? "User:a" : "";
        line("policy", allowEveryone, superUsers);

        StandardAuthorizer authorizer = new StandardAuthorizer();
        authorizer.configure(Map.of(
            "node.id", "0", "super.users", superUsers, "allow.everyone.if.no.acl.found", String.valueOf(allowEveryone)));
        authorizer.withPluginMetrics(new PluginMetricsImpl(new Metrics(), Map.of()));
        Map<Uuid, StandardAcl> acls = new HashMap<>();
        int count = random.nextInt(12);
        String[] names = few(NAMES);
        AclOperation[] operations = few(OPERATIONS);
        ResourceType[] types = few(TYPES);
        for (int i = 0; i < count; i++) {
            StandardAcl acl = new StandardAcl(
                any(types), any(names), random.nextBoolean() ? PatternType.LITERAL : PatternType.PREFIXED,
                any(PRINCIPALS), any(HOSTS), any(operations),
                random.nextInt(3) == 0 ? AclPermissionType.DENY : AclPermissionType.ALLOW);
            if (acls.containsValue(acl)) continue;
            acls.put(Uuid.randomUuid(), acl);
            line("acl", acl.resourceType(), acl.resourceName(), acl.patternType(), acl.principal(), acl.host(),
                acl.operation(), acl.permissionType());
        }
        authorizer.loadSnapshot(acls);
        authorizer.completeInitialLoad();

        for (int i = 0; i < 10; i++) {
            Context context = new Context(any(CALLERS), any(new String[] {"10.0.0.1", "::1"}));
            AclOperation operation = any(operations);
            ResourceType type = any(types);
            if (i >= 8) {
                line("some", context.principal(), context.clientAddress().getHostAddress(), operation, type,
                    authorizer.authorizeByResourceType(context, operation, type));
                continue;
            }
            String name = random.nextInt(3) == 0 ? any(names) + any(NAMES) : any(names);
            if (name.startsWith("*")) name = "*";
            Action action = new Action(operation, new ResourcePattern(type, name, PatternType.LITERAL), 1, true, true);
            AuthorizationResult result = authorizer.authorize(context, List.of(action)).get(0);
            line("ask", context.principal(), context.clientAddress().getHostAddress(), operation, type, name, result,
                superUsers.equals(context.principal().toString()) ? "SuperUser" : rule(authorizer, context, action));
        }
    }

    /** What the audit line would name: it is not to be had by any public method. */
    static Object rule(StandardAuthorizer authorizer, Context context, Action action) throws Exception {
        Field field = StandardAuthorizer.class.getDeclaredField("data");
        field.setAccessible(true);
        Object data = field.get(authorizer);
        Method find = data.getClass().getDeclaredMethod("findAclRule", Set.class, String.class, Action.class);
        find.setAccessible(true);
        Set<KafkaPrincipal> principals = Set.of(context.principal(), new KafkaPrincipal("User", "*"));
        return find.invoke(data, principals, context.clientAddress().getHostAddress(), action);
    }

    record Context(String principalText, String host) implements AuthorizableRequestContext {
        public KafkaPrincipal principal() { return SecurityUtils.parseKafkaPrincipal(principalText); }
        public InetAddress clientAddress() {
            try {
                return InetAddress.getByName(host);
            } catch (java.net.UnknownHostException e) {
                throw new IllegalStateException(e);
            }
        }
        public String listenerName() { return "CLIENT"; }
        public SecurityProtocol securityProtocol() { return SecurityProtocol.PLAINTEXT; }
        public int requestType() { return 0; }
        public int requestVersion() { return 0; }
        public String clientId() { return ""; }
        public int correlationId() { return 0; }
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Decisions decisions = new Decisions(Long.parseLong(arguments[0]), out);
        int policies = Integer.parseInt(arguments[1]);
        for (int i = 0; i < policies; i++) decisions.policy();
        out.flush();
    }
}
