//! CreateDelegationToken (38), RenewDelegationToken (39), ExpireDelegationToken (40), DescribeDelegationToken (41):
//! `KafkaApis.handleCreateTokenRequest` and its neighbours. Answered here, as by brokers and controllers without
//! `delegation.token.secret.key`: nobody has a token, and nobody gets one. Nothing goes to the broker, to which all
//! clients are one user, so that their tokens would be that user's.
//!
//! First of all the way the client came must be good enough ([`may_ask_for_tokens`]). A token for somebody else needs
//! CreateTokens on User, named `User:alice`; the rest is DELEGATION_TOKEN_AUTH_DISABLED.

use acl::{AclOperation, KafkaPrincipal, ResourceType};
use protocol::messages::{
    CreateDelegationTokenRequest, CreateDelegationTokenResponse, DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse, ExpireDelegationTokenRequest, ExpireDelegationTokenResponse,
    RenewDelegationTokenRequest, RenewDelegationTokenResponse,
};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::state::Channel;
use crate::{Authorize, Outcome, RequestContext, error_code_of};

/// The only type that a renewer may have.
const USER: &str = "User";
/// What a controller's answers have where a broker's have -1.
const NO_TIME: i64 = 0;

impl Authorize for CreateDelegationTokenRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<CreateDelegationTokenResponse> {
        let requester = context.grants.identity().principal.clone();
        let Some(owner) = owner(self, &requester) else {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::UNKNOWN_SERVER_ERROR));
        };
        let error = refusal(self, &owner, &requester, context);
        let mut answer = self
            .error_response(context.version, error)
            .with_principal_type(text(&owner.principal_type))
            .with_principal_name(text(&owner.name));
        if context.version >= 3 {
            answer.token_requester_principal_type = text(&requester.principal_type);
            answer.token_requester_principal_name = text(&requester.name);
        }
        if error == ErrorCode::DELEGATION_TOKEN_AUTH_DISABLED {
            answer.issue_timestamp_ms = NO_TIME;
            answer.expiry_timestamp_ms = NO_TIME;
            answer.max_timestamp_ms = NO_TIME;
        }
        Outcome::Respond(answer)
    }
}

/// Whose token it is to be: the requester's unless somebody is named. Without a type a broker fails.
fn owner(request: &CreateDelegationTokenRequest, requester: &KafkaPrincipal) -> Option<KafkaPrincipal> {
    match request.owner_principal_name.as_deref() {
        None | Some("") => Some(requester.clone()),
        Some(name) => {
            let principal_type = request.owner_principal_type.as_deref()?;
            Some(KafkaPrincipal { principal_type: principal_type.into(), name: name.into() })
        }
    }
}

fn refusal(
    request: &CreateDelegationTokenRequest,
    owner: &KafkaPrincipal,
    requester: &KafkaPrincipal,
    context: &mut RequestContext<'_>,
) -> ErrorCode {
    if !may_ask_for_tokens(context) {
        return ErrorCode::DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
    }
    let name = StrBytes::from_string(owner.to_string());
    if owner != requester && !context.authorize(AclOperation::CreateTokens, ResourceType::User, &name) {
        return error_code_of(ResourceType::User);
    }
    if request.renewers.iter().any(|renewer| &*renewer.principal_type != USER) {
        return ErrorCode::INVALID_PRINCIPAL_TYPE;
    }
    ErrorCode::DELEGATION_TOKEN_AUTH_DISABLED
}

impl Authorize for RenewDelegationTokenRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<RenewDelegationTokenResponse> {
        let (error, time) = of_a_token(context);
        Outcome::Respond(self.error_response(context.version, error).with_expiry_timestamp_ms(time))
    }
}

impl Authorize for ExpireDelegationTokenRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ExpireDelegationTokenResponse> {
        let (error, time) = of_a_token(context);
        Outcome::Respond(self.error_response(context.version, error).with_expiry_timestamp_ms(time))
    }
}

/// The broker says that it is not allowed, the controller that there are no tokens.
fn of_a_token(context: &RequestContext<'_>) -> (ErrorCode, i64) {
    match may_ask_for_tokens(context) {
        true => (ErrorCode::DELEGATION_TOKEN_AUTH_DISABLED, NO_TIME),
        false => (ErrorCode::DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, -1),
    }
}

impl Authorize for DescribeDelegationTokenRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeDelegationTokenResponse> {
        let (error, _) = of_a_token(context);
        Outcome::Respond(self.error_response(context.version, error))
    }
}

/// `KafkaApis.allowTokenRequests`: who asks must have proved who they are, and not with a token.
fn may_ask_for_tokens(context: &RequestContext<'_>) -> bool {
    let identity = context.grants.identity();
    let has_proved_it = match context.state.channel {
        Channel::Plaintext => false,
        Channel::Ssl => identity.principal != KafkaPrincipal::anonymous(),
        Channel::Sasl => true,
    };
    has_proved_it && !identity.authenticated_by_token
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

#[cfg(test)]
mod tests {
    use protocol::messages::create_delegation_token_request::CreatableRenewers;
    use protocol::messages::describe_delegation_token_request::DescribeDelegationTokenOwner;

    use super::*;
    use crate::testing::{Client, str_bytes};

    const NOT_ALLOWED: i16 = 64;
    const DISABLED: i16 = 61;

    fn token() -> CreateDelegationTokenRequest {
        CreateDelegationTokenRequest::default()
    }

    fn token_for(owner: (&str, &str)) -> CreateDelegationTokenRequest {
        token().with_owner_principal_type(Some(str_bytes(owner.0))).with_owner_principal_name(Some(str_bytes(owner.1)))
    }

    fn renewer(principal_type: &str) -> CreatableRenewers {
        CreatableRenewers::default()
            .with_principal_type(str_bytes(principal_type))
            .with_principal_name(str_bytes("bob"))
    }

    fn refused(
        version: i16,
        error: i16,
        owner: (&str, &str),
        requester: (&str, &str),
    ) -> CreateDelegationTokenResponse {
        let time = if error == DISABLED { 0 } else { -1 };
        let answer = CreateDelegationTokenResponse::default()
            .with_error_code(error)
            .with_principal_type(str_bytes(owner.0))
            .with_principal_name(str_bytes(owner.1))
            .with_issue_timestamp_ms(time)
            .with_expiry_timestamp_ms(time)
            .with_max_timestamp_ms(time);
        if version < 3 {
            return answer;
        }
        answer
            .with_token_requester_principal_type(str_bytes(requester.0))
            .with_token_requester_principal_name(str_bytes(requester.1))
    }

    const ALICE: (&str, &str) = ("User", "alice");
    const BOB: (&str, &str) = ("User", "bob");

    #[test]
    fn nobody_gets_a_token_for_themselves_and_nothing_is_asked() {
        let of_nobody = token().with_owner_principal_type(None).with_owner_principal_name(None);
        let unnamed = token_for(("User", ""));
        let requests = [(1, token()), (2, token()), (3, token()), (3, of_nobody), (3, unnamed), (3, token_for(ALICE))];
        for (version, request) in requests {
            let mut client = Client::with(&[]).over(Channel::Sasl);
            let answer = client.ask(version, &request.with_renewers(vec![renewer("User")])).response();
            assert_eq!(answer, refused(version, DISABLED, ALICE, ALICE));
            assert_eq!(client.decisions(), Vec::<String>::new());
        }
    }

    #[test]
    fn a_token_for_somebody_else_needs_create_tokens_on_the_user() {
        let mut client = Client::with(&["allow CreateTokens User User:bob"]).over(Channel::Sasl);
        assert_eq!(client.ask(3, &token_for(BOB)).response(), refused(3, DISABLED, BOB, ALICE));
        assert_eq!(client.decisions(), ["allowed CreateTokens User User:bob"]);

        for owner in [("User", "carol"), ("Group", "bob"), ("", "bob"), ("User", "Alice")] {
            assert_eq!(client.ask(3, &token_for(owner)).response(), refused(3, 65, owner, ALICE));
            assert_eq!(client.decisions(), [format!("denied CreateTokens User {}:{}", owner.0, owner.1)]);
        }
    }

    #[test]
    fn renewers_are_users_and_who_may_not_ask_for_the_owner_is_not_told() {
        let renewers = vec![renewer("User"), renewer("user")];
        let mut client = Client::with(&[]).over(Channel::Sasl);
        for version in 1..=3 {
            let request = token().with_renewers(renewers.clone());
            assert_eq!(client.ask(version, &request).response(), refused(version, 67, ALICE, ALICE));
        }
        let request = token_for(BOB).with_renewers(renewers);
        assert_eq!(client.ask(3, &request).response(), refused(3, 65, BOB, ALICE));
    }

    #[test]
    fn an_owner_without_a_type_is_an_error_of_the_server() {
        let request = token_for(BOB).with_owner_principal_type(None);
        let anonymous = ("User", "ANONYMOUS");
        for channel in [Channel::Plaintext, Channel::Sasl] {
            let answer = Client::with(&[]).over(channel).ask(3, &request).response();
            assert_eq!(answer, refused(3, -1, anonymous, anonymous));
        }
    }

    /// One client for each way to come, and whether it may ask.
    fn ways() -> Vec<(Client, (&'static str, &'static str), bool)> {
        let client = |channel, name: &str, by_token| Client::of(&format!("User:{name}"), by_token).over(channel);
        vec![
            (client(Channel::Plaintext, "alice", false), ALICE, false),
            (client(Channel::Plaintext, "ANONYMOUS", false), ("User", "ANONYMOUS"), false),
            (client(Channel::Ssl, "ANONYMOUS", false), ("User", "ANONYMOUS"), false),
            (client(Channel::Ssl, "alice", false), ALICE, true),
            (client(Channel::Sasl, "alice", false), ALICE, true),
            (client(Channel::Sasl, "alice", true), ALICE, false),
        ]
    }

    #[test]
    fn who_has_not_proved_who_they_are_or_has_only_a_token_may_not_ask() {
        for (mut client, requester, may_ask) in ways() {
            let (error, time) = if may_ask { (DISABLED, 0) } else { (NOT_ALLOWED, -1) };
            let answer = client.ask(3, &token()).response();
            assert_eq!(answer, refused(3, error, requester, requester));
            if !may_ask {
                let asked = client.ask(3, &token_for(BOB).with_renewers(vec![renewer("Group")]));
                assert_eq!(asked.response(), refused(3, error, BOB, requester));
                assert_eq!(client.decisions(), Vec::<String>::new());
            }
            for version in [1, 2] {
                let answer = client.ask(version, &RenewDelegationTokenRequest::default()).response();
                let renewed = RenewDelegationTokenResponse::default().with_error_code(error);
                assert_eq!(answer, renewed.with_expiry_timestamp_ms(time));
                let answer = client.ask(version, &ExpireDelegationTokenRequest::default()).response();
                let expired = ExpireDelegationTokenResponse::default().with_error_code(error);
                assert_eq!(answer, expired.with_expiry_timestamp_ms(time));
            }
        }
    }

    #[test]
    fn nobody_is_told_of_tokens_whoever_they_ask_for() {
        let alice = DescribeDelegationTokenOwner::default()
            .with_principal_type(str_bytes("User"))
            .with_principal_name(str_bytes("alice"));
        for (mut client, _, may_ask) in ways() {
            for (version, owners) in [(1, None), (2, Some(Vec::new())), (3, Some(vec![alice.clone()]))] {
                let request = DescribeDelegationTokenRequest::default().with_owners(owners);
                let error = if may_ask { DISABLED } else { NOT_ALLOWED };
                let answer = client.ask(version, &request).response();
                assert_eq!(answer, DescribeDelegationTokenResponse::default().with_error_code(error));
            }
        }
    }
}
