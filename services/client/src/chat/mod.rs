//! The terminal client: `im chat NAME`.
//!
//! `entrance` registers or logs in, `room` is the conversation: lines that the user types become commands (`command`), events become lines
//! (`wording`). `terminal` is where lines come from and go to: an editor that keeps its line while others write, or plain lines, one an
//! event, when standard input or output is no terminal, so that scripts can chat too.

mod args;
mod command;
mod contacts;
mod content;
mod editor;
mod entrance;
mod groups;
mod home;
mod names;
mod room;
mod talk;
mod terminal;
mod wording;

pub use args::ChatArgs;
pub use room::Room;
pub use terminal::Terminal;

use std::error::Error;

/// Why a chat could not begin or go on.
type ChatError = Box<dyn Error + Send + Sync>;

/// Registers or logs in, and chats until the user leaves.
///
/// # Errors
/// The server cannot be reached for a first login, it refuses, or what is kept on this device cannot be read.
pub async fn run(args: ChatArgs) -> Result<(), ChatError> {
    let mut terminal = Terminal::of_process()?;
    let client = entrance::enter(&args, &mut terminal).await?;
    let room = Room::new(client, terminal, args.server);
    room.run().await.map_err(ChatError::from)
}
