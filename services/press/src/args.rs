//! What can be asked of a load.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Users send to their neighbours in a ring; a chat's next message goes when the last one is acknowledged and synced by its
    /// receiver.
    Single,
    /// Some members of each group send; a sender's next message goes when the last one is acknowledged and one member has synced it.
    Group,
    /// Both at once.
    Mixed,
    /// Messages are stored for users who are offline, who then come and fetch them.
    Offline,
    /// Users sync, one after the other, and there is nothing new.
    IdleSync,
    /// Links are open and nothing happens.
    IdleLinks,
}

/// A load with proof: every acknowledged message must arrive, once, in order.
#[derive(Args, Clone, Debug)]
pub struct PressArgs {
    /// What is done.
    #[arg(long, value_enum, default_value_t = Scenario::Single)]
    pub scenario: Scenario,
    /// Instead of a scenario: measures what the backend bears, then offers so many times that, and tells what became of logging in,
    /// sending, syncing and the rest.
    #[arg(long, value_name = "TIMES", conflicts_with_all = ["scenario", "chaos", "restart", "kill", "drop_every"])]
    pub overload: Option<f64>,
    /// Users, each with a link: 200 when not said, 100 who are offline, or as many as the groups need.
    #[arg(long)]
    pub users: Option<usize>,
    /// How long it counts.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    pub seconds: u64,
    /// How long it runs before it counts.
    #[arg(long, default_value_t = 2, value_name = "SECONDS")]
    pub warmup: u64,
    /// Chats of a user that have a message under way.
    #[arg(long, default_value_t = 4, value_name = "CHATS")]
    pub outstanding: usize,
    /// Bytes of a message's text; 17 at least.
    #[arg(long, default_value_t = 64, value_name = "BYTES")]
    pub payload: usize,
    /// Members of a group.
    #[arg(long, default_value_t = 500, value_name = "USERS")]
    pub group_size: usize,
    /// Groups.
    #[arg(long, default_value_t = 1)]
    pub groups: usize,
    /// Members of a group that send: 5 when not said; with `--scenario offline`, users who send: 20.
    #[arg(long, value_name = "USERS")]
    pub senders: Option<usize>,
    /// With `--scenario offline`: messages for each user who is offline.
    #[arg(long, default_value_t = 200)]
    pub messages: u32,
    /// A link is dropped, and comes back, about every so many seconds; 0 for never.
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS")]
    pub drop_every: f64,
    /// How long, after the load, until everything must have arrived.
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    pub settle: u64,

    /// The long link of a backend that runs already. Without it, press starts one of its own.
    #[arg(long, value_name = "ADDR")]
    pub server: Option<String>,
    /// A process of that backend, for its CPU time; may be repeated.
    #[arg(long, value_name = "PID", requires = "server")]
    pub server_pid: Vec<u32>,
    /// Its own backend as processes, one a service.
    #[arg(long, conflicts_with = "server")]
    pub split: bool,
    /// Kill -9 of one process of its own backend after the other.
    #[arg(long, requires = "split")]
    pub chaos: bool,
    /// Seconds between two kills.
    #[arg(
        long,
        default_value_t = 1.0,
        value_name = "SECONDS",
        requires = "chaos"
    )]
    pub kill_every: f64,
    /// Starts its own backend anew (SIGHUP) all the while: each service of a split one, one after the other.
    #[arg(long, conflicts_with_all = ["server", "chaos", "kill"])]
    pub restart: bool,
    /// With `--scenario offline`: kill -9 of the backend at the last acknowledgement, and a new start, before the users come.
    #[arg(long, conflicts_with = "server")]
    pub kill: bool,
    /// Where its own backend keeps its data; a folder that must not be there yet. Without it, one for temporary files.
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    pub data_dir: Option<PathBuf>,
    /// Do not give the backend the first CPU and the load the second.
    #[arg(long)]
    pub no_pin: bool,

    /// The report as JSON, on standard output.
    #[arg(long)]
    pub json: bool,
    /// No progress on standard error.
    #[arg(long)]
    pub quiet: bool,
}
