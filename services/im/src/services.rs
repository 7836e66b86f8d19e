//! Every service by its name.

use im_serve::{Start, StartError};
use svrkit_rt::Server;

/// Starts the service that `start.role` names. The access layer is not among them: it listens for clients, not for calls. Nor is the
/// monitoring's centre, which listens for people beside.
///
/// # Errors
/// What keeps it from starting; a name that is no service's.
pub async fn start_role(start: Start) -> Result<Server, StartError> {
    match start.role {
        "account" => im_account::start(start).await,
        "account_store" => im_account_store::start(start).await,
        "agent" => im_monitor::start_agent(start).await,
        "contact" => im_contact::start(start).await,
        "contact_store" => im_contact_store::start(start).await,
        "fanout" => im_fanout::start(start).await,
        "group" => im_group::start(start).await,
        "group_store" => im_group_store::start(start).await,
        "message" => im_message::start(start).await,
        "message_store" => im_message_store::start(start).await,
        "push" => im_push::start(start).await,
        "queue" => im_queue::start(start).await,
        "session" => im_session::start(start).await,
        "sync" => im_sync::start(start).await,
        other => Err(format!("there is no service {other:?}").into()),
    }
}
