//! Accounts, friendships and groups: what must be there before anybody sends.

use crate::plan::Plan;
use crate::wire::{WireError, ask, insist, open, open_as};
use im_client::Link;
use im_idl::account::{LoginRequest, LoginResponse, RegisterRequest};
use im_idl::contact::{AcceptRequest, AskRequest};
use im_idl::group::CreateRequest;
use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use svrkit_rt::{Code, Connect};

/// Users that are set up at once.
const AT_ONCE: usize = 16;
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A user, ready to talk.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uin: u64,
    pub(crate) ticket: String,
}

/// All users, and the numbers of the groups.
#[derive(Debug)]
pub(crate) struct Crew {
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<u64>,
}

impl Crew {
    /// Sets up what a plan needs.
    pub(crate) async fn gather(connect: &Arc<dyn Connect>, plan: &Plan) -> Result<Crew, WireError> {
        // Nobody else's names, nor those of an earlier run.
        let run = fastrand::u64(..);
        let users = each(plan.users, |i| {
            register(connect, format!("press-{run:016x}-{i}"))
        })
        .await?;
        let asks = friends_of(plan, |(one, other)| (one, other));
        each(plan.users, |i| ask_all(connect, &users, i, &asks[i])).await?;
        let accepts = friends_of(plan, |(one, other)| (other, one));
        each(plan.users, |i| accept_all(connect, &users, i, &accepts[i])).await?;
        let group = |i: usize| make_group(connect, &users, &plan.groups[i], i);
        let groups = each(plan.groups.len(), group).await?;
        Ok(Crew { users, groups })
    }
}

/// For each user the others of his friendships, by who of a pair it is to do.
fn friends_of(plan: &Plan, who: impl Fn((usize, usize)) -> (usize, usize)) -> Vec<Vec<usize>> {
    let mut friends = vec![Vec::new(); plan.users];
    for pair in &plan.friends {
        let (user, friend) = who(*pair);
        friends[user].push(friend);
    }
    friends
}

async fn register(connect: &Arc<dyn Connect>, name: String) -> Result<User, WireError> {
    let answer = insist(async || register_or_login(&mut open(connect).await?, &name).await).await?;
    Ok(User {
        name,
        uin: answer.uin,
        ticket: answer.ticket,
    })
}

async fn register_or_login(link: &mut Link, name: &str) -> Result<LoginResponse, WireError> {
    let device = "press".to_owned();
    let request = RegisterRequest {
        name: name.to_owned(),
        password: PASSWORD.to_owned(),
        device: device.clone(),
        ..RegisterRequest::default()
    };
    match ask(link, &request).await {
        // An earlier try whose answer was lost.
        Err(e) if e.code() == Some(Code::AlreadyExists) => {
            let request = LoginRequest {
                name: name.to_owned(),
                password: PASSWORD.to_owned(),
                device,
                ..LoginRequest::default()
            };
            ask(link, &request).await
        }
        answer => answer,
    }
}

async fn ask_all(
    connect: &Arc<dyn Connect>,
    users: &[User],
    user: usize,
    friends: &[usize],
) -> Result<(), WireError> {
    as_user(
        connect,
        &users[user],
        friends,
        async |link, friend: &usize| {
            let uin = users[*friend].uin;
            let request = AskRequest {
                uin,
                ..AskRequest::default()
            };
            ask(link, &request).await.map(drop)
        },
    )
    .await
}

async fn accept_all(
    connect: &Arc<dyn Connect>,
    users: &[User],
    user: usize,
    friends: &[usize],
) -> Result<(), WireError> {
    as_user(
        connect,
        &users[user],
        friends,
        async |link, friend: &usize| {
            let uin = users[*friend].uin;
            ask(link, &AcceptRequest { uin }).await.map(drop)
        },
    )
    .await
}

async fn make_group(
    connect: &Arc<dyn Connect>,
    users: &[User],
    members: &[usize],
    number: usize,
) -> Result<u64, WireError> {
    let request = CreateRequest {
        name: format!("press {number}"),
        members: members[1..].iter().map(|m| users[*m].uin).collect(),
        join_needs_approval: false,
    };
    let owner = &users[members[0]];
    // A try whose answer was lost leaves a group behind that nobody uses.
    let answer = insist(async || ask(&mut open_as(connect, &owner.ticket).await?, &request).await);
    Ok(answer.await?.info.unwrap_or_default().group)
}

/// Does something over one link of a user's for each of `what`; after a failure it goes on where it was, over a new one.
async fn as_user<T>(
    connect: &Arc<dyn Connect>,
    user: &User,
    what: &[T],
    mut work: impl AsyncFnMut(&mut Link, &T) -> Result<(), WireError>,
) -> Result<(), WireError> {
    if what.is_empty() {
        return Ok(());
    }
    let mut done = 0;
    insist(async || {
        let mut link = open_as(connect, &user.ticket).await?;
        while done < what.len() {
            work(&mut link, &what[done]).await?;
            done += 1;
        }
        Ok(())
    })
    .await
}

/// Does something for each of `0..n`, some at once; the answers in order.
async fn each<T, Fut>(n: usize, work: impl Fn(usize) -> Fut) -> Result<Vec<T>, WireError>
where
    Fut: Future<Output = Result<T, WireError>>,
{
    let next = Cell::new(0);
    let worker = async || {
        let mut done = Vec::new();
        while next.get() < n {
            let i = next.replace(next.get() + 1);
            done.push((i, work(i).await?));
        }
        Ok(done)
    };
    let mut all = Vec::with_capacity(n);
    for done in join_all((0..AT_ONCE.min(n)).map(|_| worker())).await {
        all.extend(done?);
    }
    all.sort_by_key(|(i, _)| *i);
    Ok(all.into_iter().map(|(_, done)| done).collect())
}

/// Runs futures on this task until all are done.
async fn join_all<Fut: Future>(futures: impl Iterator<Item = Fut>) -> Vec<Fut::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut is_done = true;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => is_done = false,
                }
            }
        }
        match is_done {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    running
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}
