//! ConsumerGroupHeartbeat (68): `KafkaApis.handleConsumerGroupHeartbeat` (KIP-848).
//!
//! Read on the group; then, when the subscription is sent, Describe on every topic named in it: one denied name denies
//! the request, and the client is not told which.
//!
//! A regular expression would be matched by the broker later (`TopicRegexResolver`), by *our* identity, which sees
//! everything. So it is matched here, at every heartbeat, with Describe on each topic that it matches. The broker is told
//! the names, and the regular expression as literal text that matches nothing (`carried_subscription.rs`). A topic that is
//! created or revoked makes another list of names at the next heartbeat. Where a heartbeat leaves the subscription out
//! because it has not changed, the connection remembers it (`group_members.rs`), or else the broker is asked.

use std::collections::BTreeSet;

use acl::{AclOperation, AuthorizationResult, Grants, ResourceType};
use protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::group_members::{MemberKey, Remembered, copy, fingerprint};
use crate::{
    Authorize, CarriedSubscription, ConnectionState, Edit, FoundMember, Lookup, Member, MemberSubscription, Outcome,
    PatternError, RequestContext,
};

/// The epoch of a member that joins; one that leaves has a negative one.
const JOINING: i32 = 0;

impl Authorize for ConsumerGroupHeartbeatRequest {
    fn lookup_by(&self, _version: i16, grants: &Grants, state: &ConnectionState) -> Lookup {
        let group = grants.authorize(AclOperation::Read, ResourceType::Group, &self.group_id);
        if self.member_epoch < JOINING || group == AuthorizationResult::Denied {
            return Lookup::default();
        }
        if asks_the_broker(self, state) {
            let instance = self.instance_id.clone().filter(|_| self.member_epoch == JOINING);
            let member = Member { group: self.group_id.0.clone(), member: self.member_id.clone(), instance };
            return Lookup {
                member: Some(Box::new(member)),
                matching: own_pattern(self).cloned(),
                ..Lookup::default()
            };
        }
        let matching = match (&self.subscribed_topic_regex, remembered(self, state)) {
            (Some(_), _) => own_pattern(self),
            (None, Some(Remembered::ByPattern { subscription, .. })) => Some(&subscription.pattern),
            (None, _) => None,
        };
        Lookup { matching: matching.cloned(), ..Lookup::default() }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ConsumerGroupHeartbeatResponse> {
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let has_hidden = context.leave_out_hidden(&mut self.subscribed_topic_names, |name| &name.0);
        let names = self.subscribed_topic_names.as_deref().unwrap_or_default();
        let mut distinct: Vec<StrBytes> = names.iter().map(|name| name.0.clone()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &distinct);
        if distinct.iter().any(|name| !authorized.contains(name)) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        }
        let key = MemberKey::new(&self.group_id, &self.member_id);
        if self.member_epoch < JOINING {
            // A broker reads nothing else then.
            key.iter().for_each(|key| context.state.group_members.forget(key));
            return if has_hidden { Outcome::ForwardReduced(Edit::Nothing) } else { Outcome::Forward };
        }
        let before = before(self, context);
        let names: Vec<StrBytes> = match (&self.subscribed_topic_names, &before) {
            (Some(names), _) => names.iter().map(|name| copy(&name.0)).collect(),
            (None, Some(before)) => before.names.clone(),
            (None, None) => Vec::new(),
        };
        let pattern_before = before.as_ref().and_then(|before| before.pattern.as_ref());
        let pattern = match &self.subscribed_topic_regex {
            Some(_) => own_pattern(self).map(copy),
            None => pattern_before.cloned(),
        };
        if let Some(pattern) = pattern {
            return forward_matching(self, CarriedSubscription { pattern, names }, key, context);
        }
        let is_known =
            before.is_some() || (self.subscribed_topic_regex.is_some() && self.subscribed_topic_names.is_some());
        let edit = remember_by_name(key.filter(|_| is_known), context);
        if pattern_before.is_some() && self.subscribed_topic_names.is_none() {
            // The regular expression goes, the names stay: at the broker they stand among those that it matched.
            self.subscribed_topic_names = Some(names.into_iter().map(TopicName).collect());
            return Outcome::ForwardReduced(edit);
        }
        if has_hidden {
            return Outcome::ForwardReduced(edit);
        }
        Outcome::ForwardThen(edit)
    }
}

/// The regular expression that the request subscribes to.
fn own_pattern(request: &ConsumerGroupHeartbeatRequest) -> Option<&StrBytes> {
    request.subscribed_topic_regex.as_ref().filter(|pattern| !pattern.is_empty())
}

fn remembered<'s>(request: &ConsumerGroupHeartbeatRequest, state: &'s ConnectionState) -> Option<&'s Remembered> {
    state.group_members.get(&MemberKey::new(&request.group_id, &request.member_id)?)
}

/// Whether only the broker can tell what the member is subscribed to after the request. A member that joins may have been
/// forgotten by the broker, or have changed elsewhere, so what is remembered does not count then.
fn asks_the_broker(request: &ConsumerGroupHeartbeatRequest, state: &ConnectionState) -> bool {
    let says_all = request.subscribed_topic_names.is_some() && request.subscribed_topic_regex.is_some();
    if request.member_id.is_empty() || says_all {
        return false;
    }
    match remembered(request, state) {
        None => true,
        Some(_) if request.member_epoch == JOINING => true,
        // Which names it has is not remembered.
        Some(Remembered::ByName) => own_pattern(request).is_some(),
        Some(Remembered::ByPattern { .. }) => false,
    }
}

/// What the member was subscribed to so far, as far as it matters; None if nobody can tell.
fn before(request: &ConsumerGroupHeartbeatRequest, context: &RequestContext<'_>) -> Option<MemberSubscription> {
    if asks_the_broker(request, context.state) {
        return match &context.found.member {
            FoundMember::NotTold => None,
            FoundMember::Missing => Some(MemberSubscription::default()),
            FoundMember::Subscribed(subscription) => Some(subscription.clone()),
        };
    }
    match remembered(request, context.state)? {
        Remembered::ByName => Some(MemberSubscription::default()),
        Remembered::ByPattern { subscription: CarriedSubscription { pattern, names }, .. } => {
            Some(MemberSubscription { pattern: Some(pattern.clone()), names: names.clone() })
        }
    }
}

/// The answer is looked at only if there is something to be learned from it.
fn remember_by_name(key: Option<MemberKey>, context: &RequestContext<'_>) -> Edit<ConsumerGroupHeartbeatResponse> {
    match key {
        Some(key) if context.state.group_members.get(&key) != Some(&Remembered::ByName) => {
            remember(Some(key), Remembered::ByName)
        }
        _ => Edit::Nothing,
    }
}

/// What the broker accepted is remembered, and nothing after an error.
fn remember(key: Option<MemberKey>, remembered: Remembered) -> Edit<ConsumerGroupHeartbeatResponse> {
    let Some(key) = key else { return Edit::Nothing };
    Edit::typed(move |context, response: &mut ConsumerGroupHeartbeatResponse| {
        match ErrorCode(response.error_code) {
            ErrorCode::NONE => context.state.group_members.remember(key, remembered),
            _ => context.state.group_members.forget(&key),
        };
    })
}

/// The names that match and that the caller may Describe go on in place of the regular expression.
fn forward_matching(
    request: &mut ConsumerGroupHeartbeatRequest,
    subscription: CarriedSubscription,
    key: Option<MemberKey>,
    context: &mut RequestContext<'_>,
) -> Outcome<ConsumerGroupHeartbeatResponse> {
    let matching = match &context.found.matching {
        Some(Ok(matching)) => matching,
        Some(Err(error)) => return Outcome::Respond(invalid(request, &subscription.pattern, error, context.version)),
        None => return Outcome::Close("a regular expression was not looked up"),
    };
    let may_describe = |name: &&StrBytes| {
        context.grants.authorize(AclOperation::Describe, ResourceType::Topic, name) == AuthorizationResult::Allowed
    };
    let allowed: Vec<StrBytes> = matching.iter().filter(may_describe).cloned().collect();
    let fingerprint = fingerprint(&allowed);
    // As in a broker, the law is told to have been asked when the names are found anew, and a denial is no refusal.
    let is_as_before = matches!(
        remembered(request, context.state),
        Some(Remembered::ByPattern { subscription: before, fingerprint: then })
            if *before == subscription && *then == fingerprint
    );
    if !is_as_before {
        context.filter_by_authorized_quietly(AclOperation::Describe, ResourceType::Topic, matching.iter());
    }
    let named: BTreeSet<&StrBytes> = subscription.names.iter().collect();
    let matched = allowed.into_iter().filter(|name| !named.contains(name));
    let all = subscription.names.iter().cloned().chain(matched).map(TopicName).collect();
    request.subscribed_topic_names = Some(all);
    if context.version > 0 {
        request.subscribed_topic_regex = Some(subscription.encode());
    }
    Outcome::ForwardReduced(remember(key, Remembered::ByPattern { subscription, fingerprint }))
}

fn invalid(
    request: &ConsumerGroupHeartbeatRequest,
    pattern: &StrBytes,
    error: &PatternError,
    version: i16,
) -> ConsumerGroupHeartbeatResponse {
    let text = format!("SubscribedTopicRegex `{}` is not a valid regular expression: {error}.", &**pattern);
    let refusal = request.error_response(version, ErrorCode::INVALID_REGULAR_EXPRESSION);
    refusal.with_error_message(Some(StrBytes::from_string(text)))
}

#[cfg(test)]
mod tests;
