//! The contact service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("contact", im_contact::start)
}
