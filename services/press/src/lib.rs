//! Load with proof: many users on real links send, links drop and come back, processes are killed, and at the end every acknowledged
//! message must be where it belongs: once, and in order.
//!
//! # How it is proved
//!
//! A stream is what one sender sends to one chat. Its messages are numbered, a number is part of the client message id, and a stream's
//! next message is sent when the last one is answered for good, by however many attempts. So what a receiver must have is a number
//! (`ledger`), and a hole, a repetition or a step back is seen as it arrives. At the end everybody syncs until nothing is missing, or
//! nothing comes any more, and then once again.
//!
//! # Parts
//!
//! - [`PressArgs`]: what can be asked. `plan`: who sends to whom. `crew`: accounts, friendships, groups.
//! - `load`, `stream`, `ledger`, `figures`: what all users share; `conversation`: one user's link. All of it on one thread, without locks,
//!   so that the load costs little beside what it measures.
//! - `backend`, `process`, `chaos`, `restarts`: a backend of our own in other processes, its CPU time, its sudden end, and its successors.
//! - [`Report`]: what came out.
//!
//! # Figures
//!
//! Each of these starts a backend of its own on the first CPU, and loads it from the second (`taskset`, where there is one):
//!
//! ```text
//! im press --scenario single --users 200 --outstanding 4            sends, latency, CPU a message
//! im press --scenario group --group-size 500 --senders 5            deliveries
//! im press --scenario idle-sync --users 200                         syncs that find nothing, bytes on the wire
//! im press --scenario idle-links --users 15000                      memory of a link
//! im press --scenario offline --users 100 --messages 200 --kill     stored, drained, lost after kill -9
//! im press --scenario offline --users 100 --messages 5000 --kill
//! im press --overload 10                                            what goes through at ten times what the backend bears
//! im press --scenario mixed --split --chaos --drop-every 5 --seconds 60 --users 60 --group-size 20 --groups 3
//! im press --scenario single --split --restart --seconds 60         every service started anew, again and again, under the load
//! ```
#![forbid(unsafe_code)]

mod args;
mod backend;
mod chaos;
mod conversation;
mod crew;
mod error;
mod figures;
mod ledger;
mod load;
mod meters;
mod overload;
mod plan;
mod process;
mod processes;
mod progress;
mod prove;
mod report;
mod restarts;
mod run;
mod settling;
mod stream;
mod wire;

pub use args::{PressArgs, Scenario};
pub use error::PressError;
pub use overload::{KindReport, LoadReport, OverloadReport};
pub use prove::{prove, run};
pub use report::Report;
pub use wire::WireError;
