//! Commands about groups.

use super::command::GroupCommand;
use super::names::plain;
use super::room::{Done, Room, why};
use im_idl::group::{
    ApproveRequest, CreateRequest, InviteRequest, KickRequest, LeaveRequest, Member,
    MembersRequest, MuteRequest, RequestsRequest, Role, UpdateRequest,
};
use im_idl::ids::is_group;
use svrkit_rt::Status;

/// Members that are listed.
const MEMBERS_MAX: u32 = 500;

impl Room {
    pub(super) async fn group(&mut self, command: GroupCommand) -> Done {
        match command {
            GroupCommand::Create(title, names) => self.create_group(title, &names).await,
            GroupCommand::Invite(names) => self.invite(&names).await,
            GroupCommand::Members => self.members().await,
            GroupCommand::Leave => {
                let group = self.here()?;
                self.client
                    .call(LeaveRequest { group })
                    .await
                    .map_err(why)?;
                self.with = None;
                Ok(String::new())
            }
            GroupCommand::Kick(name) => {
                let (group, uin) = (self.here()?, self.find(&name)?);
                let uins = vec![uin];
                self.client
                    .call(KickRequest { group, uins })
                    .await
                    .map_err(why)?;
                Ok(String::new())
            }
            GroupCommand::Rename(title) => self.update(Some(title), None).await,
            GroupCommand::Notice(text) => self.update(None, Some(text)).await,
            GroupCommand::Mute(name, minutes) => {
                let request = MuteRequest {
                    group: self.here()?,
                    uin: self.find(&name)?,
                    seconds: minutes.saturating_mul(60),
                };
                self.client.call(request).await.map_err(why)?;
                Ok(String::new())
            }
            GroupCommand::Requests => self.requests().await,
            GroupCommand::Approve(name) => {
                let request = ApproveRequest {
                    group: self.here()?,
                    uin: self.find(&name)?,
                    accept: true,
                };
                self.client.call(request).await.map_err(why)?;
                Ok(String::new())
            }
        }
    }

    /// The group that one is talking in.
    fn here(&self) -> Result<u64, String> {
        let group = self.with.filter(|chat| is_group(*chat));
        group.ok_or_else(|| "in which group? /with #TITLE first".to_owned())
    }

    async fn create_group(&mut self, title: String, names: &[String]) -> Done {
        let members: Result<Vec<u64>, String> = names.iter().map(|name| self.find(name)).collect();
        let request = CreateRequest {
            name: title.clone(),
            members: members?,
            join_needs_approval: false,
        };
        let info = self
            .client
            .call(request)
            .await
            .map_err(why)?
            .info
            .unwrap_or_default();
        // Its name comes by the next sync; the user wants to talk now.
        let listed = self
            .client
            .until(|state| state.groups().get(&info.group).map(drop));
        let limit = std::time::Duration::from_secs(2);
        // Without its name the group is called by its number for a moment.
        let _ = tokio::time::timeout(limit, listed).await;
        self.with = Some(info.group);
        Ok(format!("* talking in #{title}"))
    }

    async fn invite(&mut self, names: &[String]) -> Done {
        let uins: Result<Vec<u64>, String> = names.iter().map(|name| self.find(name)).collect();
        let request = InviteRequest {
            group: self.here()?,
            uins: uins?,
        };
        let answer = self.client.call(request).await.map_err(why)?;
        Ok(match answer.pending.len() {
            0 => String::new(),
            pending => format!("* {pending} must be let in by an admin"),
        })
    }

    async fn members(&mut self) -> Done {
        let group = self.here()?;
        let members = self.meet_members(group).await.map_err(why)?;
        let lines = members.iter().map(|member| {
            let role = match member.role() {
                Role::Owner => "  owner",
                Role::Admin => "  admin",
                _ => "",
            };
            format!("* {}{role}", self.name(member.uin))
        });
        Ok(lines.collect::<Vec<String>>().join("\n"))
    }

    /// Lists a group's members, and remembers their names.
    pub(super) async fn meet_members(&mut self, group: u64) -> Result<Vec<Member>, Status> {
        let request = MembersRequest {
            group,
            after: 0,
            rows_max: MEMBERS_MAX,
        };
        let members = self.client.call(request).await?.members;
        for member in &members {
            self.names.remember(member.uin, &member.nickname);
        }
        Ok(members)
    }

    async fn update(&mut self, name: Option<String>, notice: Option<String>) -> Done {
        let request = UpdateRequest {
            group: self.here()?,
            name,
            notice,
            ..UpdateRequest::default()
        };
        self.client.call(request).await.map_err(why)?;
        Ok(String::new())
    }

    async fn requests(&mut self) -> Done {
        let group = self.here()?;
        let answer = self
            .client
            .call(RequestsRequest { group })
            .await
            .map_err(why)?;
        if answer.questions.is_empty() {
            return Ok("* nobody wants to be let in".to_owned());
        }
        let mut lines = Vec::new();
        for question in answer.questions {
            self.get_to_know(question.uin).await;
            let (name, greeting) = (self.name(question.uin), plain(&question.greeting));
            lines.push(format!("* {name}: {greeting}"));
        }
        Ok(lines.join("\n"))
    }
}
