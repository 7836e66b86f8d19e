//! A running `im`.

use im_client::{Client, Registration, State};
use im_idl::contact::{AcceptRequest, AskRequest};
use im_serve::ROLES;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A process of `im run`, killed when dropped.
pub(crate) struct Im {
    pub(crate) process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) long: String,
    pub(crate) page: String,
    /// Of the process that holds all services.
    pub(crate) admin: String,
}

impl Im {
    /// Starts it on free ports, and waits until it is ready.
    pub(crate) async fn start(data_dir: &Path, args: &[&str]) -> Im {
        Im::start_with(data_dir, args, &[]).await
    }

    /// As [`Im::start`], with settings in the environment: `("ADMIN__TOKEN", "…")`.
    pub(crate) async fn start_with(
        data_dir: &Path,
        args: &[&str],
        settings: &[(&str, &str)],
    ) -> Im {
        let variable = |(key, value): &(&str, &str)| (format!("IM__{key}"), (*value).to_owned());
        let mut command = command(data_dir);
        command.args(args).envs(settings.iter().map(variable));
        Im::start_command(command).await
    }

    /// As [`Im::start`], of a [`command`].
    pub(crate) async fn start_command(mut command: Command) -> Im {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = process.stdout.take().unwrap();
        let mut im = Im {
            process,
            lines: BufReader::new(stdout).lines(),
            long: String::new(),
            page: String::new(),
            admin: String::new(),
        };
        im.ready().await;
        im
    }

    /// Reads on until it, or the process that takes over from it, is ready.
    pub(crate) async fn ready(&mut self) {
        let im = self;
        loop {
            let line = im.lines.next_line().await.unwrap();
            let line = line.expect("it ended before it was ready");
            let word = |n| line.split_whitespace().nth(n).unwrap().to_owned();
            if line.starts_with("long link") {
                im.long = word(2);
            } else if line.starts_with("page") {
                im.page = word(1);
            } else if let Some(address) = line.strip_prefix("im has admin pages at http://") {
                im.admin = address.to_owned();
            } else if line == "im is ready" {
                return;
            }
        }
    }

    /// SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    pub(crate) async fn register(&self, name: &str) -> Client {
        let client = self.device().await;
        let registration = Registration {
            name: name.to_owned(),
            password: PASSWORD.to_owned(),
            ..Registration::default()
        };
        client.register(registration).await.unwrap();
        client.online().await.unwrap();
        client
    }

    pub(crate) async fn login(&self, name: &str) -> Client {
        let client = self.device().await;
        client.login(name, PASSWORD, "").await.unwrap();
        client.online().await.unwrap();
        client
    }

    async fn device(&self) -> Client {
        let client = Client::builder().server(self.long.as_str());
        client.start().await.unwrap()
    }
}

/// `im run` with these data on free ports; it ends with its standard input.
pub(crate) fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_im"));
    let processes = ROLES.iter().map(|role| role.name).chain(["im"]);
    command
        .envs(processes.map(|name| (format!("IM__ADMIN__PORTS__{}", name.to_uppercase()), "0")))
        .args([
            "run",
            "--with-parent",
            "--long",
            "127.0.0.1:0",
            "--short",
            "127.0.0.1:0",
        ])
        .args(["--page", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        // Else each test leaves something on the machine's memory file system.
        .env("IM__COUNTERS__DIRECTORY", data_dir.join("counters"))
        .env("IM__AGENT__PERIOD_MS", "1000");
    command
}

pub(crate) fn uin(client: &Client) -> u64 {
    client.state(State::uin)
}

pub(crate) async fn befriend(a: &Client, b: &Client) {
    let ask = AskRequest {
        uin: uin(b),
        ..AskRequest::default()
    };
    a.call(ask).await.unwrap();
    b.call(AcceptRequest { uin: uin(a) }).await.unwrap();
}

/// Sends, and waits for the acknowledgement.
pub(crate) async fn say(from: &Client, chat: u64, text: &str) {
    let sent = from.send_text(chat, text).await.unwrap();
    sent.acknowledged().await.unwrap();
}

/// Waits until a chat has so many messages, and returns how many it has.
pub(crate) async fn hears(client: &Client, chat: u64, count: usize) -> usize {
    let enough = |state: &State| {
        let messages = state.chats().get(&chat)?.messages().len();
        (messages >= count).then_some(messages)
    };
    client.until(enough).await.unwrap()
}
