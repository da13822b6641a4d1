"""One step of administration by librdkafka's Admin client, told as one line of JSON.

    librdkafka_admin.py CLIENT.json STEP [ARGUMENT ...]

CLIENT.json holds librdkafka's settings (bootstrap.servers, security.protocol, sasl.*, ssl.*). The line says {"ok": what
came back} or {"error": librdkafka's name of the error, "text": what the server said}; the exit status is 0 for both, since
a refusal is an answer. Everything else is a traceback and status 1.
"""

import json
import sys

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

SECONDS = 20


def create_acl(admin, principal, operation, pattern_type, topic):
    pattern_type = ResourcePatternType[pattern_type]
    allow = AclPermissionType.ALLOW
    acl = AclBinding(ResourceType.TOPIC, topic, pattern_type, principal, "*", AclOperation[operation], allow)
    for future in admin.create_acls([acl], request_timeout=SECONDS).values():
        future.result(SECONDS)
    return "created"


def matching(topic):
    anything = (None, None, AclOperation.ANY, AclPermissionType.ANY)
    return AclBindingFilter(ResourceType.TOPIC, topic, ResourcePatternType.MATCH, *anything)


def told(acls):
    return sorted([acl.principal, acl.operation.name, acl.resource_pattern_type.name] for acl in acls)


def describe_acls(admin, topic):
    return told(admin.describe_acls(matching(topic), request_timeout=SECONDS).result(SECONDS))


def delete_acls(admin, topic):
    (future,) = admin.delete_acls([matching(topic)], request_timeout=SECONDS).values()
    return told(future.result(SECONDS))


def set_password(admin, user, mechanism, password):
    info = ScramCredentialInfo(ScramMechanism[mechanism], 4096)
    upsertion = UserScramCredentialUpsertion(user, info, password.encode())
    admin.alter_user_scram_credentials([upsertion], request_timeout=SECONDS)[user].result(SECONDS)
    return "altered"


def delete_password(admin, user, mechanism):
    deletion = UserScramCredentialDeletion(user, ScramMechanism[mechanism])
    admin.alter_user_scram_credentials([deletion], request_timeout=SECONDS)[user].result(SECONDS)
    return "altered"


def describe_user(admin, user):
    described = admin.describe_user_scram_credentials([user], request_timeout=SECONDS)[user].result(SECONDS)
    return sorted([info.mechanism.name, info.iterations] for info in described.scram_credential_infos)


STEPS = {
    step.__name__: step
    for step in (create_acl, describe_acls, delete_acls, set_password, delete_password, describe_user)
}


def main():
    _, client, step, *arguments = sys.argv
    with open(client, encoding="utf-8") as file:
        admin = AdminClient(json.load(file))
    try:
        line = {"ok": STEPS[step](admin, *arguments)}
    except KafkaException as exception:
        error = exception.args[0]
        line = {"error": error.name(), "text": error.str()}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
