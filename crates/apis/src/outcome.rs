//! What an API file answers: what is to become of a request, and what of the response that comes back.

use std::fmt;

use protocol::{GuardedResponse, TopicList};

use crate::{Lookup, RequestContext, Serve};

/// What is to become of a request, decided by its API file.
pub enum Outcome<R> {
    /// Goes on as the bytes that came in; its answer comes back as it is (but for broker addresses).
    Forward,
    /// Goes on as the bytes that came in; its answer is edited.
    ForwardThen(Edit<R>),
    /// Goes on re-encoded, because something was taken out of it or changed; its answer is edited.
    ForwardReduced(Edit<R>),
    /// Is answered here. Nothing reaches a broker.
    Respond(R),
    /// Is answered from our own store. Nothing reaches a broker. The request must wait for the answers before it
    /// ([`Authorize::waits_for_answers`](crate::Authorize::waits_for_answers)).
    Serve(Serve<R>),
    /// Goes on re-encoded, and the client's connection is closed when it is sent: how a broker treats a partly denied
    /// `acks=0`, which has no answer that could say so.
    ForwardReducedThenClose,
    /// The client's connection is closed without an answer; the text says why, for the log.
    Close(&'static str),
}

/// What is done to a response on its way back.
pub enum Edit<R> {
    /// Nothing, but for broker addresses.
    Nothing,
    /// Decoded, edited, encoded.
    Typed(TypedEdit<R>),
    /// Looked at as bytes first: most answers then go on as they came.
    Raw(RawEdit<R>),
    /// A list of topics, edited as bytes: it may be long, and most of it is left out or stays as it is.
    Topics(TypedEdit<TopicList>),
}

/// An edit of a decoded response, by the grants that its request was decided by.
pub type TypedEdit<R> = Box<dyn FnOnce(&mut RequestContext<'_>, &mut R) -> Edited<R> + Send>;

/// A look at the raw bytes of a response that passed the guard.
pub type RawEdit<R> = Box<dyn FnOnce(&mut RequestContext<'_>, &GuardedResponse) -> RawEdited<R> + Send>;

/// Where an edit has got to.
pub enum Edited<R> {
    /// The response is ready.
    Done,
    /// Something has to be looked up first; then the edit goes on.
    Needs(Lookup, TypedEdit<R>),
}

/// What a look at the raw bytes came to.
pub enum RawEdited<R> {
    /// Goes on as it came (but for broker addresses).
    AsItCame,
    /// Has to be decoded and edited.
    Decode(TypedEdit<R>),
}

impl<R> Edit<R> {
    /// An edit that needs nothing looked up.
    pub fn typed(edit: impl FnOnce(&mut RequestContext<'_>, &mut R) + Send + 'static) -> Edit<R> {
        Edit::Typed(Box::new(move |context, response| {
            edit(context, response);
            Edited::Done
        }))
    }

    /// An edit of a list of topics that needs nothing looked up.
    pub fn topics(edit: impl FnOnce(&mut RequestContext<'_>, &mut TopicList) + Send + 'static) -> Edit<R> {
        Edit::Topics(Box::new(move |context, list| {
            edit(context, list);
            Edited::Done
        }))
    }
}

impl<R: Default> Outcome<R> {
    /// The usual fate of a list of which some entries are denied: with none denied it goes on as it came; otherwise
    /// what is left goes on, and the denied entries are merged into the answer; if `nothing_left` is worth asking a
    /// broker for, they are the answer.
    pub(crate) fn without<D: Send + 'static>(
        denied: Vec<D>,
        nothing_left: bool,
        merge: impl FnOnce(&mut R, Vec<D>) + Send + 'static,
    ) -> Outcome<R> {
        if denied.is_empty() {
            return Outcome::Forward;
        }
        if nothing_left {
            let mut response = R::default();
            merge(&mut response, denied);
            return Outcome::Respond(response);
        }
        Outcome::ForwardReduced(Edit::typed(move |_, response| merge(response, denied)))
    }
}

/// Puts what was answered here before what the broker answered, where a broker does so.
pub(crate) fn prepend<T>(ours: Vec<T>, theirs: &mut Vec<T>) {
    let theirs_now = std::mem::replace(theirs, ours);
    theirs.extend(theirs_now);
}

/// Puts what was answered here among what the broker answered, where a broker keeps the order of the request: `None`
/// stands for what the broker was asked.
pub(crate) fn in_request_order<T>(ours: Vec<Option<T>>, theirs: &mut Vec<T>) {
    let mut answered = std::mem::take(theirs).into_iter();
    theirs.extend(ours.into_iter().filter_map(|own| own.or_else(|| answered.next())));
    theirs.extend(answered);
}

impl<R: fmt::Debug> fmt::Debug for Outcome<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Forward => f.write_str("Forward"),
            Outcome::ForwardThen(_) => f.write_str("ForwardThen(..)"),
            Outcome::ForwardReduced(_) => f.write_str("ForwardReduced(..)"),
            Outcome::Respond(response) => f.debug_tuple("Respond").field(response).finish(),
            Outcome::Serve(serve) => f.debug_tuple("Serve").field(serve).finish(),
            Outcome::ForwardReducedThenClose => f.write_str("ForwardReducedThenClose"),
            Outcome::Close(why) => f.debug_tuple("Close").field(why).finish(),
        }
    }
}

impl<R> fmt::Debug for Edit<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Edit::Nothing => "Nothing",
            Edit::Typed(_) => "Typed(..)",
            Edit::Raw(_) => "Raw(..)",
            Edit::Topics(_) => "Topics(..)",
        })
    }
}

impl<R> fmt::Debug for Edited<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edited::Done => f.write_str("Done"),
            Edited::Needs(lookup, _) => f.debug_tuple("Needs").field(lookup).finish(),
        }
    }
}

impl<R> fmt::Debug for RawEdited<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RawEdited::AsItCame => "AsItCame",
            RawEdited::Decode(_) => "Decode(..)",
        })
    }
}
