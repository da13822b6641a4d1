//! Where ACLs and users live, and how a change of them becomes what holds.
//!
//! The rest of the proxy sees a [`Snapshot`] and nothing else: [`Current`] is the one of now, replaced as a whole, so a
//! decision never mixes two states. A [`Store`] keeps it up to date and takes changes that come over the wire:
//!
//! - [`file`]: a YAML file and the files it names, watched and polled; changed by an editor only;
//! - [`embedded`]: a database on this node's disk, changed by Kafka's own tools;
//! - [`kafka`]: a compacted topic that many replicas and clusters share;
//! - [`upstream`]: the ACLs of a cluster that has its own, read and changed there.
//!
//! ACLs and users may be in two of them: [`Stores`] says where each is.
//!
//! What it deliberately does not do: it decides nothing ([`acl`] does), checks no password (`authentication` does), knows
//! no message of clients (`apis` does), and writes no audit line or metric: it tells what became of each reload as a
//! [`Reload`], of each change as its result, and how old what it knows is as a [`Following`], and others pass it on.
//!
//! [`yaml`] and [`problem`] are how all our own files are read and complained about; the binary reads its configuration
//! with them too.
//!
//! Start reading at [`current`] and [`stores`], then [`file`] or [`embedded`].

pub mod bootstrap;
pub mod change;
pub mod current;
pub mod embedded;
pub mod file;
pub mod following;
pub mod kafka;
pub mod permissions;
pub mod problem;
pub mod reload;
pub mod stores;
pub mod upstream;
pub mod yaml;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use acl::{AclBinding, AclBindingFilter};
use apis::{Refused, ScramAlteration};
use tokio::sync::{Notify, mpsc};

pub use bootstrap::Bootstrap;
pub use change::{Altered, AlteredCredential, Created, Deleted};
pub use current::{Current, Snapshot};
pub use following::Following;
pub use problem::{Mark, Problem, Severity};
pub use reload::{Edits, Reload, UserEdit};
pub use stores::{OpenError, Place, Places, StoreSettings, Stores};

/// What a store will have done. The work goes on if it is dropped.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A place where ACLs or users live, or both.
///
/// A change is one step: all of it or nothing. When its result is there, it holds for every decision of this process,
/// and a crash does not undo it. Without a result it may have happened or not, as with a broker that is lost.
pub trait Store: std::fmt::Debug + Send + Sync {
    /// Adds ACLs. Those that exist are left alone and cost nothing.
    fn create_acls(&self, bindings: Vec<AclBinding>) -> Pending<Result<Created, Refused>>;

    /// Removes what the filters match.
    fn delete_acls(&self, filters: Vec<AclBindingFilter>) -> Pending<Result<Deleted, Refused>>;

    /// Sets and deletes credentials, each user at most once. What is to be deleted and is not there is told in the
    /// result; the others are done.
    fn alter_credentials(&self, alterations: Vec<ScramAlteration>) -> Pending<Result<Altered, Refused>>;

    /// Follows what changes in the store by other ways than this process, until dropped. `look_now` is for those who do
    /// not want to wait for it to be noticed; what comes of each change is told to `tell`.
    fn keep_current(self: Arc<Self>, look_now: Arc<Notify>, tell: mpsc::Sender<Reload>) -> Pending<()>;

    /// How well it is followed, if it is not on this machine.
    fn following(&self) -> Option<&Following> {
        None
    }
}
