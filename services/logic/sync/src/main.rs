//! The sync service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("sync", im_sync::start)
}
