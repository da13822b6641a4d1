//! A store in a topic, over a broker of values: what a real one does only now and then it does when a test wants it.

mod changes;
mod log;
mod replica;
mod trouble;
