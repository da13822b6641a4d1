use super::*;
use crate::testing::{Client, on_the_wire, str_bytes};

const ACLS: [&str; 2] = ["allow Read Group billing", "allow Read Topic orders- prefixed"];

/// A heartbeat of the member `m` in the midst of its life.
fn beating(topics: Option<&[&str]>) -> ConsumerGroupHeartbeatRequest {
    let names = topics.map(|names| names.iter().map(|name| str_bytes(name).into()).collect());
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(str_bytes("billing").into())
        .with_member_id(str_bytes("m"))
        .with_member_epoch(7)
        .with_subscribed_topic_names(names)
}

fn matching(pattern: &str) -> ConsumerGroupHeartbeatRequest {
    beating(None).with_subscribed_topic_regex(Some(str_bytes(pattern)))
}

/// As Java's consumer joins.
fn joining(pattern: &str) -> ConsumerGroupHeartbeatRequest {
    matching(pattern).with_member_epoch(0).with_subscribed_topic_names(Some(Vec::new()))
}

fn carried(pattern: &str, names: &[&str]) -> StrBytes {
    let names = names.iter().map(|name| str_bytes(name)).collect();
    CarriedSubscription { pattern: str_bytes(pattern), names }.encode()
}

fn denied(error: ErrorCode) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse::default().with_error_code(error.0)
}

/// Before three topics, of which `pay` is hidden.
fn client() -> Client {
    Client::with(&ACLS).topic("orders-eu", 1).topic("orders-us", 1).topic("pay", 1)
}

/// Sends a heartbeat that the broker accepts; the names and the regular expression that reached it.
fn accepted(client: &mut Client, request: &ConsumerGroupHeartbeatRequest) -> (Option<Vec<String>>, Option<StrBytes>) {
    let asked = client.ask(1, request);
    let forwarded = asked.forwarded();
    let names = forwarded.subscribed_topic_names.as_ref();
    let names = names.map(|names| names.iter().map(|name| name.0.to_string()).collect());
    let reached = (names, forwarded.subscribed_topic_regex.clone());
    let answer = ConsumerGroupHeartbeatResponse::default().with_member_epoch(8);
    assert_eq!(client.answer(asked, answer.clone()), answer);
    reached
}

fn names(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn an_unchanged_subscription_asks_for_the_group_alone() {
    for version in [0, 1] {
        let mut client = Client::with(&["allow Read Group billing"]);
        assert!(client.ask(version, &beating(None)).went_on_as_it_came());
        assert_eq!(client.decisions(), ["allowed Read Group billing"]);
        let mut client = Client::with(&["allow Describe Group billing"]);
        let asked = client.ask(version, &beating(None));
        assert_eq!(client.lookups, []);
        assert_eq!(asked.response(), on_the_wire(version, &denied(ErrorCode::GROUP_AUTHORIZATION_FAILED)));
    }
}

#[test]
fn one_denied_topic_denies_the_request() {
    for version in [0, 1] {
        let mut client = Client::with(&["allow Read Group billing", "allow Read Topic orders"]);
        assert!(client.ask(version, &beating(Some(&["orders", "orders"]))).went_on_as_it_came());
        assert_eq!(client.decisions(), ["allowed Read Group billing", "allowed Describe Topic orders"]);
        let asked = client.ask(version, &beating(Some(&["orders", "pay"])));
        assert_eq!(asked.response(), on_the_wire(version, &denied(ErrorCode::TOPIC_AUTHORIZATION_FAILED)));
    }
}

#[test]
fn a_regular_expression_becomes_the_names_that_it_matches_and_that_may_be_described() {
    let mut client = client();
    let reached = accepted(&mut client, &joining(".*"));
    assert_eq!(reached, (names(&["orders-eu", "orders-us"]), Some(carried(".*", &[]))));
    assert_eq!(
        client.decisions(),
        [
            "allowed Read Group billing",
            "allowed Describe Topic orders-eu (quiet)",
            "allowed Describe Topic orders-us (quiet)",
            "denied Describe Topic pay (quiet)",
        ]
    );
    assert_eq!(client.lookups, [Lookup { matching: Some(str_bytes(".*")), ..Lookup::default() }]);
}

#[test]
fn heartbeats_without_it_keep_the_names_current() {
    let mut client = client();
    accepted(&mut client, &joining("orders-.*"));
    let unchanged = accepted(&mut client, &beating(None));
    assert_eq!(unchanged, (names(&["orders-eu", "orders-us"]), Some(carried("orders-.*", &[]))));
    assert_eq!(client.decisions(), ["allowed Read Group billing"], "nothing new was found");

    let mut client = client.topic("orders-asia", 1);
    assert_eq!(accepted(&mut client, &beating(None)).0, names(&["orders-asia", "orders-eu", "orders-us"]));
    assert_eq!(client.decisions().len(), 4);
    client.acls_are_now(&["allow Read Group billing", "allow Read Topic orders-eu"]);
    assert_eq!(accepted(&mut client, &beating(None)).0, names(&["orders-eu"]));
    client.acls_are_now(&["allow Read Group billing"]);
    assert_eq!(accepted(&mut client, &beating(None)).0, names(&[]));
}

#[test]
fn names_and_a_regular_expression_add_up_and_each_changes_alone() {
    let mut client = client().topic("orders-asia", 1);
    let both = joining("orders-(eu|us)").with_subscribed_topic_names(Some(vec![str_bytes("orders-eu").into()]));
    let reached = accepted(&mut client, &both);
    assert_eq!(reached, (names(&["orders-eu", "orders-us"]), Some(carried("orders-(eu|us)", &["orders-eu"]))));

    let other_pattern = accepted(&mut client, &matching("orders-us"));
    assert_eq!(other_pattern, (names(&["orders-eu", "orders-us"]), Some(carried("orders-us", &["orders-eu"]))));
    let other_names = accepted(&mut client, &beating(Some(&["orders-asia"])));
    assert_eq!(other_names, (names(&["orders-asia", "orders-us"]), Some(carried("orders-us", &["orders-asia"]))));
    let no_pattern = accepted(&mut client, &matching(""));
    assert_eq!(no_pattern, (names(&["orders-asia"]), Some(str_bytes(""))));
    assert!(client.ask(1, &beating(None)).passed_through());
}

#[test]
fn what_another_doorkeeper_was_told_is_found_at_the_broker() {
    let mut client = client().member("m", Some(&carried("orders-.*", &["orders-eu"])), &["orders-eu", "gone"]);
    let reached = accepted(&mut client, &beating(None));
    assert_eq!(reached, (names(&["orders-eu", "orders-us"]), Some(carried("orders-.*", &["orders-eu"]))));
    let member = Member { group: str_bytes("billing"), member: str_bytes("m"), instance: None };
    assert_eq!(client.lookups, [Lookup { member: Some(Box::new(member)), ..Lookup::default() }]);
    accepted(&mut client, &beating(None));
    let remembered = Lookup { matching: Some(str_bytes("orders-.*")), ..Lookup::default() };
    assert_eq!(client.lookups, [remembered]);
}

#[test]
fn a_regular_expression_that_reached_the_broker_by_another_way_is_taken_from_it() {
    let mut client = client().member("m", Some(".*"), &["orders-eu"]);
    let reached = accepted(&mut client, &beating(None));
    assert_eq!(reached, (names(&["orders-eu", "orders-us"]), Some(carried(".*", &["orders-eu"]))));
}

#[test]
fn a_static_member_that_joins_anew_inherits_as_in_a_broker() {
    let mut client = client().member("instance", Some(&carried("orders-us", &[])), &["orders-us"]);
    let request = beating(Some(&["orders-eu"])).with_member_epoch(0).with_instance_id(Some(str_bytes("instance")));
    let reached = accepted(&mut client, &request);
    assert_eq!(reached, (names(&["orders-eu", "orders-us"]), Some(carried("orders-us", &["orders-eu"]))));
}

#[test]
fn a_member_with_names_alone_is_looked_up_once_and_whenever_it_joins() {
    let mut client = client();
    let join = beating(Some(&["orders-eu"])).with_member_epoch(0);
    assert_eq!(accepted(&mut client, &join), (names(&["orders-eu"]), None));
    assert_eq!(client.lookups.len(), 1);
    for unchanged in [beating(None), beating(Some(&["orders-us"]))] {
        assert!(client.ask(1, &unchanged).passed_through());
        assert_eq!(client.lookups, []);
    }
    accepted(&mut client, &join);
    assert_eq!(client.lookups.len(), 1);
}

#[test]
fn after_an_error_and_after_leaving_nothing_is_remembered() {
    let mut client = client();
    accepted(&mut client, &joining("orders-.*"));
    let asked = client.ask(1, &beating(None));
    client.answer(asked, denied(ErrorCode::FENCED_MEMBER_EPOCH));
    assert!(client.ask(1, &beating(None)).went_on_as_it_came(), "the broker knows of no such member");
    assert_eq!(client.lookups.len(), 1);

    accepted(&mut client, &joining("orders-.*"));
    assert!(client.ask(1, &joining("orders-.*").with_member_epoch(-1)).passed_through());
    assert_eq!(client.lookups, []);
    assert!(client.ask(1, &beating(None)).went_on_as_it_came());
}

#[test]
fn an_invalid_regular_expression_is_refused_in_the_words_of_a_broker() {
    for (pattern, words) in [
        ("orders-(", "SubscribedTopicRegex `orders-(` is not a valid regular expression: missing closing )."),
        (
            r"\p{Runic}",
            r"SubscribedTopicRegex `\p{Runic}` is not a valid regular expression: `\p{Runic}` is not supported here.",
        ),
    ] {
        let asked = client().ask(1, &joining(pattern));
        let refused = denied(ErrorCode::INVALID_REGULAR_EXPRESSION);
        assert_eq!(asked.response(), refused.with_error_message(Some(str_bytes(words))));
    }
}
