//! Pages of the author's own beside the methods of a server: a small table from paths to functions.
//!
//! A page passes no layers and is no call, but it is as bounded as one: body, query, time, streams, and panics hurt nobody else.

mod answer;
mod events;
mod fields;
mod form;
mod request;
mod response;
mod table;

pub(super) use answer::answer;
pub(super) use events::EventStream;
pub use events::{Event, EventSender, StreamEnded};
pub use fields::Fields;
pub(super) use fields::percent_decoded;
pub use form::Form;
pub(super) use form::preferred;
pub use request::PageRequest;
pub use response::PageResponse;
pub(super) use table::Mounted;
pub use table::{PageLimits, Pages};
