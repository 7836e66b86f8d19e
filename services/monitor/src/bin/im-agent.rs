//! A machine's agent as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("agent", im_monitor::start_agent)
}
