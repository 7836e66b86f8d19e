//! A service among its peers, and words for what users do with it.

use crate::peers::Peers;
use im_group::{Config, Deps, Handle, Refusal, build};
use im_idl::account_store::AccountStoreClient;
use im_idl::base::Caller;
use im_idl::contact_store::ContactStoreClient;
use im_idl::group::{
    CreateRequest, GroupClient, InviteRequest, JoinRequest, LeaveRequest, Role, SetRoleRequest,
};
use im_idl::group_store::GroupStoreClient;
use im_idl::ids::UIN_MIN;
use im_idl::message::MessageClient;
use im_idl::push::PushClient;
use svrkit_rt::testing::serve;
use svrkit_rt::{Call, Status};

pub(crate) const ADA: u64 = UIN_MIN + 1;
pub(crate) const BOB: u64 = UIN_MIN + 2;
pub(crate) const EVE: u64 = UIN_MIN + 3;
pub(crate) const KAY: u64 = UIN_MIN + 4;

pub(crate) struct World {
    pub(crate) peers: Peers,
    pub(crate) group: GroupClient,
    pub(crate) handle: Handle,
}

impl World {
    /// Everybody is everybody's friend.
    pub(crate) async fn new(config: Config) -> World {
        let peers = Peers::default();
        let people = [ADA, BOB, EVE, KAY];
        let pairs = people
            .iter()
            .flat_map(|one| people.iter().map(|other| (*one, *other)));
        peers.memory().friends = pairs.collect();
        World::among(peers, config).await
    }

    /// One more service over the same peers.
    pub(crate) async fn among(peers: Peers, config: Config) -> World {
        let channel = peers.channel();
        let deps = Deps {
            groups: GroupStoreClient::new(channel.clone()),
            contacts: ContactStoreClient::new(channel.clone()),
            accounts: AccountStoreClient::new(channel.clone()),
            messages: MessageClient::new(channel.clone()),
            push: PushClient::new(channel),
        };
        let (server, handle) = build(config, deps).await.unwrap();
        World {
            peers,
            group: GroupClient::new(serve(server)),
            handle,
        }
    }

    pub(crate) async fn create(&self, owner: u64, members: &[u64]) -> u64 {
        let request = CreateRequest {
            name: "chess".into(),
            members: members.to_vec(),
            join_needs_approval: false,
        };
        let created = self.group.create_with(by(owner, request)).await.unwrap();
        created.message.info.unwrap().group
    }

    pub(crate) async fn join(&self, uin: u64, group: u64) -> Result<bool, Status> {
        let request = JoinRequest {
            group,
            greeting: "hello".into(),
        };
        let answer = self.group.join_with(by(uin, request)).await?;
        Ok(answer.message.joined)
    }

    pub(crate) async fn leave(&self, uin: u64, group: u64) -> Result<(), Status> {
        let request = LeaveRequest { group };
        self.group.leave_with(by(uin, request)).await.map(|_| ())
    }

    pub(crate) async fn invite(
        &self,
        uin: u64,
        group: u64,
        uins: &[u64],
    ) -> Result<Vec<u64>, Status> {
        let request = InviteRequest {
            group,
            uins: uins.to_vec(),
        };
        let answer = self.group.invite_with(by(uin, request)).await?;
        Ok(answer.message.added)
    }

    pub(crate) async fn set_role(
        &self,
        actor: u64,
        group: u64,
        uin: u64,
        role: Role,
    ) -> Result<(), Status> {
        let request = SetRoleRequest {
            group,
            uin,
            role: role.into(),
        };
        let answer = self.group.set_role_with(by(actor, request)).await;
        answer.map(|_| ())
    }

    /// Who is in a group, as it is kept.
    pub(crate) fn members(&self, group: u64) -> Vec<(u64, Role)> {
        let memory = self.peers.memory();
        let members = memory.kept(group).unwrap().members.values();
        members.map(|member| (member.uin, member.role())).collect()
    }
}

/// A call by a user who has logged in.
pub(crate) fn by<M>(uin: u64, message: M) -> Call<M> {
    let caller = Caller {
        uin,
        ..Caller::default()
    };
    caller.call(message).unwrap()
}

/// Why a call was refused.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> Refusal {
    let status = answer.unwrap_err();
    Refusal::try_from(&status).unwrap_or_else(|status| panic!("no refusal: {status}"))
}
