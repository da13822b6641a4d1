//! SaslHandshake (17), after login: `KafkaApis.handleSaslHandshakeRequest`.
//!
//! Before login it belongs to `authentication`. Here it comes too late, or on a listener without SASL: as in a broker
//! the answer is ILLEGAL_SASL_STATE with no mechanisms, and the connection stays.

use protocol::ErrorCode;
use protocol::messages::{SaslHandshakeRequest, SaslHandshakeResponse};

use crate::{Authorize, Outcome, RequestContext};

impl Authorize for SaslHandshakeRequest {
    fn authorize(&mut self, _: &mut RequestContext<'_>) -> Outcome<SaslHandshakeResponse> {
        Outcome::Respond(SaslHandshakeResponse::default().with_error_code(ErrorCode::ILLEGAL_SASL_STATE.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes};

    #[test]
    fn after_login_it_comes_too_late() {
        for version in [0, 1] {
            let request = SaslHandshakeRequest::default().with_mechanism(str_bytes("PLAIN"));
            let answer = Client::with(&[]).ask(version, &request).response();
            assert_eq!(answer, SaslHandshakeResponse::default().with_error_code(ErrorCode::ILLEGAL_SASL_STATE.0));
        }
    }
}
