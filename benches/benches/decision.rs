//! What a decision costs, what a change to the ACLs costs, and what 100,000 ACLs cost to load and to keep.
//!
//! Goals: a decision with 10,000 ACLs of 1,000 principals takes at most 100 ns and allocates nothing (the latter is
//! checked here, before anything is measured); 100,000 ACLs are loaded in less than 2 s and take at most 100 MiB.

use std::alloc::System;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, AuthorizationResult, Grants, Host, Identity,
    KafkaPrincipal, PatternType, Policy, ResourcePattern, ResourceType, Settings,
};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use peakmem_alloc::{PeakMemAlloc, PeakMemAllocTrait};

#[global_allocator]
static ALLOCATOR: PeakMemAlloc<System> = PeakMemAlloc::new(System);

const ACLS_PER_PRINCIPAL: usize = 10;

/// Ten ACLs for each service: topics by name and by prefix, a group, a transactional id, a deny, and one by host.
fn acls(principals: usize) -> Vec<AclBinding> {
    use AclOperation::{All, Create, Describe, Read, Write};
    use AclPermissionType::{Allow, Deny};
    use PatternType::{Literal, Prefixed};
    use ResourceType::{Group, Topic, TransactionalId};
    let of_service = |service: usize| -> [AclBinding; ACLS_PER_PRINCIPAL] {
        let own = format!("team-{}.service-{service}.", service % 50);
        let foreign = |distance: usize, topic: &str| {
            format!("team-{}.service-{}.{topic}", (service + distance) % 50, (service + distance) % principals)
        };
        [
            (Topic, own.clone(), Prefixed, Create, Allow, "*"),
            (Topic, own.clone(), Prefixed, Write, Allow, "*"),
            (Topic, format!("{own}audit"), Prefixed, Write, Deny, "*"),
            (Topic, foreign(1, "orders"), Literal, Read, Allow, "*"),
            (Topic, foreign(2, "payments"), Literal, Read, Allow, "*"),
            (Topic, foreign(3, "shipments"), Literal, Read, Allow, "10.0.0.1"),
            (Topic, foreign(4, "returns"), Literal, Describe, Allow, "*"),
            (Topic, format!("dead-letters.{own}"), Prefixed, All, Allow, "*"),
            (Group, own.clone(), Prefixed, Read, Allow, "*"),
            (TransactionalId, own, Prefixed, Write, Allow, "*"),
        ]
        .map(|(resource_type, name, pattern_type, operation, permission_type, host)| {
            AclBinding::new(
                ResourcePattern::new(resource_type, name, pattern_type),
                AccessControlEntry::new(format!("User:service-{service}"), host, operation, permission_type),
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

/// What is asked of a topic, and the right answer.
type Questions = [(AclOperation, String, AuthorizationResult); 6];

/// Questions of one service, one for each way to an answer.
fn questions(service: usize) -> Questions {
    use AclOperation::{Alter, Read, Write};
    use AuthorizationResult::{Allowed, Denied};
    let own = format!("team-{}.service-{service}", service % 50);
    [
        (Read, format!("team-{}.service-{}.orders", (service + 1) % 50, service + 1), Allowed),
        (Write, format!("{own}.clicks-by-country"), Allowed),
        (Write, format!("{own}.audit-of-logins"), Denied),
        (Alter, format!("dead-letters.{own}.clicks"), Allowed),
        (Read, format!("team-{}.service-{}.nothing", (service + 1) % 50, service + 1), Denied),
        (Write, "unheard-of".to_owned(), Denied),
    ]
}

/// Grants and questions of 900 of 1,000 services (whose neighbours exist).
fn callers(policy: &Policy) -> Vec<(Grants, Questions)> {
    (0..900).map(|service| (policy.grants(&identity(service)), questions(service))).collect()
}

fn decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decision");
    for (name, settings) in [
        ("10,000 ACLs", Settings::default()),
        (
            "10,000 ACLs, allow.everyone.if.no.acl.found",
            Settings { allow_everyone_if_no_acl_found: true, ..Settings::default() },
        ),
    ] {
        let everyone = settings.allow_everyone_if_no_acl_found;
        let policy = Policy::new(settings, acls(1_000));
        let callers = callers(&policy);
        check_that_decisions_allocate_nothing(&callers, everyone);

        let (grants, questions) = callers.first().expect("a caller");
        for (operation, topic, result) in questions {
            group.bench_function(BenchmarkId::new(name, format!("{operation} {topic}: {result}")), |bencher| {
                bencher.iter(|| grants.authorize(black_box(*operation), ResourceType::Topic, black_box(topic)));
            });
        }
        group.bench_function(BenchmarkId::new(name, "900 callers in turn"), |bencher| {
            // A stride that is prime to their number: nothing of the next caller is in the nearest cache. The names are
            // read in order, as a request's are.
            let mut names = String::new();
            let mut turns = Vec::new();
            for turn in 0..callers.len() * 6 {
                let place = turn * 1_009 % (callers.len() * 6);
                let (grants, questions) = &callers[place / 6];
                let (operation, topic, _) = &questions[place % 6];
                names.push_str(topic);
                turns.push((grants, *operation, names.len() - topic.len()..names.len()));
            }
            let mut turns = turns.iter().cycle();
            bencher.iter(|| {
                let (grants, operation, name) = turns.next().expect("endless");
                grants.authorize(*operation, ResourceType::Topic, &names[name.clone()])
            });
        });
    }
    group.finish();
}

fn check_that_decisions_allocate_nothing(callers: &[(Grants, Questions)], everyone: bool) {
    ALLOCATOR.reset_peak_memory();
    for (grants, questions) in callers {
        for (operation, topic, expected) in questions {
            let result = grants.authorize(*operation, ResourceType::Topic, topic);
            assert!(result == *expected || everyone, "{operation} {topic}");
            black_box(grants.authorize_by_resource_type(*operation, ResourceType::Topic));
            black_box(grants.authorized_operations(ResourceType::Topic, topic));
        }
    }
    assert_eq!(ALLOCATOR.get_peak_memory(), 0, "a decision allocated memory");
}

fn explanations(criterion: &mut Criterion) {
    let policy = Policy::new(Settings::default(), acls(1_000));
    let callers = callers(&policy);
    let (grants, questions) = callers.first().expect("a caller");
    for (operation, topic, result) in questions {
        criterion.bench_function(&format!("explain/{operation} {topic}: {result}"), |bencher| {
            bencher.iter(|| grants.explain(black_box(*operation), ResourceType::Topic, black_box(topic)));
        });
    }
    criterion.bench_function("grants/of a caller with 10 ACLs", |bencher| {
        let identity = identity(7);
        bencher.iter(|| policy.grants(&identity));
    });
    criterion.bench_function("grants/are they current", |bencher| {
        bencher.iter(|| grants.is_current(black_box(&policy)));
    });
}

fn changes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("with_changes");
    let add = [AclBinding::new(
        ResourcePattern::literal(ResourceType::Topic, "new"),
        AccessControlEntry::new("User:service-777", "*", AclOperation::Read, AclPermissionType::Allow),
    )];
    let everyone = Settings { allow_everyone_if_no_acl_found: true, ..Settings::default() };
    let mut one_principal = acls(10_000);
    for acl in &mut one_principal {
        acl.entry.principal = "User:service-777".into();
    }
    for (name, policy) in [
        ("one of 100,000 ACLs of 10,000 principals", Policy::new(Settings::default(), acls(10_000))),
        ("one of 100,000, allow.everyone.if.no.acl.found", Policy::new(everyone, acls(10_000))),
        ("one of 100,000 ACLs of one principal", Policy::new(Settings::default(), one_principal)),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| (), |()| policy.with_changes(&[], &add), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn load(criterion: &mut Criterion) {
    let acls = acls(10_000);
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("100,000 ACLs", |bencher| {
        bencher.iter_batched(|| acls.clone(), |acls| Policy::new(Settings::default(), acls), BatchSize::PerIteration);
    });
    group.finish();
    drop(acls);

    // At its highest, which is while the policy and the list it is made from are both there.
    ALLOCATOR.reset_peak_memory();
    let policy = Policy::new(Settings::default(), self::acls(10_000));
    let mebibytes = ALLOCATOR.get_peak_memory() as f64 / f64::from(1 << 20);
    println!("memory/{} ACLs: at most {mebibytes:.1} MiB", policy.len());
    assert!(mebibytes <= 100.0, "100,000 ACLs should take at most 100 MiB");
}

criterion_group!(benches, decisions, explanations, changes, load);
criterion_main!(benches);
