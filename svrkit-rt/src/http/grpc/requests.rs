//! The messages of a caller on their way to the handler: read from HTTP/2 only as far as the handler's window reaches.

use super::messages::{Messages, ReadError};
use crate::frame::HEADER_BYTES;
use crate::status::Status;
use crate::streaming::{FIRST_CREDIT_BYTES, Inlet};
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard};
use std::task::{Poll, Waker};

/// Bytes that may still be read for a stream. Beyond, they stay in HTTP/2's window, and the caller waits.
#[derive(Debug)]
pub(super) struct Credit(Mutex<State>);

#[derive(Debug)]
struct State {
    bytes: i64,
    waker: Option<Waker>,
}

impl Credit {
    pub(super) fn new() -> Credit {
        Credit(Mutex::new(State {
            bytes: FIRST_CREDIT_BYTES as i64,
            waker: None,
        }))
    }

    pub(super) fn grant(&self, bytes: u32) {
        let mut state = self.state();
        state.bytes += i64::from(bytes);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn take(&self, bytes: usize) {
        self.state().bytes -= bytes as i64;
    }

    async fn some(&self) {
        poll_fn(|cx| {
            let mut state = self.state();
            if state.bytes > 0 {
                return Poll::Ready(());
            }
            state.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Leads messages to a handler until the last one, or until one of the two breaks off.
pub(super) async fn lead_in(mut messages: Messages, inlet: &Inlet, credit: &Credit) {
    let waker = loop {
        credit.some().await;
        match messages.next().await {
            Ok(Some(message)) => {
                // As in frames, so that an empty message is not for nothing.
                let bytes = HEADER_BYTES + message.len();
                credit.take(bytes);
                match inlet.push(bytes, message) {
                    Ok(Some(waker)) => waker.wake(),
                    Ok(None) => {}
                    // The handler is told in place of the next message.
                    Err(status) => break inlet.fail(status),
                }
            }
            Ok(None) => break inlet.end(Ok(())),
            Err(ReadError::Broken) => {
                let message = "the caller has hung up before its last message";
                break inlet.end(Err(Status::cancelled(message)));
            }
            Err(e) => break inlet.fail(e.status()),
        }
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}
