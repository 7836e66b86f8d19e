//! Who sends to whom.

use crate::args::{PressArgs, Scenario};
use std::collections::BTreeSet;

/// Users when nobody said how many.
const USERS: usize = 200;
/// The same of those who are offline.
const OFFLINE_USERS: usize = 100;
/// Members of a group that send, when nobody said how many.
const GROUP_SENDERS: usize = 5;
/// Users who send to those who are offline: so many that commits have something to gather.
const OFFLINE_SENDERS: usize = 20;

/// The same under overload, where each stands for many: with few links, a write carries several asks, and the load keeps up.
const OVERLOAD_USERS: usize = 100;

/// Users by their index, who knows whom, and the streams of messages between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) users: usize,
    /// Pairs of friends, the smaller index first.
    pub(crate) friends: BTreeSet<(usize, usize)>,
    /// Members of each group, its owner first.
    pub(crate) groups: Vec<Vec<usize>>,
    pub(crate) streams: Vec<StreamPlan>,
    /// Users who come only when everything is sent.
    pub(crate) offline: BTreeSet<usize>,
}

/// Messages of one sender to one chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamPlan {
    pub(crate) sender: usize,
    pub(crate) to: Target,
    /// How many; `None` for as many as there is time.
    pub(crate) messages_max: Option<u32>,
    /// Whether the next message waits until the last one has been synced by its receiver, or in a group by one of them.
    pub(crate) waits_for_delivery: bool,
}

/// A chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    User(usize),
    Group(usize),
}

impl Plan {
    pub(crate) fn new(args: &PressArgs) -> Plan {
        let users = |default: usize| args.users.unwrap_or(default).max(2);
        if args.overload.is_some() {
            return Plan::empty(users(OVERLOAD_USERS)).with_ring(1);
        }
        match args.scenario {
            Scenario::Single => Plan::empty(users(USERS)).with_ring(args.outstanding),
            Scenario::Group => {
                let users = users(args.group_size * args.groups.max(1));
                Plan::empty(users.max(args.group_size)).with_groups(args)
            }
            Scenario::Mixed => {
                let plan = Plan::empty(users(USERS).max(args.group_size));
                plan.with_ring(args.outstanding).with_groups(args)
            }
            Scenario::Offline => Plan::offline(users(OFFLINE_USERS), args),
            Scenario::IdleSync | Scenario::IdleLinks => Plan::empty(users(USERS)),
        }
    }

    fn empty(users: usize) -> Plan {
        Plan {
            users,
            friends: BTreeSet::new(),
            groups: Vec::new(),
            streams: Vec::new(),
            offline: BTreeSet::new(),
        }
    }

    /// Each user sends to the next ones in a ring.
    fn with_ring(mut self, neighbours: usize) -> Plan {
        for sender in 0..self.users {
            for step in 1..=neighbours.clamp(1, self.users - 1) {
                let receiver = (sender + step) % self.users;
                self.stream(sender, Target::User(receiver), None, true);
            }
        }
        self
    }

    /// Groups of users side by side; senders spread evenly over the members.
    fn with_groups(mut self, args: &PressArgs) -> Plan {
        let size = args.group_size.clamp(2, self.users);
        for group in 0..args.groups.max(1) {
            let first = group * size;
            let members: Vec<usize> = (first..first + size).map(|m| m % self.users).collect();
            for member in &members[1..] {
                self.befriend(members[0], *member);
            }
            let senders = args.senders.unwrap_or(GROUP_SENDERS).clamp(1, size);
            for sender in 0..senders {
                let sender = members[sender * size / senders];
                self.stream(sender, Target::Group(group), None, true);
            }
            self.groups.push(members);
        }
        self
    }

    /// Senders beside `receivers` who are offline; each of those gets the same number of messages, from as many senders as keep all
    /// senders busy.
    fn offline(receivers: usize, args: &PressArgs) -> Plan {
        let senders = args.senders.unwrap_or(OFFLINE_SENDERS).max(1);
        let mut plan = Plan::empty(receivers + senders);
        let each = (senders * args.outstanding.max(1)).div_ceil(receivers);
        let each = each.clamp(1, senders.min(args.messages.max(1) as usize));
        for receiver in 0..receivers {
            for i in 0..each {
                let sender = receivers + (receiver * each + i) % senders;
                let share =
                    args.messages as usize * (i + 1) / each - args.messages as usize * i / each;
                let messages_max = u32::try_from(share).ok();
                plan.stream(sender, Target::User(receiver), messages_max, false);
            }
        }
        plan.offline = (0..receivers).collect();
        plan
    }

    fn stream(
        &mut self,
        sender: usize,
        to: Target,
        messages_max: Option<u32>,
        waits_for_delivery: bool,
    ) {
        if let Target::User(receiver) = to {
            self.befriend(sender, receiver);
        }
        self.streams.push(StreamPlan {
            sender,
            to,
            messages_max,
            waits_for_delivery,
        });
    }

    fn befriend(&mut self, one: usize, other: usize) {
        if one != other {
            self.friends.insert((one.min(other), one.max(other)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: PressArgs,
    }

    fn plan(flags: &str) -> Plan {
        let words = std::iter::once("press").chain(flags.split_whitespace());
        Plan::new(&Cli::parse_from(words).args)
    }

    #[test]
    fn in_a_ring_everybody_sends_and_receives_alike() {
        let plan = plan("--users 10 --outstanding 3");
        assert_eq!((plan.streams.len(), plan.friends.len()), (30, 30));
        for user in 0..10 {
            let to_him = plan.streams.iter().filter(|s| s.to == Target::User(user));
            assert_eq!(to_him.count(), 3);
        }
    }

    #[test]
    fn two_users_have_one_friendship_and_two_streams() {
        let plan = plan("--users 2 --outstanding 4");
        assert_eq!((plan.streams.len(), plan.friends.len()), (2, 1));
    }

    #[test]
    fn a_group_s_owner_knows_all_members() {
        let plan = plan("--scenario group --users 2 --group-size 50 --senders 5");
        assert_eq!(
            (plan.users, plan.friends.len(), plan.streams.len()),
            (50, 49, 5)
        );
        let senders: Vec<usize> = plan.streams.iter().map(|s| s.sender).collect();
        assert_eq!(senders, [0, 10, 20, 30, 40]);
    }

    #[test]
    fn offline_users_get_the_same_number_each() {
        let plan =
            plan("--scenario offline --users 100 --senders 20 --outstanding 8 --messages 201");
        for user in 0..100 {
            let to_him = plan.streams.iter().filter(|s| s.to == Target::User(user));
            let messages: u32 = to_him.filter_map(|s| s.messages_max).sum();
            assert_eq!(messages, 201);
        }
        let busy: BTreeSet<usize> = plan.streams.iter().map(|s| s.sender).collect();
        assert_eq!((busy.len(), plan.users, plan.offline.len()), (20, 120, 100));
    }
}
