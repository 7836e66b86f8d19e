//! The group_store service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("group_store", im_group_store::start)
}
