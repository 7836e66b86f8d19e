//! Live requests on file: a sample of what chosen methods are asked, to be asked again by `svrkit replay`.
//!
//! A [`Recorder`] has a directory, and one recording at a time. While one is under way, each server's [`Router`](crate::Router) offers
//! the requests it is about to serve, from whatever protocol they came; while none is, that costs a call one relaxed load. What is
//! sampled goes through a bounded queue to a thread that writes: nobody waits for it, and what does not fit is dropped and counted.
//!
//! Secrets stay out: of a request's message, fields that the IDL marks `debug_redact`, wherever in its tree, and fields that the IDL does
//! not know, are left out before anything is written; of its metadata, whatever is named like a secret. A method whose IDL the server
//! does not have cannot be recorded, nor can one that streams. What users write is no secret in this sense: files are readable by their owner only, and belong
//! where the data are.
//!
//! `RECORD.md` describes the file to the byte; [`Reader`] reads it.

mod call;
mod chosen;
mod format;
mod metadata;
mod plan;
mod reader;
mod recorder;
mod recording;
mod redaction;
mod start_error;
mod tap;
mod writer;

pub use call::{RecordedCall, RecordedMethod};
pub use plan::{DURATION_MAX, FILE_BYTES_MIN, FILE_NAME_BYTES_MAX, Plan, PlanError};
pub use reader::{Damage, FileEnd, ReadError, Reader};
pub use recorder::{Recorder, RecorderConfig};
pub use recording::{Ended, Recording};
pub use start_error::StartError;
pub(crate) use tap::Tap;
