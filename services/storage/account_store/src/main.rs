//! The account_store service as a process of its own.

fn main() -> std::process::ExitCode {
    im_serve::main("account_store", im_account_store::start)
}
