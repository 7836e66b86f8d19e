//! The message service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("message", im_message::start)
}
