//! The command line as its users have it: the program itself, against servers of this process.

#[path = "cli/call.rs"]
mod call;
#[path = "cli/generate.rs"]
mod generate;
#[path = "cli/guarded.rs"]
mod guarded;
#[path = "golden/hello/expected/mod.rs"]
mod hello;
#[path = "cli/list.rs"]
mod list;
#[path = "cli/new.rs"]
mod new;
#[path = "cli/press.rs"]
mod press;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/replay.rs"]
mod replay;
#[path = "cli/server.rs"]
mod server;
#[path = "golden/streams/expected/mod.rs"]
mod streams;
#[path = "cli/update.rs"]
mod update;
