//! What the fan-out promises, among peers that fail.

mod away;
mod crashes;
mod delivery;
mod peers;
mod steps;

use im_fanout::{Config, Deps, build};
use im_idl::base::Empty;
use im_idl::fanout::{FanoutClient, GroupTask, StatsResponse};
use im_idl::group_store::{GroupStoreClient, GroupStoreServer};
use im_idl::ids::GROUP_BIT;
use im_idl::message_store::{MessageStoreClient, MessageStoreServer};
use im_idl::push::{PushClient, PushServer};
use im_idl::queue::{QueueClient, QueueServer};
use peers::{Groups, Inboxes, News, Tasks};
use std::sync::Arc;
use std::time::Duration;
use steps::Steps;
use svrkit_rt::Server;
use svrkit_rt::testing::serve;

const GROUP: u64 = GROUP_BIT + 1;
const FIRST_MEMBER: u64 = 10_000;

/// The peers, which live longer than the fan-out does.
#[derive(Clone)]
struct World {
    steps: Arc<Steps>,
    tasks: Arc<Tasks>,
    groups: Arc<Groups>,
    inboxes: Arc<Inboxes>,
    news: Arc<News>,
}

impl World {
    /// With one group of so many members.
    fn new(members: u64) -> World {
        let steps = Arc::new(Steps::default());
        let world = World {
            tasks: Arc::new(Tasks::new(steps.clone())),
            groups: Arc::new(Groups::new(steps.clone())),
            inboxes: Arc::new(Inboxes::new(steps.clone())),
            news: Arc::default(),
            steps,
        };
        world.groups.set(GROUP, 1, members_of(members));
        world
    }

    /// A fan-out among these peers. Dropping it ends it as a crash would.
    async fn fanout(&self, config: Config) -> FanoutClient {
        let server = |server: Server| serve(server);
        let queue = QueueServer::from_arc(self.tasks.clone());
        let groups = GroupStoreServer::from_arc(self.groups.clone());
        let inboxes = MessageStoreServer::from_arc(self.inboxes.clone());
        let push = PushServer::from_arc(self.news.clone());
        let deps = Deps {
            queue: QueueClient::new(server(Server::new().service(queue))),
            group_store: GroupStoreClient::new(server(Server::new().service(groups))),
            message_store: MessageStoreClient::new(server(Server::new().service(inboxes))),
            push: PushClient::new(server(Server::new().service(push))),
        };
        FanoutClient::new(serve(build(config, deps).await.unwrap()))
    }

    /// Tasks for places of the one group's log, at its version.
    fn send(&self, seqs: impl IntoIterator<Item = u64>) {
        seqs.into_iter()
            .for_each(|seq| self.tasks.push(task(GROUP, seq)));
    }

    /// Until nothing is to be done.
    async fn done(&self) {
        while !self.tasks.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Each member of the one group has each of these once, in order.
    fn check(&self, members: u64, seqs: impl IntoIterator<Item = u64>) {
        let expected: Vec<u64> = seqs.into_iter().collect();
        for uin in members_of(members) {
            assert_eq!(self.inboxes.of(uin, GROUP), expected, "inbox of {uin}");
        }
    }
}

fn members_of(members: u64) -> Vec<u64> {
    (FIRST_MEMBER..FIRST_MEMBER + members).collect()
}

fn task(group: u64, group_seq: u64) -> GroupTask {
    GroupTask {
        group,
        group_seq,
        also: Vec::new(),
        group_version: 1,
    }
}

async fn stats(fanout: &FanoutClient) -> StatsResponse {
    fanout.stats(Empty {}).await.unwrap()
}
