//! What a decision takes while ACLs change 100 times a second under 1,000 connections, each of another caller: of all
//! decisions, and of the first ones after a change that concerns the caller, which makes the caller's grants anew.
//!
//! Goal: p99 below 20 µs, of the first ones too. A decision is here what it is in the proxy: the snapshot of now, the grants
//! brought up to date by the proxy's own cache, one question. One thread decides, another one changes.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, Grants, Host, Identity, KafkaPrincipal,
    ResourcePattern, ResourceType, Settings,
};
use arc_swap::ArcSwap;
use comfy_table::Table;

#[path = "../../crates/proxy/src/grants.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the proxy's own file, of which a decision needs one function"
)]
mod grants;

use acl::Policy;
use grants::GrantsCache;

const CONNECTIONS: usize = 1_000;
const BETWEEN_CHANGES: Duration = Duration::from_millis(10);

/// Between two decisions: 100,000 a second.
const BETWEEN_DECISIONS: Duration = Duration::from_micros(10);
const LASTS: Duration = Duration::from_secs(5);

/// Whom a change concerns.
#[derive(Clone, Copy)]
enum Concerns {
    OneCaller,
    /// An ACL of `User:*`.
    Everybody,
}

fn main() {
    let mut table = Table::new();
    table.set_header([
        "ACLs",
        "a change concerns",
        "decisions",
        "p50",
        "p99",
        "the first ones",
        "p50",
        "p99",
        "at most",
    ]);
    for principals in [1_000, 10_000] {
        for (concerns, name) in [(Concerns::OneCaller, "one caller"), (Concerns::Everybody, "everybody")] {
            let (all, first) = measure(principals, concerns);
            let count = (all.len().to_string(), first.len().to_string());
            let shown = |of: &[Duration], part| format!("{:.2} µs", percentile(of, part).as_nanos() as f64 / 1000.0);
            table.add_row([
                (principals * 10).to_string(),
                name.to_owned(),
                count.0,
                shown(&all, 50),
                shown(&all, 99),
                count.1,
                shown(&first, 50),
                shown(&first, 99),
                "20 µs".to_owned(),
            ]);
        }
    }
    println!("{CONNECTIONS} connections, 100 changes a second\n{table}");
}

/// Durations of all decisions, and of those that found their grants out of date.
fn measure(principals: usize, concerns: Concerns) -> (Vec<Duration>, Vec<Duration>) {
    let policy = ArcSwap::from_pointee(Policy::new(Settings::default(), acls(principals)));
    let cache = GrantsCache::default();
    let mut connections: Vec<Arc<Grants>> =
        (0..CONNECTIONS).map(|service| cache.get(&identity(service), &policy.load())).collect();
    let topics: Vec<String> = (0..CONNECTIONS).map(|service| format!("service-{service}.clicks")).collect();
    let is_over = AtomicBool::new(false);
    let (mut all, mut first) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| change(&policy, concerns, &is_over));
        let began = Instant::now();
        for turn in 0_usize.. {
            // A stride that is prime to their number: nothing of the next caller is in the nearest cache.
            let at = turn * 337 % CONNECTIONS;
            let (connection, topic) = (&mut connections[at], &topics[at]);
            let before = Arc::as_ptr(connection);
            let asked = Instant::now();
            {
                let policy = policy.load();
                cache.refresh(connection, &policy);
                black_box(connection.authorize(AclOperation::Write, ResourceType::Topic, black_box(topic)));
            }
            let took = asked.elapsed();
            all.push(took);
            if !std::ptr::eq(before, Arc::as_ptr(connection)) {
                first.push(took);
            }
            if began.elapsed() > LASTS {
                break;
            }
            while asked.elapsed() < BETWEEN_DECISIONS {
                std::hint::spin_loop();
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    all.sort();
    first.sort();
    (all, first)
}

/// Adds an ACL, and takes it away the next time.
fn change(policy: &ArcSwap<Policy>, concerns: Concerns, is_over: &AtomicBool) {
    let mut next = Instant::now();
    for number in 0_usize.. {
        let principal = match concerns {
            Concerns::OneCaller => format!("User:service-{}", number / 2 * 7 % CONNECTIONS),
            Concerns::Everybody => "User:*".to_owned(),
        };
        let changed = [AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, format!("changed-{}", number / 2)),
            AccessControlEntry::new(principal, "*", AclOperation::Read, AclPermissionType::Allow),
        )];
        let now = policy.load_full();
        let new = if number % 2 == 0 { now.with_changes(&[], &changed) } else { now.with_changes(&changed, &[]) };
        policy.store(Arc::new(new));
        next += BETWEEN_CHANGES;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        if is_over.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Ten for each principal: topics by name and by prefix, a group, a deny.
fn acls(principals: usize) -> Vec<AclBinding> {
    use AclOperation::{Create, Describe, Read, Write};
    use AclPermissionType::{Allow, Deny};
    let of_service = |service: usize| {
        let own = format!("service-{service}.");
        let neighbour = |distance: usize| format!("service-{}.orders", (service + distance) % principals);
        let mut patterns = vec![
            (ResourcePattern::prefixed(ResourceType::Topic, own.clone()), Create, Allow),
            (ResourcePattern::prefixed(ResourceType::Topic, own.clone()), Write, Allow),
            (ResourcePattern::prefixed(ResourceType::Topic, format!("{own}audit")), Write, Deny),
            (ResourcePattern::prefixed(ResourceType::Group, own.clone()), Read, Allow),
            (ResourcePattern::prefixed(ResourceType::TransactionalId, own), Write, Allow),
        ];
        patterns.extend(
            (1..=4).map(|distance| (ResourcePattern::literal(ResourceType::Topic, neighbour(distance)), Read, Allow)),
        );
        patterns.push((ResourcePattern::literal(ResourceType::Topic, neighbour(5)), Describe, Allow));
        patterns.into_iter().map(move |(pattern, operation, permission_type)| {
            AclBinding::new(
                pattern,
                AccessControlEntry::new(format!("User:service-{service}"), "*", operation, permission_type),
            )
        })
    };
    (0..principals).flat_map(of_service).collect()
}

fn identity(service: usize) -> Arc<Identity> {
    Arc::new(Identity {
        principal: KafkaPrincipal::user(format!("service-{service}")),
        groups: Vec::new(),
        host: Host::from(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))),
        listener: "CLIENT".into(),
        authenticated_by_token: false,
    })
}

fn percentile(sorted: &[Duration], part: usize) -> Duration {
    sorted.get(sorted.len() * part / 100).copied().unwrap_or_default()
}
