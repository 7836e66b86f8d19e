//! Gives back what it gets.

use super::svrkit::v1::{Builtin, EchoRequest, EchoResponse};
use crate::context::Context;
use crate::status::Status;

pub(super) struct Echo;

impl Builtin for Echo {
    async fn echo(&self, _: &mut Context, request: EchoRequest) -> Result<EchoResponse, Status> {
        Ok(EchoResponse {
            payload: request.payload,
        })
    }
}
