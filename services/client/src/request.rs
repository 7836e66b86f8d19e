//! What clients may ask: the IDL's methods with a command id, by the type of their request.

use im_idl::base::Error;
use im_idl::{account, contact, group, message, sync};
use prost::Message;
use svrkit_rt::{MethodDescriptor, ServiceDescriptor};

/// A request that a client may send; its type says which method it is for, and what the answer is.
pub trait Request: Message + 'static {
    /// What comes back.
    type Answer: Answer;

    /// The method, with its command id, timeout and whether it needs a ticket.
    fn method() -> &'static MethodDescriptor;
}

/// An answer to a client.
pub trait Answer: Message + Default + 'static {
    /// Takes out why the request was refused; `None` when it was not.
    fn take_error(&mut self) -> Option<Error>;
}

macro_rules! answers {
    ($($answer:ty),* $(,)?) => {
        $(impl Answer for $answer {
            fn take_error(&mut self) -> Option<Error> {
                self.error.take()
            }
        })*
    };
}

macro_rules! requests {
    ($($service:path { $($method:literal: $request:ty => $answer:ty;)* })*) => {
        $($(impl Request for $request {
            type Answer = $answer;

            fn method() -> &'static MethodDescriptor {
                named(&$service, $method)
            }
        })*)*
    };
}

fn named(service: &'static ServiceDescriptor, name: &str) -> &'static MethodDescriptor {
    let method = service.methods.iter().find(|method| method.name == name);
    method.expect("requests name methods of their service")
}

answers! {
    account::LoginResponse, account::LogoutResponse, account::ChangePasswordResponse, account::GetProfileResponse,
    account::UpdateProfileResponse, account::ListDevicesResponse, account::RemoveDeviceResponse,
    account::DeleteAccountResponse, account::ExportResponse,
    contact::AskResponse, contact::AcceptResponse, contact::SetRemarkResponse, contact::SetBlockedResponse,
    contact::DeleteResponse, contact::ListResponse, contact::OnlineResponse,
    group::CreateResponse, group::InviteResponse, group::JoinResponse, group::ApproveResponse, group::LeaveResponse,
    group::KickResponse, group::SetRoleResponse, group::UpdateResponse, group::MuteResponse, group::GetResponse,
    group::MembersResponse, group::RequestsResponse,
    message::SendResponse, message::RecallResponse, message::MarkReadResponse,
    sync::SyncResponse,
    im_idl::access::AuthResponse,
}

requests! {
    account::ACCOUNT {
        "Register": account::RegisterRequest => account::LoginResponse;
        "Login": account::LoginRequest => account::LoginResponse;
        "RenewTicket": account::RenewTicketRequest => account::LoginResponse;
        "Logout": account::LogoutRequest => account::LogoutResponse;
        "ChangePassword": account::ChangePasswordRequest => account::ChangePasswordResponse;
        "GetProfile": account::GetProfileRequest => account::GetProfileResponse;
        "UpdateProfile": account::UpdateProfileRequest => account::UpdateProfileResponse;
        "ListDevices": account::ListDevicesRequest => account::ListDevicesResponse;
        "RemoveDevice": account::RemoveDeviceRequest => account::RemoveDeviceResponse;
        "DeleteAccount": account::DeleteAccountRequest => account::DeleteAccountResponse;
        "Export": account::ExportRequest => account::ExportResponse;
    }
    contact::CONTACT {
        "Ask": contact::AskRequest => contact::AskResponse;
        "Accept": contact::AcceptRequest => contact::AcceptResponse;
        "SetRemark": contact::SetRemarkRequest => contact::SetRemarkResponse;
        "SetBlocked": contact::SetBlockedRequest => contact::SetBlockedResponse;
        "Delete": contact::DeleteRequest => contact::DeleteResponse;
        "List": contact::ListRequest => contact::ListResponse;
        "Online": contact::OnlineRequest => contact::OnlineResponse;
    }
    group::GROUP {
        "Create": group::CreateRequest => group::CreateResponse;
        "Invite": group::InviteRequest => group::InviteResponse;
        "Join": group::JoinRequest => group::JoinResponse;
        "Approve": group::ApproveRequest => group::ApproveResponse;
        "Leave": group::LeaveRequest => group::LeaveResponse;
        "Kick": group::KickRequest => group::KickResponse;
        "SetRole": group::SetRoleRequest => group::SetRoleResponse;
        "Update": group::UpdateRequest => group::UpdateResponse;
        "Mute": group::MuteRequest => group::MuteResponse;
        "Get": group::GetRequest => group::GetResponse;
        "Members": group::MembersRequest => group::MembersResponse;
        "Requests": group::RequestsRequest => group::RequestsResponse;
    }
    message::MESSAGE {
        "Send": message::SendRequest => message::SendResponse;
        "Recall": message::RecallRequest => message::RecallResponse;
        "MarkRead": message::MarkReadRequest => message::MarkReadResponse;
    }
    sync::SYNC {
        "Sync": sync::SyncRequest => sync::SyncResponse;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn command<R: Request>(seen: &mut HashSet<u32>) {
        let method = R::method();
        let request = std::any::type_name::<R>();
        let message = method.input.rsplit('.').next().unwrap();
        assert!(
            request.ends_with(message),
            "{request} is not {}",
            method.input
        );
        let answer = std::any::type_name::<R::Answer>();
        let message = method.output.rsplit('.').next().unwrap();
        assert!(
            answer.ends_with(message),
            "{answer} is not {}",
            method.output
        );
        let cgi = method.cgi.expect("clients may call it");
        assert!(seen.insert(cgi.cmd_id), "{request}");
    }

    /// The table against the IDL: all methods for clients, each with its own types.
    #[test]
    fn every_method_for_clients_has_its_request() {
        let seen = &mut HashSet::new();
        command::<account::RegisterRequest>(seen);
        command::<account::LoginRequest>(seen);
        command::<account::RenewTicketRequest>(seen);
        command::<account::LogoutRequest>(seen);
        command::<account::ChangePasswordRequest>(seen);
        command::<account::GetProfileRequest>(seen);
        command::<account::UpdateProfileRequest>(seen);
        command::<account::ListDevicesRequest>(seen);
        command::<account::RemoveDeviceRequest>(seen);
        command::<account::DeleteAccountRequest>(seen);
        command::<account::ExportRequest>(seen);
        command::<contact::AskRequest>(seen);
        command::<contact::AcceptRequest>(seen);
        command::<contact::SetRemarkRequest>(seen);
        command::<contact::SetBlockedRequest>(seen);
        command::<contact::DeleteRequest>(seen);
        command::<contact::ListRequest>(seen);
        command::<contact::OnlineRequest>(seen);
        command::<group::CreateRequest>(seen);
        command::<group::InviteRequest>(seen);
        command::<group::JoinRequest>(seen);
        command::<group::ApproveRequest>(seen);
        command::<group::LeaveRequest>(seen);
        command::<group::KickRequest>(seen);
        command::<group::SetRoleRequest>(seen);
        command::<group::UpdateRequest>(seen);
        command::<group::MuteRequest>(seen);
        command::<group::GetRequest>(seen);
        command::<group::MembersRequest>(seen);
        command::<group::RequestsRequest>(seen);
        command::<message::SendRequest>(seen);
        command::<message::RecallRequest>(seen);
        command::<message::MarkReadRequest>(seen);
        command::<sync::SyncRequest>(seen);
        assert_eq!(seen.len(), im_idl::client_methods().count());
    }
}
