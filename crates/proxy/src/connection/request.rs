//! A request: opened, decided, told, and sent on its way or answered.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use acl::{Grants, Identity};
use apis::{
    AuthorizedRequest, BrokerVersions, Case, Found, Kind, Lookup, RequestContext, ResponseEdit, Verdict, table,
};
use authentication::ApiVersionsAnswer;
use bytes::Bytes;
use protocol::{ApiKey, Malformed, RequestFrame, StrBytes, guard_request};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Asked, Connection};
use crate::budget::{Class, Permit};
use crate::connections::Order;
use crate::end::End;
use crate::frame_reader::Frame;
use crate::in_flight::{Awaited, AwaitedEdit, Place};
use crate::own_store;
use crate::upstream::{Broker, Upstream};

/// Decisions that room is kept for between requests.
const USUAL_DECISIONS: usize = 16;

pub(super) static NOTHING_FOUND: LazyLock<Found> = LazyLock::new(Found::default);

impl<C: AsyncRead + AsyncWrite + Unpin, B: Broker> Connection<C, B> {
    /// Opens a request, and decides it unless it has to wait.
    pub(super) async fn request(&mut self, frame: Frame) -> Result<(), End> {
        // Whoever sends much must let others run in between.
        tokio::task::coop::consume_budget().await;
        let began = Instant::now();
        let request = RequestFrame::parse(frame.body())?;
        let (api_key, api_version) = (request.api_key, request.api_version);
        self.shared.metrics.request(api_key, frame.with_size().len());
        if table::row(api_key).kind == Kind::Answered {
            let answer = api_versions(&request, &self.versions).map_err(End::ClientMalformed)?;
            self.respond(answer, frame.permit);
            return Ok(());
        }
        if !self.serves(api_key, api_version) {
            return Err(End::NotServed { api_key, version: api_version });
        }
        let guarded = guard_request(request, &self.shared.message_limits).map_err(End::ClientMalformed)?;
        let case = apis::judge(guarded.clone()).map_err(End::ClientRequest)?;
        self.refresh_grants();
        let must_wait = !self.line.is_empty()
            && (case.waits_for_answers()
                || !case.lookup(&self.grants, &self.state).is_empty()
                || self.upstream.as_ref().is_some_and(Upstream::needs_login));
        let asked = Asked { request: guarded, permit: frame.permit, spent: began.elapsed() };
        if must_wait {
            self.alone = Some(asked);
            return Ok(());
        }
        self.decide(asked, Some(case)).await
    }

    /// What concerns only the connection to us does not depend on the broker.
    fn serves(&self, api_key: ApiKey, version: i16) -> bool {
        match api_key {
            ApiKey::SaslHandshake | ApiKey::SaslAuthenticate => table::row(api_key).serves(version),
            _ => table::served(api_key, &self.versions).is_some_and(|versions| versions.contains(&version)),
        }
    }

    /// Decides a request by the grants of now, and acts on the verdict. `opened` is the request if it has just been
    /// opened; it is not kept across a look-up.
    pub(super) async fn decide(&mut self, asked: Asked, mut opened: Option<Box<dyn Case>>) -> Result<(), End> {
        let Asked { request: guarded, permit, spent } = asked;
        let (api_key, api_version, correlation_id) = (guarded.api_key, guarded.api_version, guarded.correlation_id);
        let client_id = guarded.client_id.clone().unwrap_or_default();
        let open = || apis::judge(guarded.clone()).map_err(End::ClientRequest);
        self.refresh_grants();
        let mut room: Option<Permit> = None;
        let (case, looked_up) = loop {
            let case = opened.take().map_or_else(open, Ok)?;
            let lookup = case.lookup(&self.grants, &self.state);
            if lookup.is_empty() {
                break (case, None);
            }
            drop(case);
            room.insert(self.shared.budget.permit(Class::Requests)).add(room_for(&lookup));
            // It may take seconds: what is revoked meanwhile is revoked.
            let asked_by = Arc::clone(&self.grants);
            let found = self.look_up(lookup).await?;
            self.refresh_grants();
            if Arc::ptr_eq(&asked_by, &self.grants) {
                break (open()?, Some(found));
            }
        };
        let started = Instant::now();
        let verdict = case.decide(&mut RequestContext {
            api_key,
            version: api_version,
            client_id: client_id.clone(),
            grants: &self.grants,
            found: looked_up.as_ref().unwrap_or(&NOTHING_FOUND),
            state: &mut self.state,
            decisions: &mut self.decisions,
        });
        let elapsed = started.elapsed();
        let spent = spent + elapsed;
        drop((looked_up, room));
        self.shared.metrics.decision_seconds.record(elapsed);
        let decisions = self.decisions.len();
        let grants = Arc::clone(&self.grants);
        self.tell(api_key, &grants).await;
        match verdict {
            Verdict::Forward(request, edit) => {
                let edit = edit.map(|edit| {
                    let mut room = self.shared.budget.permit(Class::Held);
                    room.add(edit.held(&guarded, decisions));
                    self.keep(edit, grants, &client_id, room)
                });
                drop(guarded);
                self.forward(&request, permit).await?;
                if request.expects_answer() {
                    self.line.push(Place::AwaitingBroker(Awaited {
                        api_key,
                        api_version,
                        correlation_id,
                        sent_at: Instant::now(),
                        spent,
                        edit,
                    }));
                }
            }
            Verdict::Respond(bytes) => {
                self.shared.metrics.proxy_overhead_seconds.record(spent);
                self.respond(bytes, permit);
            }
            Verdict::Serve(serve) => {
                self.flush().await?;
                let mut held = self.shared.budget.permit(Class::Held);
                held.add(guarded.memory().saturating_mul(2));
                let identity = self.grants.identity();
                let answer = own_store::serve(&self.shared, identity, api_key, serve).await;
                let answer = answer.ok_or(End::Decided("the answer of our own store could not be made"))?;
                let answer = answer.map_err(End::Unencodable)?;
                let mut room = self.shared.budget.permit(Class::Responses);
                room.add(answer.len());
                drop(held);
                self.respond(answer, room);
            }
            Verdict::ForwardThenClose(request) => {
                self.forward(&request, permit).await?;
                self.close(End::Decided("a request without an answer was partly denied"));
            }
            Verdict::Close(why) => self.close(End::Decided(why)),
        }
        Ok(())
    }

    /// The grants of now. The groups of a user, however it proved its name, are looked at whenever the snapshot is another
    /// one.
    fn refresh_grants(&mut self) {
        let snapshot = self.shared.current.load();
        if self.generation != snapshot.generation {
            self.generation = snapshot.generation;
            let identity = self.grants.identity();
            let groups = snapshot.users.groups(&identity.principal.name);
            if identity.groups != groups && &*identity.principal.principal_type == "User" {
                let identity = Arc::new(Identity { groups: groups.to_vec(), ..Identity::clone(identity) });
                self.grants = self.shared.grants.get(&identity, &snapshot.policy);
            }
        }
        self.shared.grants.refresh(&mut self.grants, &snapshot.policy);
    }

    fn keep(
        &mut self,
        edit: ResponseEdit,
        grants: Arc<Grants>,
        client_id: &StrBytes,
        room: Permit,
    ) -> Box<AwaitedEdit> {
        if self.client_id != *client_id {
            self.client_id = StrBytes::from_string(client_id.to_string());
        }
        Box::new(AwaitedEdit { edit, grants, client_id: self.client_id.clone(), room })
    }

    async fn forward(&mut self, request: &AuthorizedRequest, permit: Permit) -> Result<(), End> {
        if self.upstream.is_none() {
            self.flush().await?;
            let link = self.broker.connect().await.map_err(End::NoUpstream)?;
            self.obey()?;
            self.upstream = Some(Upstream::new(link, &self.shared.budget));
        }
        self.prolong_session().await?;
        if let Some(upstream) = &mut self.upstream {
            upstream.send(request, permit);
        }
        Ok(())
    }

    /// Logs in again if the session at the broker ends soon. As Kafka's own clients, only when there is something to send
    /// then: a broker closes no session that is not used. Requests wait until the line is empty for it.
    async fn prolong_session(&mut self) -> Result<(), End> {
        if !self.line.is_empty() || !self.upstream.as_ref().is_some_and(Upstream::needs_login) {
            return Ok(());
        }
        self.flush().await?;
        if let Some(upstream) = &mut self.upstream {
            let session_lifetime = self.broker.log_in_again(upstream).await.map_err(End::NoUpstream)?;
            upstream.logged_in_for(session_lifetime);
        }
        Ok(())
    }

    pub(super) async fn look_up(&mut self, lookup: Lookup) -> Result<Found, End> {
        self.flush().await?;
        let caller = &self.grants.identity().principal;
        let mut found = self.broker.resolve(caller, lookup).await.map_err(End::LookUp)?;
        found.hide(self.grants.hidden_topics());
        self.obey()?;
        Ok(found)
    }

    /// After something that may have taken long: whoever was told to close meanwhile does nothing more.
    fn obey(&self) -> Result<(), End> {
        match self.membership.order() {
            Order::Close(closed) => Err(End::Ordered(closed)),
            Order::Stay | Order::Finish => Ok(()),
        }
    }

    /// An answer made here waits its turn.
    pub(super) fn respond(&mut self, bytes: Bytes, permit: Permit) {
        self.line.push(Place::Ready(bytes, Some(permit)));
        self.move_up();
    }

    /// Tells what was decided: audit and metrics.
    pub(super) async fn tell(&mut self, api_key: ApiKey, grants: &Arc<Grants>) {
        if self.decisions.is_empty() {
            return;
        }
        for decision in &self.decisions {
            self.shared.metrics.decision(api_key, decision);
        }
        self.lines.at(self.shared.connections.clock().now());
        let waiting = self.shared.audit.decisions(&mut self.lines, grants, api_key, &self.decisions);
        self.decisions.clear();
        self.decisions.shrink_to(USUAL_DECISIONS);
        if !waiting.is_empty() {
            self.shared.audit.wait(waiting).await;
        }
    }
}

/// Bytes that a look-up and what is found take, about: an entry of the set and one of the map. Names share the memory of
/// the request.
fn room_for(lookup: &Lookup) -> usize {
    const ENTRY: usize = 128;
    (lookup.topic_ids.len() + lookup.topics.len() + lookup.create_topics.len()).saturating_mul(ENTRY)
}

/// The answer to ApiVersions in front of a broker, before and after login.
pub(crate) fn api_versions(request: &RequestFrame, broker: &BrokerVersions) -> Result<Bytes, Malformed> {
    ApiVersionsAnswer::of(request)?;
    Ok(apis::api_versions::answer(request, broker))
}
