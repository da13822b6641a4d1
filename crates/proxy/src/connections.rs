//! All open connections, and the orders they are given from outside: close, you are idle; close, your user is gone;
//! finish, we stop.
//!
//! A connection has no timer and no channel. It looks at one atomic whenever it runs, and is woken when an order is
//! given. A sweep over all connections, four times a second, looks for:
//!
//! | what                                                        | for how long                                       |
//! |-------------------------------------------------------------|----------------------------------------------------|
//! | any connection                                              | `connections.max.idle.ms` without a byte           |
//! | it waits for the budget, or its client has closed its half  | [`PATIENCE`] without a byte                        |
//! | others wait for the budget, and it holds some of it         | [`PATIENCE`] with the same frame, however it drips |
//!
//! Kafka: `Selector`'s `IdleExpiryManager`, `ConnectionQuotas`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use dashmap::DashMap;

use crate::budget::Budget;
use crate::clock::Clock;

/// How long a connection may stand still where that holds up others.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a connection is to do. A later one counts more than an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Order {
    Stay,
    /// Take no further request, answer what is in flight, and close.
    Finish,
    Close(Closed),
}

/// Why a connection is closed from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Closed {
    Idle,
    /// It stood still while others waited for what it holds, or waited itself for too long.
    HoldsUpOthers,
    /// It was the oldest of too many that had not logged in.
    TooManyLogins,
    UserRemoved,
    /// A broker says that it belongs to another cluster.
    OtherCluster,
    /// The deadline of the shutdown has passed.
    Stopped,
}

impl Closed {
    const ALL: [Closed; 6] = [
        Closed::Idle,
        Closed::HoldsUpOthers,
        Closed::TooManyLogins,
        Closed::UserRemoved,
        Closed::OtherCluster,
        Closed::Stopped,
    ];

    /// For the log, and as label.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Closed::Idle => "idle",
            Closed::HoldsUpOthers => "holds_up_others",
            Closed::TooManyLogins => "too_many_logins",
            Closed::UserRemoved => "user_removed",
            Closed::OtherCluster => "other_cluster",
            Closed::Stopped => "stopped",
        }
    }
}

impl Order {
    const FIRST_CLOSED: u8 = 2;

    fn code(self) -> u8 {
        match self {
            Order::Stay => 0,
            Order::Finish => 1,
            Order::Close(closed) => Order::FIRST_CLOSED + closed as u8,
        }
    }

    fn from_code(code: u8) -> Order {
        match code {
            0 => Order::Stay,
            1 => Order::Finish,
            _ => {
                let index = usize::from(code - Order::FIRST_CLOSED);
                Order::Close(Closed::ALL.get(index).copied().unwrap_or(Closed::Stopped))
            }
        }
    }
}

/// What is known of a connection from outside.
#[derive(Debug, Default)]
struct Handle {
    order: AtomicU8,
    last_io: AtomicU64,
    /// It waits for the budget, or lasts only for what is still to be answered.
    waits: AtomicBool,
    /// Since when it holds bytes of the budget: 0 if it does not.
    holds_since: AtomicU64,
    /// Requests in its line.
    in_flight: AtomicUsize,
    user: OnceLock<Arc<str>>,
    waker: Mutex<Option<Waker>>,
}

impl Handle {
    fn order(&self) -> Order {
        Order::from_code(self.order.load(Ordering::Acquire))
    }

    fn holds_for(&self, now: u64) -> Duration {
        match self.holds_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_millis(now.saturating_sub(since)),
        }
    }

    fn give(&self, order: Order) {
        self.order.fetch_max(order.code(), Ordering::AcqRel);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The open connections of the process.
#[derive(Debug)]
pub(crate) struct Connections {
    clock: Clock,
    budget: Arc<Budget>,
    idle_timeout: Duration,
    most_unauthenticated: usize,
    open: DashMap<u64, Arc<Handle>>,
    /// By age.
    unauthenticated: Mutex<BTreeMap<u64, Arc<Handle>>>,
    count: AtomicUsize,
    next_id: AtomicU64,
}

impl Connections {
    pub(crate) fn new(budget: Arc<Budget>, idle_timeout: Duration, most_unauthenticated: usize) -> Arc<Connections> {
        Arc::new(Connections {
            clock: Clock::new(),
            budget,
            idle_timeout,
            most_unauthenticated,
            open: DashMap::new(),
            unauthenticated: Mutex::new(BTreeMap::new()),
            count: AtomicUsize::new(0),
            next_id: AtomicU64::new(0),
        })
    }

    /// Enters a connection that has just been accepted. If there are too many that have not logged in, the oldest of
    /// them goes: a flood of strangers displaces itself, and whoever can log in does so in time.
    pub(crate) fn enter(self: &Arc<Connections>) -> Membership {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let handle = Arc::new(Handle::default());
        handle.last_io.store(self.clock.now(), Ordering::Relaxed);
        self.open.insert(id, Arc::clone(&handle));
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut strangers = self.strangers();
        strangers.insert(id, Arc::clone(&handle));
        let displaced = if strangers.len() > self.most_unauthenticated {
            strangers.pop_first().map(|(_, oldest)| oldest)
        } else {
            None
        };
        drop(strangers);
        if let Some(oldest) = displaced {
            oldest.give(Order::Close(Closed::TooManyLogins));
        }
        Membership { connections: Arc::clone(self), id, handle, waker: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// One look at all connections. Gives back how many requests they have in flight.
    pub(crate) fn sweep(&self) -> usize {
        self.clock.tick();
        let mut in_flight = 0;
        let (now, short) = (self.clock.now(), self.budget.is_short());
        for handle in &self.open {
            let quiet = Duration::from_millis(now.saturating_sub(handle.last_io.load(Ordering::Relaxed)));
            let waits_too_long = handle.waits.load(Ordering::Relaxed) && quiet >= PATIENCE;
            if quiet >= self.idle_timeout {
                handle.give(Order::Close(Closed::Idle));
            } else if waits_too_long || (short && handle.holds_for(now) >= PATIENCE) {
                handle.give(Order::Close(Closed::HoldsUpOthers));
            }
            in_flight += handle.in_flight.load(Ordering::Relaxed);
        }
        in_flight
    }

    /// Closes the connections of users who are not there any more.
    pub(crate) fn close_users(&self, is_there: impl Fn(&str) -> bool) {
        for handle in &self.open {
            if handle.user.get().is_some_and(|user| !is_there(user)) {
                handle.give(Order::Close(Closed::UserRemoved));
            }
        }
    }

    /// The connections that are open now.
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.open.iter().map(|handle| *handle.key()).collect()
    }

    /// Gives an order to one connection, if it is still there.
    pub(crate) fn give(&self, id: u64, order: Order) {
        let handle = self.open.get(&id).map(|handle| Arc::clone(&handle));
        if let Some(handle) = handle {
            handle.give(order);
        }
    }

    fn strangers(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Handle>>> {
        self.unauthenticated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection among all; dropped with it.
#[derive(Debug)]
pub(crate) struct Membership {
    connections: Arc<Connections>,
    id: u64,
    handle: Arc<Handle>,
    /// The waker that orders wake, so that it is stored only when it has changed: never, for a task.
    waker: Option<Waker>,
}

impl Membership {
    #[cfg(test)]
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The order of now; the task is woken by the next one.
    pub(crate) fn poll_order(&mut self, cx: &Context<'_>) -> Order {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            *self.handle.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        }
        let order = self.handle.order();
        if order != Order::Stay {
            // It woke us, and took the waker.
            self.waker = None;
        }
        order
    }

    /// The order of now.
    pub(crate) fn order(&self) -> Order {
        self.handle.order()
    }

    /// Bytes have moved.
    pub(crate) fn moved(&self) {
        self.handle.last_io.store(self.connections.clock.now(), Ordering::Relaxed);
    }

    /// What others may be held up by, and how many requests are in flight.
    pub(crate) fn stands(&self, waits: bool, holds: bool, in_flight: usize) {
        self.handle.in_flight.store(in_flight, Ordering::Relaxed);
        self.handle.waits.store(waits, Ordering::Relaxed);
        let held = self.handle.holds_since.load(Ordering::Relaxed) != 0;
        if holds != held {
            let since = if holds { self.connections.clock.now().max(1) } else { 0 };
            self.handle.holds_since.store(since, Ordering::Relaxed);
        }
    }

    /// An order from within.
    pub(crate) fn give(&self, closed: Closed) {
        self.handle.give(Order::Close(closed));
    }

    /// The login is over. A user that the store knows is watched from now on.
    pub(crate) fn logged_in(&self, user: Option<Arc<str>>) {
        self.connections.strangers().remove(&self.id);
        if let Some(user) = user {
            // It is set once: there is one login on a connection.
            let _ = self.handle.user.set(user);
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.connections.strangers().remove(&self.id);
        if self.connections.open.remove(&self.id).is_some() {
            self.connections.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(idle: Duration, most_unauthenticated: usize) -> Arc<Connections> {
        Connections::new(Budget::new(1000), idle, most_unauthenticated)
    }

    fn order(membership: &mut Membership) -> Order {
        membership.poll_order(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_oldest_stranger_makes_room_and_whoever_logged_in_does_not() {
        let connections = connections(Duration::MAX, 2);
        let mut members: Vec<_> = (0..2).map(|_| connections.enter()).collect();
        members[0].logged_in(None);
        members.push(connections.enter());
        assert_eq!(members.iter_mut().map(order).collect::<Vec<_>>(), [Order::Stay; 3]);
        members.push(connections.enter());
        let displaced = Order::Close(Closed::TooManyLogins);
        let orders = members.iter_mut().map(order).collect::<Vec<_>>();
        assert_eq!(orders, [Order::Stay, displaced, Order::Stay, Order::Stay]);
        drop(members);
        assert_eq!((connections.len(), connections.open.len(), connections.strangers().len()), (0, 0, 0));
    }

    #[test]
    fn idle_connections_are_closed() {
        let connections = connections(Duration::ZERO, 9);
        let mut member = connections.enter();
        connections.sweep();
        assert_eq!(order(&mut member), Order::Close(Closed::Idle));
    }

    #[test]
    fn connections_of_removed_users_are_closed() {
        let connections = connections(Duration::MAX, 9);
        let mut members: Vec<_> = (0..3).map(|_| connections.enter()).collect();
        members[0].logged_in(Some("alice".into()));
        members[1].logged_in(Some("bob".into()));
        members[2].logged_in(None);
        connections.close_users(|user| user == "alice");
        let orders = members.iter_mut().map(order).collect::<Vec<_>>();
        assert_eq!(orders, [Order::Stay, Order::Close(Closed::UserRemoved), Order::Stay]);
    }

    #[test]
    fn a_later_order_counts_more_and_an_earlier_one_changes_nothing() {
        let connections = connections(Duration::MAX, 9);
        let mut member = connections.enter();
        for (given, expected) in [
            (Order::Finish, Order::Finish),
            (Order::Close(Closed::Idle), Order::Close(Closed::Idle)),
            (Order::Finish, Order::Close(Closed::Idle)),
            (Order::Close(Closed::Stopped), Order::Close(Closed::Stopped)),
        ] {
            connections.give(member.id(), given);
            assert_eq!(order(&mut member), expected);
        }
    }
}
