//! Who calls, and who may: names shown by keys, in memory and by certificates; methods that let in some; what strangers may not say.

mod allowed;
mod certificates;
mod hostile;
mod identified;
mod mutual_tls;
mod overheard;
mod strangers;

use crate::support::{ECHO, Handlers, Text, call, service};
use svrkit_rt::auth::{Auth, CallerKey, Keys};
use svrkit_rt::{Channel, Endpoint, Server, Status};

/// Two callers and a key each, and what comes after Ada's.
const KEYS: &str = "
ada 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
ada 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
bob ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100
";
/// Ada with a key that nobody else has.
const OTHER: &str = "ada 1111111111111111111111111111111111111111111111111111111111111111";

fn keys() -> Keys {
    Keys::parse(KEYS).unwrap()
}

fn key(name: &str) -> CallerKey {
    keys().of(name).unwrap()
}

/// Of a server that knows both.
fn auth() -> Auth {
    Auth {
        keys: keys(),
        ..Auth::default()
    }
}

/// `Echo` answers with who calls.
fn who_calls() -> Handlers {
    service().on(&ECHO, |context, _| async {
        let who = match context.caller() {
            Some(caller) => format!("{caller} by {}", caller.means().name()),
            None => "a stranger".to_owned(),
        };
        Ok((context, Text::from(who.as_str())))
    })
}

fn server() -> Server {
    Server::new().service(who_calls()).auth(auth())
}

fn channel_to(endpoint: Endpoint) -> Channel {
    Channel::builder().endpoint(endpoint).build().unwrap()
}

/// Whom the server takes this channel for.
async fn seen_as(channel: &Channel) -> Result<String, Status> {
    Ok(call(channel, &ECHO, "").await?.text)
}
