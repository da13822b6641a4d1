//! End to end: a real Kafka, real clients, and Doorkeeper between them.
//!
//! The tests are in `tests/tests`, one file for each question. This library holds what several of them share; the
//! machinery (Kafka, tools, certificates, raw client, relay) is in the crate `testkit`.
//!
//! What this package deliberately does not do: it never skips. Without a Kafka its tests fail and say how to get one.
//!
//! Start reading at `tests/tests/kafka_smoke.rs`, which shows the machinery at work without Doorkeeper.
