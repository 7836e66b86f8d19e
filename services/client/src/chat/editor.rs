//! A line editor that keeps its line while others write.

use super::terminal::Words;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, ExternalPrinter, Helper};
use std::io;
use std::sync::PoisonError;
use std::thread;
use tokio::sync::mpsc;

const COMMANDS: [&str; 21] = [
    "/accept",
    "/add",
    "/block",
    "/devices",
    "/group create",
    "/group invite",
    "/group leave",
    "/group members",
    "/help",
    "/history",
    "/logout",
    "/me",
    "/nick",
    "/quit",
    "/recall",
    "/receipts",
    "/remark",
    "/remove",
    "/unblock",
    "/who",
    "/with",
];

/// An editor on a thread of its own: reading from a terminal blocks.
pub(super) struct Running {
    /// What was typed. Ends with Ctrl-D.
    pub(super) lines: mpsc::Receiver<String>,
    /// A prompt lets the user type one line.
    pub(super) prompts: std::sync::mpsc::Sender<String>,
    /// Writes above the line that is being typed.
    pub(super) printer: Box<dyn FnMut(String) + Send>,
}

/// Starts it.
pub(super) fn start(words: Words) -> io::Result<Running> {
    let config = Config::builder().auto_add_history(true).build();
    let editor = Editor::<Completion, MemHistory>::with_history(config, MemHistory::new());
    let mut editor = editor.map_err(io::Error::other)?;
    editor.set_helper(Some(Completion { words }));
    let mut printer = editor.create_external_printer().map_err(io::Error::other)?;
    let (sender, lines) = mpsc::channel(1);
    let (prompts, asked) = std::sync::mpsc::channel::<String>();
    let read = move || {
        for prompt in asked {
            let line = loop {
                match editor.readline(&prompt) {
                    Ok(line) => break line,
                    // Ctrl-C empties the line.
                    Err(ReadlineError::Interrupted) => {}
                    Err(_) => return,
                }
            };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("editor".to_owned())
        .spawn(read)?;
    Ok(Running {
        lines,
        prompts,
        printer: Box::new(move |text| {
            // Whoever closed the terminal does not read.
            let _ = printer.print(text);
        }),
    })
}

/// Completes commands and names.
struct Completion {
    words: Words,
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = &line[..position];
        if typed.starts_with('/') {
            let found = COMMANDS.iter().filter(|command| command.starts_with(typed));
            let found: Vec<String> = found.map(|command| format!("{command} ")).collect();
            if !found.is_empty() {
                return Ok((0, found));
            }
        }
        let start = typed.rfind([' ', '@']).map_or(0, |at| at + 1);
        let begun = typed[start..].to_lowercase();
        let names = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let is_name = typed.starts_with(['/', '@']);
        let found = names
            .iter()
            .filter(|name| is_name && name.to_lowercase().starts_with(&begun));
        Ok((start, found.map(|name| format!("{name} ")).collect()))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}
