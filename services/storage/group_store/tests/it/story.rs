//! What the tests have in common: a store, and words for what they do to it.

use im_engine::{Engine, memory};
use im_group_store::{Config, Deps, build};
use im_idl::base::{Empty, Uins};
use im_idl::group::{Info, Member, Membership, Role};
use im_idl::group_store::{
    ChangeRequest, ChangeResponse, GetRequest, GetResponse, GroupStoreClient, ListRequest,
    MemberRequest, MemberResponse, MembersRequest,
};
use im_idl::ids::UIN_MIN;
use svrkit_rt::testing::serve;
use svrkit_rt::{Code, Status};

pub(crate) const ADA: u64 = UIN_MIN + 1;
pub(crate) const BOB: u64 = UIN_MIN + 2;
pub(crate) const EVE: u64 = UIN_MIN + 3;

/// A client of a store over `engine`.
pub(crate) async fn over(engine: Engine, config: Config) -> GroupStoreClient {
    let server = build(config, Deps { engine }).await.unwrap();
    GroupStoreClient::new(serve(server))
}

pub(crate) async fn store() -> GroupStoreClient {
    over(memory(), Config::default()).await
}

pub(crate) fn member(uin: u64, role: Role) -> Member {
    Member {
        uin,
        role: role.into(),
        ..Member::default()
    }
}

pub(crate) fn called(name: &str) -> Option<Info> {
    let name = name.to_owned();
    Some(Info {
        name,
        ..Info::default()
    })
}

/// A change of a group as it is now.
pub(crate) async fn change(
    store: &GroupStoreClient,
    group: u64,
    request: ChangeRequest,
) -> ChangeResponse {
    let expected_version = get(store, group).await.version;
    let request = ChangeRequest {
        group,
        expected_version,
        ..request
    };
    store.change(request).await.unwrap()
}

/// A new group that Ada owns.
pub(crate) async fn create(store: &GroupStoreClient, name: &str, others: &[u64]) -> u64 {
    let group = store.new_number(Empty {}).await.unwrap().group;
    let others = others.iter().map(|uin| member(*uin, Role::Member));
    let request = ChangeRequest {
        group,
        info: called(name),
        put_members: [member(ADA, Role::Owner)]
            .into_iter()
            .chain(others)
            .collect(),
        ..ChangeRequest::default()
    };
    store.change(request).await.unwrap();
    group
}

pub(crate) async fn get(store: &GroupStoreClient, group: u64) -> GetResponse {
    store.get(GetRequest { group }).await.unwrap()
}

pub(crate) async fn see(store: &GroupStoreClient, group: u64, uin: u64) -> MemberResponse {
    store.member(MemberRequest { group, uin }).await.unwrap()
}

/// Numbers of members, page by page.
pub(crate) async fn members(store: &GroupStoreClient, group: u64, rows_max: u32) -> Vec<u64> {
    let mut uins = Vec::new();
    loop {
        let after = uins.last().copied().unwrap_or_default();
        let request = MembersRequest {
            group,
            after,
            rows_max,
        };
        let page = store.members(request).await.unwrap();
        uins.extend(page.members.iter().map(|member| member.uin));
        if !page.more {
            return uins;
        }
    }
}

/// A list's changes after a version, page by page, and its version.
pub(crate) async fn list_after(
    store: &GroupStoreClient,
    uin: u64,
    mut after_version: u64,
    rows_max: u32,
) -> (Vec<Membership>, u64) {
    let mut groups = Vec::new();
    loop {
        let request = ListRequest {
            uin,
            after_version,
            rows_max,
        };
        let page = store.list(request).await.unwrap();
        groups.extend(page.groups);
        after_version = page.version;
        if !page.more {
            return (groups, after_version);
        }
    }
}

/// A list as (group, role, name), oldest change first.
pub(crate) async fn list(store: &GroupStoreClient, uin: u64) -> Vec<(u64, Role, String)> {
    let (groups, _) = list_after(store, uin, 0, 0).await;
    let shown = |membership: Membership| {
        let role = membership.role();
        (membership.group, role, membership.name)
    };
    groups.into_iter().map(shown).collect()
}

pub(crate) async fn version(store: &GroupStoreClient, uin: u64) -> u64 {
    let uins = vec![uin];
    store.versions(Uins { uins }).await.unwrap().versions[0]
}

pub(crate) fn code<T: std::fmt::Debug>(answer: Result<T, Status>) -> Code {
    answer.unwrap_err().code()
}
