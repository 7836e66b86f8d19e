//! The calls.

use crate::announcer::Announcer;
use crate::changes::{Changes, or_none};
use crate::config::Config;
use crate::deps::Deps;
use crate::effects::Effects;
use crate::group::require;
use crate::newcomers::Newcomers;
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::rules;
use crate::settings::{Handle, Settings};
use crate::texts;
use crate::turns::Turns;
use im_idl::base::{Caller, Empty, Uins};
use im_idl::group::{
    ApproveRequest, ApproveResponse, CreateRequest, CreateResponse, GetRequest, GetResponse, Group,
    GroupServer, InviteRequest, InviteResponse, JoinRequest, JoinResponse, KickRequest,
    KickResponse, LeaveRequest, LeaveResponse, Member, MembersRequest, MembersResponse,
    MuteRequest, MuteResponse, RequestsRequest, RequestsResponse, Role, SetRoleRequest,
    SetRoleResponse, UpdateRequest, UpdateResponse,
};
use im_idl::group_store::{self, MemberResponse, QuestionsRequest};
use im_idl::ids;
use im_serve::Notifier;
use std::collections::HashMap;
use std::sync::Arc;
use svrkit_rt::{Context, Server, Status, clock};

/// Members in one answer when the caller does not say, and at most.
const MEMBERS_PER_PAGE: u32 = 200;
const MEMBERS_PER_PAGE_MAX: u32 = 500;

/// The service, and what sets other bounds on it while it runs.
///
/// # Errors
/// `InvalidArgument` when a bound in `config` leaves room for nothing, or for too much.
pub async fn build(config: Config, deps: Deps) -> Result<(Server, Handle), Status> {
    let settings = Arc::new(Settings::new(config)?);
    let handle = Handle::new(settings.clone());
    let effects = Effects {
        groups: deps.groups.clone(),
        notifier: Notifier::new(deps.push.clone()),
        announcer: Announcer::new(deps.messages.clone()),
    };
    let turns = Turns::new();
    let groups = Groups {
        deps,
        settings,
        changes: Changes { turns, effects },
    };
    Ok((Server::new().service(GroupServer::new(groups)), handle))
}

struct Groups {
    deps: Deps,
    settings: Arc<Settings>,
    changes: Changes,
}

impl Groups {
    /// Who calls to change something, counted, and the bounds for it.
    fn enter(&self, ctx: &Context) -> Result<(u64, Arc<Config>), Status> {
        let caller = Caller::of(ctx)?.uin;
        self.settings.take_change(caller)?;
        Ok((caller, self.settings.config()))
    }

    /// A group and one who must be in it, with `least` as his role.
    async fn as_member(&self, group: u64, uin: u64, least: Role) -> Result<MemberResponse, Status> {
        if !ids::is_group(group) {
            return Err(Refusal::NoSuchGroup.into());
        }
        let request = group_store::MemberRequest { group, uin };
        let seen = self.deps.groups.member(request).await.map_err(or_none)?;
        let role = seen.member.as_ref().map_or(Role::None, Member::role);
        require(role, least)?;
        Ok(seen)
    }

    /// As [`Changes::change`], with as many tries as the bounds allow.
    async fn change<T>(
        &self,
        ctx: &Context,
        group: u64,
        decide: impl Fn(&crate::group::Group) -> Result<(Plan, T), Refusal>,
    ) -> Result<T, Status> {
        let tries_max = self.settings.config().tries_max;
        self.changes.change(ctx, group, tries_max, decide).await
    }

    async fn fill_nicknames(&self, members: &mut [Member]) -> Result<(), Status> {
        let uins = members.iter().map(|member| member.uin).collect();
        let answer = self.deps.accounts.get_many(Uins { uins }).await?;
        let accounts = answer.accounts.into_iter();
        let mut nicknames: HashMap<u64, String> = accounts
            .map(|account| (account.uin, account.nickname))
            .collect();
        for member in members {
            member.nickname = nicknames.remove(&member.uin).unwrap_or_default();
        }
        Ok(())
    }
}

impl Group for Groups {
    async fn create(
        &self,
        ctx: &mut Context,
        request: CreateRequest,
    ) -> Result<CreateResponse, Status> {
        let (caller, config) = self.enter(ctx)?;
        let name = texts::name(&request.name)?;
        let uins = users(request.members, &config)?;
        let everyone = [&uins[..], &[caller]].concat();
        let known = Newcomers::counted(&self.deps, &everyone).await?;
        let known = known.befriended(ctx, &self.deps, caller, &uins).await?;
        let approval = request.join_needs_approval;
        let now_ms = clock::now_ms();
        let (plan, info) = rules::create(caller, name, approval, uins, &known, &config, now_ms)?;
        let group = self.deps.groups.new_number(Empty {}).await?.group;
        self.changes.effects.carry_out(ctx, group, 0, plan).await?;
        let info = Some(im_idl::group::Info { group, ..info });
        let error = None;
        Ok(CreateResponse { info, error })
    }

    async fn invite(
        &self,
        ctx: &mut Context,
        request: InviteRequest,
    ) -> Result<InviteResponse, Status> {
        let (caller, config) = self.enter(ctx)?;
        let group = request.group;
        let uins = named(request.uins, &config)?;
        // Before many others are asked.
        self.as_member(group, caller, Role::Member).await?;
        let known = Newcomers::counted(&self.deps, &uins).await?;
        let known = known.befriended(ctx, &self.deps, caller, &uins).await?;
        let decide =
            |group: &_| rules::invite(group, caller, &uins, &known, &config, clock::now_ms());
        let invited = self.change(ctx, group, decide).await?;
        Ok(InviteResponse {
            added: invited.added,
            pending: invited.pending,
            error: None,
        })
    }

    async fn join(&self, ctx: &mut Context, request: JoinRequest) -> Result<JoinResponse, Status> {
        let (caller, config) = self.enter(ctx)?;
        let greeting = texts::greeting(request.greeting)?;
        let known = Newcomers::counted(&self.deps, &[caller]).await?;
        let decide =
            |group: &_| rules::join(group, caller, &greeting, &known, &config, clock::now_ms());
        let joined = self.change(ctx, request.group, decide);
        Ok(JoinResponse {
            joined: joined.await?,
            error: None,
        })
    }

    async fn approve(
        &self,
        ctx: &mut Context,
        request: ApproveRequest,
    ) -> Result<ApproveResponse, Status> {
        let (caller, config) = self.enter(ctx)?;
        let (uin, accept) = (request.uin, request.accept);
        let known = Newcomers::counted(&self.deps, &[uin]).await?;
        let decide = |group: &_| {
            let now_ms = clock::now_ms();
            let plan = rules::approve(group, caller, uin, accept, &known, &config, now_ms)?;
            Ok((plan, ()))
        };
        self.change(ctx, request.group, decide).await?;
        Ok(ApproveResponse::default())
    }

    /// Not counted among a user's changes: who has come in may always go, and does from all groups at once when his account ends.
    async fn leave(
        &self,
        ctx: &mut Context,
        request: LeaveRequest,
    ) -> Result<LeaveResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        let decide = |group: &_| Ok((rules::leave(group, caller), ()));
        self.change(ctx, request.group, decide).await?;
        Ok(LeaveResponse::default())
    }

    async fn kick(&self, ctx: &mut Context, request: KickRequest) -> Result<KickResponse, Status> {
        let (caller, config) = self.enter(ctx)?;
        let uins = named(request.uins, &config)?;
        let decide = |group: &_| Ok((rules::kick(group, caller, &uins)?, ()));
        self.change(ctx, request.group, decide).await?;
        Ok(KickResponse::default())
    }

    async fn set_role(
        &self,
        ctx: &mut Context,
        request: SetRoleRequest,
    ) -> Result<SetRoleResponse, Status> {
        let (caller, config) = self.enter(ctx)?;
        let role = rules::role_to_give(request.role)?;
        let uin = request.uin;
        let known = match role {
            Role::Owner => Newcomers::counted(&self.deps, &[uin]).await?,
            _ => Newcomers::default(),
        };
        let decide = |group: &_| {
            let plan = rules::set_role(group, caller, uin, role, &known, &config)?;
            Ok((plan, ()))
        };
        self.change(ctx, request.group, decide).await?;
        Ok(SetRoleResponse::default())
    }

    async fn update(
        &self,
        ctx: &mut Context,
        request: UpdateRequest,
    ) -> Result<UpdateResponse, Status> {
        let (caller, _) = self.enter(ctx)?;
        let wanted = UpdateRequest {
            name: request.name.as_deref().map(texts::name).transpose()?,
            notice: request.notice.map(texts::notice).transpose()?,
            ..request
        };
        let decide = |group: &_| rules::update(group, caller, &wanted);
        let info = self.change(ctx, wanted.group, decide);
        Ok(UpdateResponse {
            info: Some(info.await?),
            error: None,
        })
    }

    async fn mute(&self, ctx: &mut Context, request: MuteRequest) -> Result<MuteResponse, Status> {
        let (caller, _) = self.enter(ctx)?;
        let (uin, seconds) = (request.uin, request.seconds);
        let decide = |group: &_| {
            let plan = rules::mute(group, caller, uin, seconds, clock::now_ms())?;
            Ok((plan, ()))
        };
        self.change(ctx, request.group, decide).await?;
        Ok(MuteResponse::default())
    }

    async fn get(&self, ctx: &mut Context, request: GetRequest) -> Result<GetResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        let seen = self.as_member(request.group, caller, Role::Member).await?;
        Ok(GetResponse {
            info: seen.info,
            me: seen.member,
            error: None,
        })
    }

    async fn members(
        &self,
        ctx: &mut Context,
        request: MembersRequest,
    ) -> Result<MembersResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        self.as_member(request.group, caller, Role::Member).await?;
        let rows_max = match request.rows_max {
            0 => MEMBERS_PER_PAGE,
            rows => rows.min(MEMBERS_PER_PAGE_MAX),
        };
        let page = group_store::MembersRequest {
            group: request.group,
            after: request.after,
            rows_max,
        };
        let mut page = self.deps.groups.members(page).await?;
        self.fill_nicknames(&mut page.members).await?;
        Ok(MembersResponse {
            members: page.members,
            more: page.more,
            error: None,
        })
    }

    async fn requests(
        &self,
        ctx: &mut Context,
        request: RequestsRequest,
    ) -> Result<RequestsResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        let group = request.group;
        self.as_member(group, caller, Role::Admin).await?;
        let waiting = self.deps.groups.questions(QuestionsRequest { group });
        let mut questions = waiting.await?.questions;
        let (config, now_ms) = (self.settings.config(), clock::now_ms());
        questions.retain(|question| rules::is_current(question, &config, now_ms));
        let error = None;
        Ok(RequestsResponse { questions, error })
    }
}

/// Users that a call names, each once.
fn users(mut uins: Vec<u64>, config: &Config) -> Result<Vec<u64>, Refusal> {
    if uins.len() > config.uins_per_call_max || !uins.iter().all(|uin| ids::is_uin(*uin)) {
        return Err(Refusal::BadUins);
    }
    uins.sort_unstable();
    uins.dedup();
    Ok(uins)
}

/// As [`users`], of a call that must name some.
fn named(uins: Vec<u64>, config: &Config) -> Result<Vec<u64>, Refusal> {
    match uins.is_empty() {
        true => Err(Refusal::BadUins),
        false => users(uins, config),
    }
}
