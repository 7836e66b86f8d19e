//! The queue service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("queue", im_queue::start)
}
