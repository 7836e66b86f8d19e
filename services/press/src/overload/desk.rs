//! A user's link that asks whatever it is given, whether or not what it asked before is answered.

use super::asks::{Asker, Kind};
use super::field::Field;
use super::tally::Outcome;
use im_client::{Answer, Frame, Link, SEQ_PUSH};
use im_idl::access::Command;
use im_idl::account::{GetProfileResponse, LoginResponse};
use im_idl::message::SendResponse;
use im_idl::sync::SyncResponse;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use svrkit_rt::Code;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Bytes that may wait for a server that does not read. Beyond, asks fail here: in life there would be more links, each with few.
const UNSENT_BYTES_MAX: usize = 256 * 1024;

/// What is given to a link.
#[derive(Debug, Default)]
pub(super) struct Desk {
    asks: RefCell<VecDeque<Ask>>,
    given: Notify,
}

/// One ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) kind: Kind,
    /// When it was to be made.
    pub(super) due: Instant,
    /// The load that it is part of.
    pub(super) load: u32,
}

impl Desk {
    pub(super) fn give(&self, ask: Ask) {
        self.asks.borrow_mut().push_back(ask);
        self.given.notify_one();
    }
}

/// Asks until the link ends, which it should not.
pub(super) async fn serve(field: Rc<Field>, desk: Rc<Desk>, asker: Asker, link: Link) {
    let mut clerk = Clerk {
        field,
        desk,
        asker,
        link,
        waiting: HashMap::new(),
    };
    loop {
        clerk.ask();
        tokio::select! {
            frame = clerk.link.next() => {
                let Some(frame) = frame.ok().filter(|frame| !is_kick(frame)) else {
                    break;
                };
                clerk.hear(frame);
            }
            () = clerk.desk.given.notified() => {}
        }
    }
    clerk.field.link_lost(clerk.waiting.len());
}

fn is_kick(frame: &Frame) -> bool {
    frame.seq == SEQ_PUSH && frame.cmd_id == Command::Kick as u32
}

struct Clerk {
    field: Rc<Field>,
    desk: Rc<Desk>,
    asker: Asker,
    link: Link,
    waiting: HashMap<u32, Ask>,
}

impl Clerk {
    fn ask(&mut self) {
        for ask in self.desk.asks.borrow_mut().drain(..) {
            if self.link.unsent_bytes() > UNSENT_BYTES_MAX {
                let why =
                    format!("over {UNSENT_BYTES_MAX} bytes wait for a server that does not read");
                self.field.ended(ask, Outcome::Failed(why));
                continue;
            }
            let body = self.asker.body(ask.kind);
            let seq = self.link.send_encoded(ask.kind.cmd_id(), &body);
            self.waiting.insert(seq, ask);
        }
    }

    fn hear(&mut self, frame: Frame) {
        // What is pushed is nobody's answer.
        let Some(ask) = self.waiting.remove(&frame.seq) else {
            return;
        };
        let outcome = match ask.kind {
            Kind::Login => outcome::<LoginResponse>(&frame).1,
            Kind::Send => outcome::<SendResponse>(&frame).1,
            Kind::Rest => outcome::<GetProfileResponse>(&frame).1,
            Kind::Sync => {
                let (answer, outcome) = outcome::<SyncResponse>(&frame);
                if let Some(answer) = answer.filter(|answer| !answer.snapshot.is_empty()) {
                    self.asker.snapshot = answer.snapshot;
                }
                outcome
            }
        };
        self.field.ended(ask, outcome);
    }
}

/// An answer, and how it ended what was asked.
fn outcome<A: Answer>(frame: &Frame) -> (Option<A>, Outcome) {
    let Ok(mut answer) = A::decode(frame.body.clone()) else {
        return (None, Outcome::Failed("what came is no answer".to_owned()));
    };
    match answer.take_error() {
        None => (Some(answer), Outcome::Answered),
        Some(error) => {
            let is_overload = [Code::Overloaded, Code::DeadlineExceeded].map(|code| code as u32);
            match is_overload.contains(&error.code) {
                true => (None, Outcome::Refused(error.message)),
                false => (None, Outcome::Failed(error.message)),
            }
        }
    }
}
