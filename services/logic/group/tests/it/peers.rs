//! The services that this one calls, as a test needs them.

use bytes::Bytes;
use im_idl::account_store::{Account, GetManyResponse};
use im_idl::base::{Empty, Uins};
use im_idl::contact::Relation;
use im_idl::contact_store::{RelationRequest, RelationResponse};
use im_idl::group::{Info, JoinQuestion, Member, Role};
use im_idl::group_store::{
    ChangeRequest, ChangeResponse, Count, CountsResponse, GetRequest, GetResponse, MemberRequest,
    MemberResponse, MembersRequest, MembersResponse, NewNumberResponse, QuestionsRequest,
    QuestionsResponse,
};
use im_idl::ids::GROUP_BIT;
use im_idl::message::AnnounceRequest;
use im_idl::push::NotifyRequest;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use svrkit_rt::{Channel, Endpoint, Layer, Request, Response, Service, Status, memory};

/// What all peers remember, for a test to look at and to set.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) groups: BTreeMap<u64, Kept>,
    pub(crate) list_versions: BTreeMap<u64, u64>,
    /// (owner, peer): the owner has the peer as a friend.
    pub(crate) friends: BTreeSet<(u64, u64)>,
    /// (owner, peer): the owner has blocked the peer.
    pub(crate) blocked: BTreeSet<(u64, u64)>,
    pub(crate) nicknames: BTreeMap<u64, String>,
    pub(crate) announced: Vec<AnnounceRequest>,
    /// How many announcements fail, and how.
    pub(crate) announce_fails: Option<(u32, Status)>,
    /// Whether announcements are never answered.
    pub(crate) announce_hangs: bool,
    /// Users with the versions of their group lists.
    pub(crate) news: Vec<(u64, u64)>,
    /// Changes that are refused as if somebody had been faster.
    pub(crate) aborts: u32,
    /// Changes that were asked for.
    pub(crate) changes: u32,
}

#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) version: u64,
    pub(crate) info: Info,
    pub(crate) members: BTreeMap<u64, Member>,
    pub(crate) questions: BTreeMap<u64, JoinQuestion>,
}

/// All of them behind one channel.
#[derive(Clone, Default)]
pub(crate) struct Peers(Arc<Mutex<Memory>>);

impl Peers {
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap()
    }

    pub(crate) fn channel(&self) -> Channel {
        let nowhere = Endpoint::memory(memory().1);
        let channel = Channel::builder().endpoint(nowhere);
        channel.layer(self.clone()).build().unwrap()
    }
}

impl<S: Service> Layer<S> for Peers {
    type Service = Peers;

    fn layer(self, _nowhere: S) -> Peers {
        self
    }
}

impl Service for Peers {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        // Others come first now and then, as they do where calls take time.
        tokio::task::yield_now().await;
        let method = request.context.method.full_name;
        if method == "im.message.Message/Announce" && self.memory().announce_hangs {
            std::future::pending::<()>().await;
        }
        let body = self.memory().answer(method, request.body)?;
        Ok(Response {
            body,
            ..Response::default()
        })
    }
}

impl Memory {
    fn answer(&mut self, method: &str, body: Bytes) -> Result<Bytes, Status> {
        match method {
            "im.group_store.GroupStore/NewNumber" => reply(body, |Empty {}| self.new_number()),
            "im.group_store.GroupStore/Get" => reply(body, |asked| self.get(asked)),
            "im.group_store.GroupStore/Change" => reply(body, |asked| self.change(asked)),
            "im.group_store.GroupStore/Member" => reply(body, |asked| self.member(asked)),
            "im.group_store.GroupStore/Members" => reply(body, |asked| self.members(asked)),
            "im.group_store.GroupStore/Questions" => reply(body, |asked| self.questions(asked)),
            "im.group_store.GroupStore/Counts" => reply(body, |asked| self.counts(asked)),
            "im.contact_store.ContactStore/Relation" => reply(body, |asked| self.relation(asked)),
            "im.account_store.AccountStore/GetMany" => reply(body, |asked| self.get_many(asked)),
            "im.message.Message/Announce" => reply(body, |asked| self.announce(asked)),
            "im.push.Push/Notify" => reply(body, |asked| self.notify(asked)),
            _ => Err(Status::unimplemented(method.to_owned())),
        }
    }

    pub(crate) fn kept(&self, group: u64) -> Result<&Kept, Status> {
        let kept = self.groups.get(&group);
        kept.ok_or_else(|| Status::not_found("no such group"))
    }

    fn new_number(&mut self) -> Result<NewNumberResponse, Status> {
        let group = GROUP_BIT | (self.groups.len() as u64 + 1);
        self.groups.insert(group, Kept::default());
        Ok(NewNumberResponse { group })
    }

    fn get(&self, asked: GetRequest) -> Result<GetResponse, Status> {
        let kept = self.kept(asked.group)?;
        Ok(GetResponse {
            info: Some(kept.info.clone()),
            version: kept.version,
        })
    }

    fn change(&mut self, asked: ChangeRequest) -> Result<ChangeResponse, Status> {
        self.changes += 1;
        let kept = self.groups.entry(asked.group).or_default();
        if self.aborts > 0 || kept.version != asked.expected_version {
            self.aborts = self.aborts.saturating_sub(1);
            return Err(Status::aborted("somebody was faster"));
        }
        let before = kept.clone();
        kept.change(asked);
        let (version, concerned) = (kept.version, kept.concerned(&before));
        let mut answer = ChangeResponse {
            version,
            ..ChangeResponse::default()
        };
        for uin in concerned {
            let list = self.list_versions.entry(uin).or_default();
            *list += 1;
            answer.uins.push(uin);
            answer.list_versions.push(*list);
        }
        Ok(answer)
    }

    fn member(&self, asked: MemberRequest) -> Result<MemberResponse, Status> {
        let kept = self.kept(asked.group)?;
        Ok(MemberResponse {
            member: kept.members.get(&asked.uin).cloned(),
            info: Some(kept.info.clone()),
            version: kept.version,
        })
    }

    fn members(&self, asked: MembersRequest) -> Result<MembersResponse, Status> {
        // Small pages, so that whoever reads all has to turn them.
        let rows_max = (asked.rows_max as usize).min(3);
        let kept = self.kept(asked.group)?;
        let after = kept.members.range(asked.after + 1..);
        let members: Vec<Member> = after.map(|(_, member)| member.clone()).collect();
        Ok(MembersResponse {
            more: members.len() > rows_max,
            members: members.into_iter().take(rows_max).collect(),
            version: kept.version,
        })
    }

    fn questions(&self, asked: QuestionsRequest) -> Result<QuestionsResponse, Status> {
        let questions = self.kept(asked.group)?.questions.values().cloned();
        Ok(QuestionsResponse {
            questions: questions.collect(),
        })
    }

    fn counts(&self, asked: Uins) -> Result<CountsResponse, Status> {
        let count = |uin: &u64| {
            let roles = self
                .groups
                .values()
                .filter_map(|kept| kept.members.get(uin));
            let roles: Vec<Role> = roles.map(Member::role).collect();
            let owned = roles.iter().filter(|role| **role == Role::Owner);
            Count {
                joined: roles.len() as u32,
                owned: owned.count() as u32,
            }
        };
        Ok(CountsResponse {
            counts: asked.uins.iter().map(count).collect(),
        })
    }

    fn relation(&self, asked: RelationRequest) -> Result<RelationResponse, Status> {
        let pair = (asked.owner, asked.peer);
        let relation = match self.friends.contains(&pair) {
            true => Relation::Friend,
            false => Relation::AskedMe,
        };
        Ok(RelationResponse {
            relation: relation.into(),
            blocked: self.blocked.contains(&pair),
        })
    }

    fn get_many(&self, asked: Uins) -> Result<GetManyResponse, Status> {
        // In another order than asked, without those that are not there.
        let account = |uin: &u64| {
            let nickname = self.nicknames.get(uin)?.clone();
            Some(Account {
                uin: *uin,
                nickname,
                ..Account::default()
            })
        };
        Ok(GetManyResponse {
            accounts: asked.uins.iter().rev().filter_map(account).collect(),
        })
    }

    fn announce(&mut self, asked: AnnounceRequest) -> Result<Empty, Status> {
        match &mut self.announce_fails {
            Some((times, status)) if *times > 0 => {
                *times -= 1;
                return Err(status.clone());
            }
            _ => self.announced.push(asked),
        }
        Ok(Empty {})
    }

    fn notify(&mut self, asked: NotifyRequest) -> Result<Empty, Status> {
        let groups = |news: &im_idl::push::News| news.versions.as_ref().map_or(0, |v| v.groups);
        let news = asked.news.iter().map(|news| (news.uin, groups(news)));
        self.news.extend(news);
        Ok(Empty {})
    }
}

impl Kept {
    fn change(&mut self, asked: ChangeRequest) {
        self.version += 1;
        if let Some(info) = asked.info {
            self.info = info;
        }
        let put = asked.put_members.into_iter();
        self.members.extend(put.map(|member| (member.uin, member)));
        let put = asked.put_questions.into_iter();
        self.questions
            .extend(put.map(|question| (question.uin, question)));
        for uin in asked.remove_members {
            self.members.remove(&uin);
        }
        for uin in asked.remove_questions {
            self.questions.remove(&uin);
        }
        self.info.group = asked.group;
        self.info.members = self.members.len() as u32;
    }

    /// Whose lists show another role or name than before.
    fn concerned(&self, before: &Kept) -> BTreeSet<u64> {
        let everybody = self.members.keys().chain(before.members.keys()).copied();
        let role = |kept: &Kept, uin: &u64| kept.members.get(uin).map(Member::role);
        let renamed = self.info.name != before.info.name;
        let other = |uin: &u64| renamed || role(self, uin) != role(before, uin);
        everybody.filter(other).collect()
    }
}

fn reply<Asked: Message + Default, Answer: Message>(
    body: Bytes,
    answer: impl FnOnce(Asked) -> Result<Answer, Status>,
) -> Result<Bytes, Status> {
    let asked = Asked::decode(body).expect("a client sends what it says");
    Ok(answer(asked)?.encode_to_vec().into())
}
