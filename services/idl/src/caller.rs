//! Who calls: put into the metadata by the access layer, read by logic services. Nothing that a client sends gets there.

use crate::base::Caller;
use prost::Message;
use svrkit_rt::{Call, Context, Status};

/// The metadata key.
pub const CALLER_KEY: &str = "im-caller";

impl Caller {
    /// The user who calls.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody has logged in.
    pub fn of(context: &Context) -> Result<Caller, Status> {
        let caller = Caller::perhaps(context)?;
        if caller.uin == 0 {
            return Err(Status::unauthenticated("log in first"));
        }
        Ok(caller)
    }

    /// Whoever calls; `uin` is 0 when nobody has logged in.
    ///
    /// # Errors
    /// `InvalidArgument` when the metadata is not what the access layer writes.
    pub fn perhaps(context: &Context) -> Result<Caller, Status> {
        match context.metadata.get(CALLER_KEY) {
            None => Ok(Caller::default()),
            Some(bytes) => Caller::decode(&bytes[..])
                .map_err(|e| Status::invalid_argument(format!("metadata {CALLER_KEY}: {e}"))),
        }
    }

    /// A call on behalf of this caller.
    ///
    /// # Errors
    /// `ResourceExhausted` when a field is absurdly long.
    pub fn call<M>(&self, message: M) -> Result<Call<M>, Status> {
        let call = Call::new(message).routing_key(self.uin);
        call.metadata(CALLER_KEY, self.encode_to_vec())
    }
}
