//! The end, in order:
//!
//! 1. whoever told us to stop has made readiness go, so that load balancers look elsewhere;
//! 2. connections are still accepted for `shutdown.delay`, until they have noticed;
//! 3. the ports are closed; connections are told to finish one after the other, spread over the first two thirds of the
//!    deadline, so that their clients do not all come back elsewhere at once;
//! 4. a connection that is told answers what is in flight, takes no further request, and closes. A parked Fetch does not
//!    hold it: its client asks again;
//! 5. when the deadline has passed, whatever is left is cut.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::connections::{Closed, Connections, Order};

/// How often it is looked whom to tell, and whether all are gone.
const STEP: Duration = Duration::from_millis(20);
/// How long connections that are cut may take to go.
const LAST: Duration = Duration::from_secs(1);

/// Ends everything; returns when no connection is left, or none that can be waited for.
pub(crate) async fn shut_down(
    connections: Arc<Connections>,
    stopping: watch::Sender<bool>,
    delay: Duration,
    deadline: Duration,
) {
    tracing::info!("stopping: accepting for another {} ms", delay.as_millis());
    sleep(delay).await;
    stopping.send_replace(true);
    let open = connections.ids();
    tracing::info!("stopping: {} connections have {} ms to finish", open.len(), deadline.as_millis());
    let began = Instant::now();
    let told_by = deadline / 3 * 2;
    let mut told = 0;
    while told < open.len() || connections.len() > 0 {
        let elapsed = began.elapsed();
        if elapsed >= deadline {
            break;
        }
        let due = due(open.len(), elapsed, told_by);
        for id in open.iter().take(due).skip(told) {
            connections.give(*id, Order::Finish);
        }
        told = told.max(due);
        sleep_until((Instant::now() + STEP).min(began + deadline)).await;
    }
    cut(&connections).await;
}

/// How many of the connections have been told after so long: the first at once.
fn due(count: usize, elapsed: Duration, told_by: Duration) -> usize {
    let part = if told_by.is_zero() { 1.0 } else { elapsed.as_secs_f64() / told_by.as_secs_f64() };
    // A share of a number of connections: it fits.
    ((count as f64 * part).ceil() as usize).clamp(count.min(1), count)
}

async fn cut(connections: &Connections) {
    let left = connections.ids();
    if !left.is_empty() {
        tracing::warn!("stopping: {} connections are cut", left.len());
    }
    for id in left {
        connections.give(id, Order::Close(Closed::Stopped));
    }
    let until = Instant::now() + LAST;
    while connections.len() > 0 && Instant::now() < until {
        sleep(STEP).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    #[test]
    fn connections_are_told_one_after_the_other() {
        let seconds = Duration::from_secs;
        let told = [0, 1, 5, 10, 30].map(|elapsed| due(100, seconds(elapsed), seconds(10)));
        assert_eq!(told, [1, 10, 50, 100, 100]);
        assert_eq!((due(0, seconds(1), seconds(10)), due(7, seconds(0), Duration::ZERO)), (0, 7));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_the_last_connection_has_gone() {
        let connections = Connections::new(Budget::new(0), Duration::MAX, 9);
        let mut member = connections.enter();
        let (stopping, stopped) = watch::channel(false);
        let all = Arc::clone(&connections);
        let began = Instant::now();
        let ended = tokio::spawn(shut_down(all, stopping, Duration::from_secs(5), Duration::from_secs(30)));
        let order = std::future::poll_fn(|cx| match member.poll_order(cx) {
            Order::Stay => std::task::Poll::Pending,
            order => std::task::Poll::Ready(order),
        });
        assert_eq!(order.await, Order::Finish);
        assert!(*stopped.borrow());
        drop(member);
        ended.await.expect("it ended");
        let elapsed = began.elapsed();
        assert!(elapsed >= Duration::from_secs(5) && elapsed < Duration::from_secs(6), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_go_is_cut_at_the_deadline() {
        let connections = Connections::new(Budget::new(0), Duration::MAX, 9);
        let mut member = connections.enter();
        let (stopping, _stopped) = watch::channel(false);
        let began = Instant::now();
        shut_down(Arc::clone(&connections), stopping, Duration::ZERO, Duration::from_secs(30)).await;
        let elapsed = began.elapsed();
        assert!(elapsed >= Duration::from_secs(30) && elapsed < Duration::from_secs(32), "{elapsed:?}");
        let order = member.poll_order(&std::task::Context::from_waker(std::task::Waker::noop()));
        assert_eq!(order, Order::Close(Closed::Stopped));
    }
}
