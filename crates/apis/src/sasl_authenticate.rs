//! SaslAuthenticate (36), after login: `KafkaApis.handleSaslAuthenticateRequest`.
//!
//! Before login it belongs to `authentication`. Here it comes too late, or on a listener without SASL: as in a broker
//! the answer is ILLEGAL_SASL_STATE, and the connection stays.

use protocol::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use protocol::{ErrorCode, StrBytes};

use crate::{Authorize, Outcome, RequestContext};

const TOO_LATE: &str = "SaslAuthenticate request received after successful authentication";

impl Authorize for SaslAuthenticateRequest {
    fn authorize(&mut self, _: &mut RequestContext<'_>) -> Outcome<SaslAuthenticateResponse> {
        Outcome::Respond(
            SaslAuthenticateResponse::default()
                .with_error_code(ErrorCode::ILLEGAL_SASL_STATE.0)
                .with_error_message(Some(StrBytes::from_static_str(TOO_LATE))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes};

    #[test]
    fn after_login_it_comes_too_late() {
        for version in [0, 2] {
            let answer = Client::with(&[]).ask(version, &SaslAuthenticateRequest::default()).response();
            let expected = SaslAuthenticateResponse::default().with_error_code(ErrorCode::ILLEGAL_SASL_STATE.0);
            assert_eq!(answer, expected.with_error_message(Some(str_bytes(TOO_LATE))));
        }
    }
}
