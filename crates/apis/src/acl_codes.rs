//! What DescribeAcls, CreateAcls and DeleteAcls share: the wire codes of Kafka's ACL enumerations, and filters.
//!
//! Code 0 is UNKNOWN: a request that has it anywhere cannot be parsed by a broker, which closes the connection. Codes
//! that Kafka 4.3 does not have read as UNKNOWN too, but each API answers them in its own way.

use std::sync::Arc;

use acl::{AclBindingFilter, PatternFilter, PatternType};
use protocol::StrBytes;

/// In all four enumerations.
pub(crate) const UNKNOWN: i8 = 0;
/// In all four enumerations.
pub(crate) const ANY: i8 = 1;
/// Of `PatternType` only.
pub(crate) const MATCH: i8 = 2;

/// Why a broker closes the connection.
pub(crate) const UNPARSABLE: &str = "a request about ACLs has an element of type UNKNOWN";

/// The seven fields of a filter, as they came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilterFields<'a> {
    pub(crate) resource_type: i8,
    pub(crate) name: &'a Option<StrBytes>,
    pub(crate) pattern_type: i8,
    pub(crate) principal: &'a Option<StrBytes>,
    pub(crate) host: &'a Option<StrBytes>,
    pub(crate) operation: i8,
    pub(crate) permission_type: i8,
}

/// Which half of a filter has a code that Kafka does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownFilter {
    Pattern,
    Entry,
}

impl FilterFields<'_> {
    pub(crate) fn is_unparsable(&self) -> bool {
        [self.resource_type, self.pattern_type, self.operation, self.permission_type].contains(&UNKNOWN)
    }

    pub(crate) fn filter(&self) -> Result<AclBindingFilter, UnknownFilter> {
        let pattern_type = match self.pattern_type {
            ANY => PatternFilter::Any,
            MATCH => PatternFilter::Match,
            code => PatternFilter::Exactly(PatternType::try_from(code).map_err(|_| UnknownFilter::Pattern)?),
        };
        Ok(AclBindingFilter {
            resource_type: any_or(self.resource_type, UnknownFilter::Pattern)?,
            name: text(self.name),
            pattern_type,
            principal: text(self.principal),
            host: text(self.host),
            operation: any_or(self.operation, UnknownFilter::Entry)?,
            permission_type: any_or(self.permission_type, UnknownFilter::Entry)?,
        })
    }
}

fn any_or<T: TryFrom<i8>>(code: i8, unknown: UnknownFilter) -> Result<Option<T>, UnknownFilter> {
    match code {
        ANY => Ok(None),
        code => T::try_from(code).map(Some).map_err(|_| unknown),
    }
}

fn text(field: &Option<StrBytes>) -> Option<Arc<str>> {
    field.as_deref().map(Arc::from)
}

/// A text of an ACL on the wire.
pub(crate) fn str_bytes(text: &Arc<str>) -> StrBytes {
    StrBytes::from_string(text.as_ref().to_owned())
}
