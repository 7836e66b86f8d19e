//! The push service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("push", im_push::start)
}
