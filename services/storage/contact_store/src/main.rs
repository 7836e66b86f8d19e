//! The contact_store service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("contact_store", im_contact_store::start)
}
