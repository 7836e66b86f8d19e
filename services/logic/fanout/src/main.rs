//! The fan-out service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("fanout", im_fanout::start)
}
