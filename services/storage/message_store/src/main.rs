//! The message_store service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("message_store", im_message_store::start)
}
