"""One step of a conversation with Kafka by kafka-python, told as one line of JSON.

    client.py CLIENT.json STEP [ARGUMENT ...]

CLIENT.json holds the settings of the connection (bootstrap_servers, security_protocol, sasl_*, ssl_*). The line says
{"ok": what came back} or {"error": "the name of the exception"}; the exit status is 0 for both, since a refusal is an
answer. Everything else (a defect of this script, no answer in time) is a traceback and status 1.
"""

import json
import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    NewTopic,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

SECONDS = 20


def produce(settings, topic, *values):
    producer = KafkaProducer(**settings, max_block_ms=SECONDS * 1000, enable_idempotence=False, retries=0)
    try:
        offsets = [producer.send(topic, value.encode()).get(SECONDS).offset for value in values]
    finally:
        producer.close(timeout=1)
    return {"topic": topic, "written": len(offsets)}


def idempotent(settings, topic, *values):
    producer = KafkaProducer(**settings, max_block_ms=SECONDS * 1000, enable_idempotence=True)
    try:
        for value in values:
            producer.send(topic, value.encode()).get(SECONDS)
    finally:
        producer.close(timeout=1)
    return {"topic": topic, "written": len(values)}


def consume(settings, topic, group, count):
    consumer = KafkaConsumer(
        topic,
        **settings,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=SECONDS * 1000,
    )
    try:
        values = []
        for record in consumer:
            values.append(record.value.decode())
            if len(values) == int(count):
                break
        consumer.commit()
    finally:
        consumer.close(autocommit=False)
    return {"values": values}


def transact(settings, transactional_id, topic, group, value):
    producer = KafkaProducer(
        **settings, max_block_ms=SECONDS * 1000, transactional_id=transactional_id, acks="all", enable_idempotence=True
    )
    try:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, value.encode()).get(SECONDS)
        if group != "-":
            offsets = {TopicPartition(topic, 0): OffsetAndMetadata(1, "", -1)}
            producer.send_offsets_to_transaction(offsets, group)
        producer.commit_transaction()
    finally:
        producer.close(timeout=1)
    return {"committed": transactional_id}


def topics(settings):
    admin = KafkaAdminClient(**settings)
    try:
        return sorted(admin.list_topics())
    finally:
        admin.close()


def create_topic(settings, topic):
    admin = KafkaAdminClient(**settings)
    try:
        admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)], raise_errors=True)
    finally:
        admin.close()
    return {"created": topic}


def delete_topic(settings, topic):
    admin = KafkaAdminClient(**settings)
    try:
        admin.delete_topics([topic], raise_errors=True)
    finally:
        admin.close()
    return {"deleted": topic}


def create_acl(settings, principal, operation, pattern_type, topic):
    pattern = ResourcePattern(ResourceType.TOPIC, topic, ACLResourcePatternType[pattern_type])
    acl = ACL(principal, "*", ACLOperation[operation], ACLPermissionType.ALLOW, pattern)
    admin = KafkaAdminClient(**settings)
    try:
        told = admin.create_acls([acl])
    finally:
        admin.close()
    return {"succeeded": len(told["succeeded"]), "failed": [error.__name__ for error in told["failed"]]}


def acl_filter(topic):
    pattern = ResourcePatternFilter(ResourceType.TOPIC, topic, ACLResourcePatternType.MATCH)
    return ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, pattern)


def describe_acls(settings, topic):
    admin = KafkaAdminClient(**settings)
    try:
        acls, _ = admin.describe_acls(acl_filter(topic))
    finally:
        admin.close()
    told = [[acl.principal, acl.operation.name, acl.resource_pattern.pattern_type.name] for acl in acls]
    return sorted(told)


def delete_acls(settings, topic):
    admin = KafkaAdminClient(**settings)
    try:
        told = admin.delete_acls([acl_filter(topic)])
    finally:
        admin.close()
    return {"deleted": sum(len(found) for _, found, _ in told)}


STEPS = {
    step.__name__: step
    for step in (
        produce,
        idempotent,
        consume,
        transact,
        topics,
        create_topic,
        delete_topic,
        create_acl,
        describe_acls,
        delete_acls,
    )
}


def main():
    _, client, step, *arguments = sys.argv
    with open(client, encoding="utf-8") as file:
        settings = json.load(file)
    try:
        told = {"ok": STEPS[step](settings, *arguments)}
    except KafkaError as error:
        # A fatal error of the producer comes wrapped: the name that matters is in the text.
        told = {"error": type(error).__name__ if type(error) is not KafkaError else str(error)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
