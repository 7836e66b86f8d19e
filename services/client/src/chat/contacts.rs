//! Commands about people, oneself among them.

use super::names::{of_contact, plain};
use super::room::{Done, Room, why};
use super::wording::ago;
use crate::store::{Chat, State};
use im_idl::account::{GetProfileRequest, ListDevicesRequest, UpdateProfileRequest};
use im_idl::contact::{
    AcceptRequest, AskRequest, DeleteRequest, OnlineRequest, Relation, SetBlockedRequest,
    SetRemarkRequest,
};
use std::collections::HashSet;
use svrkit_rt::clock;

impl Room {
    pub(super) async fn who(&mut self) -> Done {
        let answer = self.client.call(OnlineRequest {}).await;
        // Without a server nobody can be seen, and the list is of use all the same.
        let online: HashSet<u64> = answer
            .map(|a| a.uins.into_iter().collect())
            .unwrap_or_default();
        let lines = self.client.state(|state| {
            let mut lines: Vec<String> = contact_lines(state, &online).collect();
            lines.extend(group_lines(state));
            lines
        });
        if lines.is_empty() {
            return Ok("* no contacts yet: /add NAME asks somebody".to_owned());
        }
        Ok(lines.join("\n"))
    }

    pub(super) async fn add(&mut self, name: &str, greeting: String) -> Done {
        let request = match name.parse() {
            Ok(uin) => AskRequest {
                uin,
                greeting,
                ..AskRequest::default()
            },
            Err(_) => AskRequest {
                name: name.to_owned(),
                greeting,
                ..AskRequest::default()
            },
        };
        let contact = self.client.call(request).await.map_err(why)?.contact;
        let contact = contact.unwrap_or_default();
        Ok(match contact.relation() {
            // What is new comes by the next sync, and is told of then.
            Relation::Friend => String::new(),
            _ => format!("* {name} is asked; wait for a yes"),
        })
    }

    pub(super) async fn accept(&mut self, name: &str) -> Done {
        let uin = self.find(name)?;
        self.client.call(AcceptRequest { uin }).await.map_err(why)?;
        Ok(String::new())
    }

    pub(super) async fn remove(&mut self, name: &str) -> Done {
        let uin = self.find(name)?;
        self.client.call(DeleteRequest { uin }).await.map_err(why)?;
        Ok(String::new())
    }

    pub(super) async fn remark(&mut self, name: &str, remark: String) -> Done {
        let uin = self.find(name)?;
        let request = SetRemarkRequest { uin, remark };
        self.client.call(request).await.map_err(why)?;
        Ok("* noted".to_owned())
    }

    pub(super) async fn block(&mut self, name: &str, blocked: bool) -> Done {
        let uin = self.find(name)?;
        let request = SetBlockedRequest { uin, blocked };
        self.client.call(request).await.map_err(why)?;
        let now = if blocked { "blocked" } else { "heard again" };
        Ok(format!("* {name} is {now}"))
    }

    pub(super) async fn me(&mut self) -> Done {
        let answer = self
            .client
            .call(GetProfileRequest::default())
            .await
            .map_err(why)?;
        let profile = answer.profile.unwrap_or_default();
        let receipts = if profile.read_receipts { "on" } else { "off" };
        Ok(format!(
            "* {} ({}), called {}, receipts {receipts}",
            profile.name,
            profile.uin,
            plain(&profile.nickname)
        ))
    }

    pub(super) async fn nick(&mut self, nickname: String) -> Done {
        let request = UpdateProfileRequest {
            nickname: Some(nickname),
            ..UpdateProfileRequest::default()
        };
        self.client.call(request).await.map_err(why)?;
        Ok("* noted".to_owned())
    }

    pub(super) async fn receipts(&mut self, wanted: bool) -> Done {
        let request = UpdateProfileRequest {
            read_receipts: Some(wanted),
            ..UpdateProfileRequest::default()
        };
        self.client.call(request).await.map_err(why)?;
        Ok("* noted".to_owned())
    }

    pub(super) async fn devices(&mut self) -> Done {
        let answer = self.client.call(ListDevicesRequest {}).await.map_err(why)?;
        let now_ms = clock::now_ms();
        let lines = answer.devices.iter().map(|device| {
            let name = plain(&device.device_name);
            format!(
                "* {name} ({}), since {}",
                device.device,
                ago(now_ms, device.logged_in_ms)
            )
        });
        Ok(lines.collect::<Vec<String>>().join("\n"))
    }
}

fn contact_lines(state: &State, online: &HashSet<u64>) -> impl Iterator<Item = String> {
    state.contacts().values().map(|contact| {
        let name = of_contact(contact);
        let mark = match contact.relation() {
            _ if contact.blocked => "x",
            Relation::Friend if online.contains(&contact.uin) => "+",
            Relation::Friend => "-",
            _ => "?",
        };
        let remark = match contact.relation() {
            _ if contact.blocked => "  blocked".to_owned(),
            Relation::AskedMe => format!("  wants to be your contact; /accept {name}"),
            Relation::Asked => "  was asked".to_owned(),
            _ => String::new(),
        };
        format!(
            "{mark} {name}{}{remark}",
            unread(state.chats().get(&contact.uin))
        )
    })
}

fn group_lines(state: &State) -> impl Iterator<Item = String> {
    state.groups().values().map(|group| {
        let unread = unread(state.chats().get(&group.group));
        format!("# {}{unread}", plain(&group.name))
    })
}

fn unread(chat: Option<&Chat>) -> String {
    match chat.map_or(0, Chat::unread) {
        0 => String::new(),
        messages => format!("  {messages} unread"),
    }
}
