//! What `im chat` can be told.

use clap::Args;
use std::path::PathBuf;

/// Chats from a terminal. Remembers ticket, contacts and messages on this device.
#[derive(Args, Clone, Debug)]
pub struct ChatArgs {
    /// Who you are.
    pub name: String,
    /// The server's long link.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    pub server: String,
    /// A file whose first line is the password; without it you are asked.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Speak TLS, and trust servers whose certificate is signed by one of these (PEM).
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// The name in the server's certificate, when it is not the host of --server.
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    pub tls_name: Option<String>,
    /// Where this device keeps what it knows [default: $XDG_STATE_HOME/im-chat, else ~/.local/state/im-chat].
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}
