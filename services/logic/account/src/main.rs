//! The account service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("account", im_account::start)
}
