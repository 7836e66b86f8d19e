//! Where lines come from and go to.

use super::editor;
use super::wording::{Tone, paint};
use std::env;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;

/// Lines that were typed and not read yet.
const LINES_MAX: usize = 64;

/// The user's end of a chat.
pub struct Terminal {
    lines: mpsc::Receiver<String>,
    print: Box<dyn FnMut(String) + Send>,
    /// Where the editor waits for the next prompt; `None` without an editor.
    prompts: Option<std::sync::mpsc::Sender<String>>,
    /// What the editor completes.
    words: Words,
    in_colour: bool,
}

/// Words that can be completed, shared with the editor's thread.
pub(super) type Words = Arc<Mutex<Vec<String>>>;

impl Terminal {
    /// Plain lines from `lines`, plain lines to `print`, one an event.
    pub fn lines(
        lines: mpsc::Receiver<String>,
        print: impl FnMut(String) + Send + 'static,
    ) -> Terminal {
        Terminal {
            lines,
            print: Box::new(print),
            prompts: None,
            words: Words::default(),
            in_colour: false,
        }
    }

    /// This process's: an editor when both ends are terminals, else plain lines.
    ///
    /// # Errors
    /// The terminal cannot be used.
    pub(super) fn of_process() -> io::Result<Terminal> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            let (sender, lines) = mpsc::channel(LINES_MAX);
            tokio::spawn(read_lines(sender));
            return Ok(Terminal::lines(lines, |line| println!("{line}")));
        }
        let words = Words::default();
        let editor = editor::start(words.clone())?;
        let mut printer = editor.printer;
        Ok(Terminal {
            lines: editor.lines,
            print: Box::new(move |line| printer(line + "\n")),
            prompts: Some(editor.prompts),
            words,
            in_colour: env::var_os("NO_COLOR").is_none(),
        })
    }

    /// Whether somebody sits there, who can be asked.
    pub(super) fn is_interactive(&self) -> bool {
        self.prompts.is_some()
    }

    /// The next line; `None` when there will be none. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// Lets the user type again.
    pub(super) fn prompt(&mut self, prompt: &str) {
        if let Some(prompts) = &self.prompts {
            // An editor that has ended says so by its lines.
            let _ = prompts.send(format!("{prompt}> "));
        }
    }

    /// Asks, and waits for a line; `None` when there is nobody to ask.
    pub(super) async fn ask(&mut self, question: &str) -> Option<String> {
        self.prompts.as_ref()?.send(format!("{question} ")).ok()?;
        self.next().await
    }

    /// Writes lines.
    pub(super) fn print(&mut self, tone: Tone, lines: &str) {
        for line in lines.lines() {
            (self.print)(paint(tone, line, self.in_colour));
        }
    }

    /// Says what can be completed.
    pub(super) fn complete(&self, words: Vec<String>) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }
}

async fn read_lines(sender: mpsc::Sender<String>) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if sender.send(line).await.is_err() {
            return;
        }
    }
}
