//! From a name to a client that is logged in.

use super::terminal::Terminal;
use super::wording::Tone;
use super::{ChatArgs, ChatError, home};
use crate::client::{Client, Registration};
use crate::connect::Tcp;
use crate::event::Event;
use crate::store::FileStore;
use std::fs;
use std::time::Duration;
use svrkit_rt::{Code, Status, TlsClient};
use tokio::time::timeout;

/// How long to wait for the server before going on without it.
const ONLINE_TIMEOUT: Duration = Duration::from_secs(3);

/// Opens this device's store, and registers or logs in unless there is a ticket in it.
pub(super) async fn enter(args: &ChatArgs, terminal: &mut Terminal) -> Result<Client, ChatError> {
    let store = FileStore::open(home::store_path(args)?)?;
    let client = Client::builder()
        .connect(server(args)?)
        .store(store)
        .start()
        .await?;
    let kept = client.state(|state| state.identity().cloned());
    match &kept {
        Some(identity) if !identity.ticket.is_empty() => {
            if !is_logged_out(&client).await {
                return Ok(client);
            }
            terminal.print(
                Tone::News,
                "* the ticket of this device has ended; log in again",
            );
            log_in(&client, args).await?;
        }
        Some(_) => log_in(&client, args).await?,
        None => register_or_log_in(&client, args, terminal).await?,
    }
    // Offline is fine: what is typed is sent later.
    let _ = timeout(ONLINE_TIMEOUT, client.online()).await;
    Ok(client)
}

fn server(args: &ChatArgs) -> Result<Tcp, ChatError> {
    let tcp = Tcp::new(&args.server);
    let Some(ca) = &args.tls_ca else {
        return Ok(tcp);
    };
    let mut tls = TlsClient::from_file(ca)?;
    if let Some(name) = &args.tls_name {
        tls = tls.server_name(name)?;
    }
    Ok(tcp.tls(tls))
}

/// Whether the server does not take the ticket any more. One that cannot be reached has not said so.
async fn is_logged_out(client: &Client) -> bool {
    let mut events = client.events();
    let said = timeout(ONLINE_TIMEOUT, async {
        while !client.is_online() {
            match events.next().await {
                Some(Event::LoggedOut { .. }) | None => return true,
                Some(Event::Offline { .. }) => return false,
                Some(_) => {}
            }
        }
        false
    });
    let has_ticket =
        || client.state(|state| state.identity().is_some_and(|i| !i.ticket.is_empty()));
    said.await.unwrap_or(false) || !has_ticket()
}

async fn log_in(client: &Client, args: &ChatArgs) -> Result<(), ChatError> {
    let password = password(args, "password: ")?;
    client
        .login(&args.name, &password, &device_name())
        .await
        .map_err(explained)?;
    Ok(())
}

/// A wrong password and an unknown name look the same to whoever logs in, so the question is whether the name is free.
async fn register_or_log_in(
    client: &Client,
    args: &ChatArgs,
    terminal: &mut Terminal,
) -> Result<(), ChatError> {
    let name = &args.name;
    let question = format!(
        "{name} was never here. Is {name} new at {}? [Y/n]",
        args.server
    );
    let answer = terminal.ask(&question).await.unwrap_or_default();
    if answer.trim().to_lowercase().starts_with('n') {
        return log_in(client, args).await;
    }
    let registration = Registration {
        name: name.clone(),
        password: new_password(args, terminal)?,
        device_name: device_name(),
        nickname: String::new(),
    };
    let password = registration.password.clone();
    match client.register(registration).await {
        Ok(_) => {
            terminal.print(Tone::News, &format!("* welcome, {name}"));
            Ok(())
        }
        Err(status) if status.code() == Code::AlreadyExists => {
            let logged_in = client.login(name, &password, &device_name()).await;
            let taken = |_| {
                Status::already_exists(format!("{name} is somebody else, or the password is wrong"))
            };
            logged_in.map(drop).map_err(|status| match status.code() {
                Code::Unauthenticated => explained(taken(status)),
                _ => explained(status),
            })
        }
        Err(status) => Err(explained(status)),
    }
}

fn password(args: &ChatArgs, prompt: &str) -> Result<String, ChatError> {
    match &args.password_file {
        Some(file) => {
            let text = fs::read_to_string(file)
                .map_err(|e| format!("cannot read {}: {e}", file.display()))?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        }
        None => rpassword::prompt_password(prompt).map_err(|e| {
            format!("there is no terminal to ask for the password ({e}); say --password-file")
                .into()
        }),
    }
}

/// A password that is typed blind is typed twice.
fn new_password(args: &ChatArgs, terminal: &Terminal) -> Result<String, ChatError> {
    let first = password(args, "choose a password (8 letters at least): ")?;
    let typed = terminal.is_interactive() && args.password_file.is_none();
    if typed && password(args, "once more: ")? != first {
        return Err("these were two different passwords".into());
    }
    Ok(first)
}

/// What the user sees in the list of his devices.
fn device_name() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match host.trim() {
        "" => "terminal".to_owned(),
        host => format!("terminal on {host}"),
    }
}

fn explained(status: Status) -> ChatError {
    status.message().to_owned().into()
}
