//! The rows of the table: one for every API key, in seven kinds.

use std::fmt;
use std::ops::RangeInclusive;

use acl::{AclOperation, Grants, ResourceType};
use protocol::{
    ApiKey, BrokerAddresses, CarriesAddresses, Decodable, Encodable, ErrorResponse, GuardedRequest, HeaderVersion,
    Malformed, StrBytes,
};

use crate::dispatch::TypedCase;
use crate::{Case, ConnectionState, Lookup, Outcome, RequestContext, error_code_of};

/// A request type that needs judgement: one file for each.
pub trait Authorize: ErrorResponse + Send + 'static {
    /// What has to be known of the cluster before [`Self::authorize`] can decide. Empty for most.
    fn lookup(&self, _version: i16, _grants: &Grants) -> Lookup {
        Lookup::default()
    }

    /// As [`Self::lookup`], where it depends on what the connection remembers.
    fn lookup_by(&self, version: i16, grants: &Grants, _state: &ConnectionState) -> Lookup {
        self.lookup(version, grants)
    }

    /// Whether the request must wait until everything before it on the connection has been answered, because it reads
    /// or changes what those answers change (a fetch session).
    fn waits_for_answers(&self, _version: i16) -> bool {
        false
    }

    /// Whether a broker answers this request at all. Only Produce with `acks=0` says no.
    fn expects_answer(&self) -> bool {
        true
    }

    /// Decides. May take out of the request what is not to go on.
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<Self::Response>;
}

/// What an API asks of the law: documentation that a test proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// The operation.
    pub operation: AclOperation,
    /// The type of resource.
    pub resource_type: ResourceType,
}

/// How a row is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By its own file.
    Api,
    /// By one operation on one named resource.
    Named,
    /// By one operation on the cluster.
    Cluster,
    /// Not at all: everybody may.
    Open,
    /// By its own file; answered from our own store.
    Stored,
    /// Answered by the connection itself (ApiVersions), never forwarded.
    Answered,
    /// Never: neither advertised nor served.
    Refuse,
}

pub(crate) type Opener = Box<dyn Fn(GuardedRequest) -> Result<Box<dyn Case>, Malformed> + Send + Sync>;

/// One API.
pub struct Row {
    /// Its key.
    pub api_key: ApiKey,
    /// The versions served. Empty for a refused one.
    pub versions: RangeInclusive<i16>,
    /// How it is decided.
    pub kind: Kind,
    /// What is asked, in order.
    pub requirements: Vec<Requirement>,
    /// How a denial is answered, in a few words, for `docs/authorization.md`.
    pub denial: &'static str,
    pub(crate) open: Option<Opener>,
}

impl Row {
    /// Whether Doorkeeper serves this version (the broker behind may still not).
    pub fn serves(&self, version: i16) -> bool {
        self.versions.contains(&version)
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("api_key", &self.api_key)
            .field("versions", &self.versions)
            .field("kind", &self.kind)
            .field("requirements", &self.requirements)
            .finish_non_exhaustive()
    }
}

/// What a response has to be able to do to be answered with.
pub trait AnyResponse: Encodable + Decodable + HeaderVersion + fmt::Debug + Send + 'static {}

impl<R: Encodable + Decodable + HeaderVersion + fmt::Debug + Send + 'static> AnyResponse for R {}

pub(crate) type ReplaceAddresses<R> = fn(&mut R, i16, &dyn BrokerAddresses) -> usize;

fn key_of<T: ErrorResponse>() -> ApiKey {
    ApiKey::try_from(T::KEY).expect("kafka-protocol knows no key that Kafka does not")
}

fn requirements(asked: &[(AclOperation, ResourceType)]) -> Vec<Requirement> {
    asked.iter().map(|&(operation, resource_type)| Requirement { operation, resource_type }).collect()
}

/// A row that is decided by its own file.
pub(crate) fn api<T>(versions: RangeInclusive<i16>, asked: &[(AclOperation, ResourceType)], denial: &'static str) -> Row
where
    T: Authorize,
    T::Response: AnyResponse,
{
    row::<T>(versions, Kind::Api, asked, denial, None)
}

/// As [`api`], for a response that carries broker addresses.
pub(crate) fn api_with_addresses<T>(
    versions: RangeInclusive<i16>,
    asked: &[(AclOperation, ResourceType)],
    denial: &'static str,
) -> Row
where
    T: Authorize,
    T::Response: AnyResponse + CarriesAddresses,
{
    row::<T>(versions, Kind::Api, asked, denial, Some(T::Response::replace_addresses))
}

/// As [`api`], for what our own store answers, whatever the broker serves.
pub(crate) fn stored<T>(
    versions: RangeInclusive<i16>,
    asked: &[(AclOperation, ResourceType)],
    denial: &'static str,
) -> Row
where
    T: Authorize,
    T::Response: AnyResponse,
{
    row::<T>(versions, Kind::Stored, asked, denial, None)
}

fn row<T>(
    versions: RangeInclusive<i16>,
    kind: Kind,
    asked: &[(AclOperation, ResourceType)],
    denial: &'static str,
    replace: Option<ReplaceAddresses<T::Response>>,
) -> Row
where
    T: Authorize,
    T::Response: AnyResponse,
{
    let open: Opener = Box::new(move |frame| {
        let request: T = frame.decode()?;
        let alone = request.waits_for_answers(frame.api_version);
        let answers = request.expects_answer();
        Ok(TypedCase::boxed(frame, request, T::lookup_by, T::authorize, alone, answers, replace))
    });
    Row { api_key: key_of::<T>(), versions, kind, requirements: requirements(asked), denial, open: Some(open) }
}

/// A row that asks one operation on one resource that the request names.
pub(crate) fn named<T>(
    versions: RangeInclusive<i16>,
    operation: AclOperation,
    resource_type: ResourceType,
    name: for<'r> fn(&'r T) -> &'r StrBytes,
) -> Row
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
{
    let open: Opener = Box::new(move |frame| {
        let request: T = frame.decode()?;
        let judge = move |request: &mut T, context: &mut RequestContext<'_>| {
            if context.authorize(operation, resource_type, name(request)) {
                Outcome::Forward
            } else {
                Outcome::Respond(request.error_response(context.version, error_code_of(resource_type)))
            }
        };
        Ok(TypedCase::boxed(frame, request, nothing_to_look_up, judge, false, true, None))
    });
    Row {
        api_key: key_of::<T>(),
        versions,
        kind: Kind::Named,
        requirements: requirements(&[(operation, resource_type)]),
        denial: "the error code at the top of the answer",
        open: Some(open),
    }
}

/// A row that asks one operation on the cluster. Where the code of a denial goes is Kafka's `getErrorResponse`.
pub(crate) fn cluster<T>(versions: RangeInclusive<i16>, operation: AclOperation, denial: &'static str) -> Row
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
{
    cluster_row::<T>(versions, operation, denial, |_, _| {}, None)
}

/// As [`cluster`], for a response that carries addresses.
pub(crate) fn cluster_with_addresses<T>(
    versions: RangeInclusive<i16>,
    operation: AclOperation,
    denial: &'static str,
) -> Row
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse + CarriesAddresses,
{
    cluster_row::<T>(versions, operation, denial, |_, _| {}, Some(T::Response::replace_addresses))
}

/// As [`cluster`], where a broker puts words beside the code that `getErrorResponse` alone does not.
pub(crate) fn cluster_in_words<T>(
    versions: RangeInclusive<i16>,
    operation: AclOperation,
    denial: &'static str,
    put: fn(&mut T::Response, StrBytes),
) -> Row
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
{
    cluster_row::<T>(versions, operation, denial, put, None)
}

fn cluster_row<T>(
    versions: RangeInclusive<i16>,
    operation: AclOperation,
    denial: &'static str,
    put_words: fn(&mut T::Response, StrBytes),
    replace: Option<ReplaceAddresses<T::Response>>,
) -> Row
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
{
    let open: Opener = Box::new(move |frame| {
        let request: T = frame.decode()?;
        let judge = move |request: &mut T, context: &mut RequestContext<'_>| {
            if context.authorize_cluster(operation) {
                return Outcome::Forward;
            }
            let error = error_code_of(ResourceType::Cluster);
            let mut response = request.error_response(context.version, error);
            put_words(&mut response, StrBytes::from_static_str(error.message()));
            Outcome::Respond(response)
        };
        Ok(TypedCase::boxed(frame, request, nothing_to_look_up, judge, false, true, replace))
    });
    Row {
        api_key: key_of::<T>(),
        versions,
        kind: Kind::Cluster,
        requirements: requirements(&[(operation, ResourceType::Cluster)]),
        denial,
        open: Some(open),
    }
}

/// A row that everybody may call.
pub(crate) fn open<T>(versions: RangeInclusive<i16>) -> Row
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
{
    let open: Opener = Box::new(move |frame| {
        let request: T = frame.decode()?;
        let judge = |_: &mut T, _: &mut RequestContext<'_>| Outcome::Forward;
        Ok(TypedCase::boxed(frame, request, nothing_to_look_up, judge, false, true, None))
    });
    Row {
        api_key: key_of::<T>(),
        versions,
        kind: Kind::Open,
        requirements: Vec::new(),
        denial: "never denied",
        open: Some(open),
    }
}

/// A row that the connection answers itself.
pub(crate) fn answered(api_key: ApiKey, versions: RangeInclusive<i16>) -> Row {
    Row {
        api_key,
        versions,
        kind: Kind::Answered,
        requirements: Vec::new(),
        denial: "never denied; answered by Doorkeeper itself",
        open: None,
    }
}

/// A row that is neither advertised nor served: whoever sends it is disconnected, as by a broker.
pub(crate) fn refuse(api_key: ApiKey) -> Row {
    #[expect(clippy::reversed_empty_ranges, reason = "an empty range of versions is what is meant")]
    let none = 1..=0;
    Row {
        api_key,
        versions: none,
        kind: Kind::Refuse,
        requirements: Vec::new(),
        denial: "the connection is closed",
        open: None,
    }
}

fn nothing_to_look_up<T>(_: &T, _: i16, _: &Grants, _: &ConnectionState) -> Lookup {
    Lookup::default()
}
