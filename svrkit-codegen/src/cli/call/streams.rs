//! A call that streams: requests from the command line or, line by line, from standard input; answers as they come.

use std::io::BufRead;
use std::time::Instant;

use prost::Message;
use prost_reflect::MessageDescriptor;
use svrkit_rt::{Channel, Receiver, Sender};
use tokio::sync::mpsc;

use super::{decode, print, shown, tell};
use crate::cli::failure::Failure;
use crate::cli::request;
use crate::cli::target::{Requests, Target};

/// Lines that wait to be sent.
const LINES_MAX: usize = 16;

pub(super) async fn run(target: Target, channel: &Channel, verbose: bool) -> Result<(), Failure> {
    let started = Instant::now();
    let Target {
        method,
        reflected,
        call,
        body,
        requests,
        ..
    } = target;
    let request = channel.untyped(method, call, body);
    let opened = channel.call_streaming(request).await;
    let (sender, receiver) = opened.map_err(|status| Failure::failed(shown(&status)))?;

    let sending = send(sender, requests, reflected.input());
    let output = reflected.output();
    let receiving = receive(receiver, &output);
    tokio::pin!(sending, receiving);
    let receiver = tokio::select! {
        received = &mut receiving => received?,
        sent = &mut sending => {
            sent?;
            receiving.await?
        }
    };
    if let Some(response) = receiver.response() {
        if !method.streaming.of_server() {
            print(&decode(&output, response.body.clone())?)?;
        }
        if verbose {
            tell(response, started.elapsed());
        }
    }
    Ok(())
}

/// Prints all that comes.
async fn receive(
    mut receiver: Receiver<()>,
    output: &MessageDescriptor,
) -> Result<Receiver<()>, Failure> {
    loop {
        let next = receiver.next_bytes().await;
        match next.map_err(|status| Failure::failed(shown(&status)))? {
            Some(message) => print(&decode(output, message)?)?,
            None => return Ok(receiver),
        }
    }
}

async fn send(
    mut sender: Sender<()>,
    requests: Requests,
    input: MessageDescriptor,
) -> Result<(), Failure> {
    // Where sending fails the call is over, and how it went is what comes in place of an answer.
    match requests {
        Requests::Given(messages) => {
            for message in messages {
                if sender.send_bytes(message).await.is_err() {
                    return Ok(());
                }
            }
        }
        Requests::Lines(flags) => {
            let mut lines = lines();
            while let Some(line) = lines.recv().await {
                let line =
                    line.map_err(|error| Failure::usage(format!("standard input: {error}")))?;
                if line.trim().is_empty() {
                    continue;
                }
                let message = request::build(&input, Some(&line), &flags)?;
                if sender.send_bytes(message.encode_to_vec()).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    sender.finish();
    Ok(())
}

/// Standard input as it comes. Reading waits for whoever types: on a thread of its own, which ends with the process.
fn lines() -> mpsc::Receiver<std::io::Result<String>> {
    let (line, lines) = mpsc::channel(LINES_MAX);
    std::thread::spawn(move || {
        for read in std::io::stdin().lock().lines() {
            if line.blocking_send(read).is_err() {
                return;
            }
        }
    });
    lines
}
