//! The group service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("group", im_group::start)
}
