//! A request with options for one call, and everything its answer carries.

use crate::context::Priority;
use crate::metadata::Metadata;
use crate::service::Load;
use crate::status::Status;
use crate::tag::Tag;
use bytes::Bytes;
use std::time::Duration;

/// A request message with options. `client.say_hello(message)` needs none;
/// `client.say_hello_with(Call::new(message).timeout(..))` takes them.
#[derive(Clone, Debug)]
pub struct Call<M> {
    pub(crate) message: M,
    pub(crate) timeout: Option<Duration>,
    pub(crate) priority: Option<Priority>,
    pub(crate) routing_key: Option<u64>,
    pub(crate) attempt: u8,
    pub(crate) tag: Option<Tag>,
    pub(crate) metadata: Metadata,
    pub(crate) attachment: Bytes,
}

impl<M> Call<M> {
    /// The message and no options: timeout and priority of the IDL, or what the handler making the call inherited.
    pub fn new(message: M) -> Call<M> {
        Call {
            message,
            timeout: None,
            priority: None,
            routing_key: None,
            attempt: 0,
            tag: None,
            metadata: Metadata::new(),
            attachment: Bytes::new(),
        }
    }

    /// Time for this call instead of the IDL's. A call made in a handler never outlives the call it serves, whatever is set here.
    pub fn timeout(mut self, timeout: Duration) -> Call<M> {
        self.timeout = Some(timeout);
        self
    }

    /// Priority instead of the inherited one or the IDL's.
    pub fn priority(mut self, priority: Priority) -> Call<M> {
        self.priority = Some(priority);
        self
    }

    /// Routing key instead of the field that the IDL names.
    pub fn routing_key(mut self, key: u64) -> Call<M> {
        self.routing_key = Some(key);
        self
    }

    /// Marks a repetition: 1 for the first.
    pub fn attempt(mut self, attempt: u8) -> Call<M> {
        self.attempt = attempt;
        self
    }

    /// The release that the call, and all that are made on its behalf, should meet, instead of the inherited one.
    pub fn tag(mut self, tag: Tag) -> Call<M> {
        self.tag = Some(tag);
        self
    }

    /// Adds a key-value.
    ///
    /// # Errors
    /// As [`Metadata::insert`].
    pub fn metadata(
        mut self,
        key: impl Into<Bytes>,
        value: impl Into<Bytes>,
    ) -> Result<Call<M>, Status> {
        self.metadata.insert(key, value)?;
        Ok(self)
    }

    /// Bytes to travel beside the message, without a copy.
    pub fn attachment(mut self, attachment: impl Into<Bytes>) -> Call<M> {
        self.attachment = attachment.into();
        self
    }

    /// Sets the routing key from the message unless it was set by hand.
    #[doc(hidden)]
    pub fn or_routing_key(mut self, key: impl FnOnce(&M) -> u64) -> Call<M> {
        if self.routing_key.is_none() {
            self.routing_key = Some(key(&self.message));
        }
        self
    }
}

impl<M> From<M> for Call<M> {
    fn from(message: M) -> Call<M> {
        Call::new(message)
    }
}

/// An answer with what travelled beside it.
#[derive(Clone, Debug)]
pub struct Reply<M> {
    /// The answer.
    pub message: M,
    /// Key-values that the handler added.
    pub metadata: Metadata,
    /// Bytes beside the message; empty when there were none.
    pub attachment: Bytes,
    /// How the callee does.
    pub load: Load,
}
