//! Key derivations of logins: each takes a core for milliseconds, so only some run at one time, in the order in which they
//! were asked for.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Whose turn it is to derive a key.
#[derive(Debug)]
pub(crate) struct Derivations {
    turns: Arc<Semaphore>,
}

impl Derivations {
    /// At most so many at one time.
    pub(crate) fn new(most: usize) -> Derivations {
        Derivations { turns: Arc::new(Semaphore::new(most)) }
    }

    /// Runs one on the blocking pool when its turn has come. It cannot be stopped: if nobody waits for it any more, its
    /// turn lasts until it is done all the same. `None` if it came to nothing.
    pub(crate) async fn run<T: Send + 'static>(&self, derive: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let derived = tokio::task::spawn_blocking(move || {
            let derived = derive();
            drop(turn);
            derived
        });
        derived.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn whoever_leaves_does_not_make_room_before_its_derivation_is_done() {
        let derivations = Arc::new(Derivations::new(1));
        let (begun, has_begun) = mpsc::channel();
        let (finish, may_finish) = mpsc::channel::<()>();
        let left = tokio::spawn({
            let derivations = Arc::clone(&derivations);
            async move {
                let derive = move || {
                    begun.send(()).expect("somebody waits");
                    may_finish.recv().expect("it is told to finish");
                };
                derivations.run(derive).await
            }
        });
        tokio::task::spawn_blocking(move || has_begun.recv()).await.expect("no panic").expect("it has begun");
        left.abort();
        assert!(left.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(derivations.turns.available_permits(), 0);
        finish.send(()).expect("it waits");
        let next = timeout(Duration::from_secs(10), derivations.run(|| 7)).await;
        assert_eq!(next, Ok(Some(7)));
    }

    #[tokio::test]
    async fn one_that_panics_gives_its_turn_back() {
        let derivations = Derivations::new(1);
        assert_eq!(derivations.run(|| -> u8 { panic!("on purpose") }).await, None);
        assert_eq!(derivations.run(|| 7).await, Some(7));
    }
}
