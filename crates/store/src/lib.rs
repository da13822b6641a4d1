//! Where ACLs and users live, and how a change of them becomes what holds.
//!
//! The rest of the proxy sees a [`Snapshot`] and nothing else: [`Current`] is the one of now, replaced as a whole, so a
//! decision never mixes two states. A [`Store`] keeps it up to date; today that is [`file::FileStore`], a YAML file and
//! the files it names, watched and polled.
//!
//! What it deliberately does not do: it decides nothing ([`acl`] does), checks no password (`authentication` does), and
//! writes no audit line or metric: it tells what became of each reload as a [`Reload`], and the binary passes it on.
//!
//! [`yaml`] and [`problem`] are how all our own files are read and complained about; the binary reads its configuration
//! with them too.
//!
//! Start reading at [`current`], then [`file`].

pub mod current;
pub mod file;
pub mod permissions;
pub mod problem;
pub mod reload;
pub mod yaml;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

pub use current::{Current, Snapshot};
pub use problem::{Mark, Problem, Severity};
pub use reload::Reload;

/// A place where ACLs and users live.
pub trait Store: Send + Sized + 'static {
    /// What holds now, and will hold: it changes while [`Store::keep_current`] runs.
    fn current(&self) -> Current;

    /// Follows every change until dropped. `look_now` is for those who do not want to wait for it to be noticed; what
    /// comes of each change is told to `tell`.
    fn keep_current(self, look_now: Arc<Notify>, tell: mpsc::Sender<Reload>) -> impl Future<Output = ()> + Send;
}
