//! Reading our own files: YAML that tells everything that is wrong with it, and where.
//!
//! Built on the event parser of `serde-saphyr` rather than on `serde`: serde stops at the first mistake and turns `0123`
//! into a number before anybody can say that it was a name. A configuration is read by a person who wants all mistakes
//! at once, each with its line.
//!
//! [`tree`] is the document with its places, [`reading`] collects problems and resolves `${env:…}` and `${file:…}`,
//! [`fields`] takes a mapping apart key by key, so that a key nobody asked for is an error.

mod fields;
mod reading;
mod reference;
pub mod tree;
mod words;
mod writing;

pub use fields::{Field, Fields};
pub use reading::{Fingerprint, Reading, Text};
pub use reference::{FileReferences, Secret, stands_for_itself};
pub use tree::{Key, Node, Value};
pub use words::list;
pub use writing::scalar;
