//! The session service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("session", im_session::start)
}
