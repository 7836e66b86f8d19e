//! The service: each method, handed to the file that knows.

use crate::config::Config;
use crate::deps::Deps;
use crate::erasure;
use crate::hashing::Hasher;
use crate::keys::KeyRing;
use crate::kicks::Kicks;
use crate::limits::Limits;
use crate::rotation::Lifetimes;
use im_idl::account::{
    Account, AccountServer, ChangePasswordRequest, ChangePasswordResponse, DeleteAccountRequest,
    DeleteAccountResponse, ExportRequest, ExportResponse, GetProfileRequest, GetProfileResponse,
    ListDevicesRequest, ListDevicesResponse, LoginRequest, LoginResponse, LogoutRequest,
    LogoutResponse, RegisterRequest, RemoveDeviceRequest, RemoveDeviceResponse, RenewTicketRequest,
    UpdateProfileRequest, UpdateProfileResponse, VerifyRequest, VerifyResponse,
};
use im_idl::base::Caller;
use im_serve::Notifier;
use std::sync::Arc;
use svrkit_rt::{Context, Server, Status};
use tokio::sync::Notify;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The service as a server to be run. Accounts that were marked for erasure before are erased while it runs.
///
/// # Errors
/// `InvalidArgument` when passwords cannot be hashed, or tickets not be signed, as the settings say.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    if config.ticket_days == 0 || config.key_rotation_days == 0 {
        let message = "ticket_days, key_rotation_days: at least a day each";
        return Err(Status::invalid_argument(message));
    }
    let lifetimes = Lifetimes {
        ticket_ms: u64::from(config.ticket_days) * DAY_MS,
        rotation_ms: u64::from(config.key_rotation_days) * DAY_MS,
    };
    let accounts = Arc::new(Accounts {
        hasher: Hasher::new(&config)?,
        keys: KeyRing::new(deps.account_store.clone(), lifetimes),
        limits: Limits::new(&config),
        kicks: Kicks::new(deps.push.clone()),
        notifier: Notifier::new(deps.push.clone()),
        marked: Arc::default(),
        deps,
    });
    let marked = accounts.marked.clone();
    tokio::spawn(erasure::run(Arc::downgrade(&accounts), marked));
    Ok(Server::new().service(AccountServer::from_arc(accounts)))
}

pub(crate) struct Accounts {
    pub(crate) deps: Deps,
    pub(crate) hasher: Hasher,
    pub(crate) keys: KeyRing,
    pub(crate) limits: Limits,
    pub(crate) kicks: Kicks,
    pub(crate) notifier: Notifier,
    /// Told when an account was marked for erasure, and when this is gone.
    pub(crate) marked: Arc<Notify>,
}

impl Drop for Accounts {
    fn drop(&mut self) {
        self.marked.notify_one();
    }
}

impl Account for Accounts {
    async fn register(
        &self,
        ctx: &mut Context,
        request: RegisterRequest,
    ) -> Result<LoginResponse, Status> {
        self.register(&Caller::perhaps(ctx)?, request).await
    }

    async fn login(
        &self,
        ctx: &mut Context,
        request: LoginRequest,
    ) -> Result<LoginResponse, Status> {
        self.login(&Caller::perhaps(ctx)?, request).await
    }

    async fn renew_ticket(
        &self,
        ctx: &mut Context,
        request: RenewTicketRequest,
    ) -> Result<LoginResponse, Status> {
        self.renew_ticket(&Caller::of(ctx)?, request).await
    }

    async fn logout(
        &self,
        ctx: &mut Context,
        _request: LogoutRequest,
    ) -> Result<LogoutResponse, Status> {
        self.logout(&Caller::of(ctx)?).await
    }

    async fn change_password(
        &self,
        ctx: &mut Context,
        request: ChangePasswordRequest,
    ) -> Result<ChangePasswordResponse, Status> {
        self.change_password(&Caller::of(ctx)?, request).await
    }

    async fn get_profile(
        &self,
        ctx: &mut Context,
        request: GetProfileRequest,
    ) -> Result<GetProfileResponse, Status> {
        self.get_profile(&Caller::of(ctx)?, request).await
    }

    async fn update_profile(
        &self,
        ctx: &mut Context,
        request: UpdateProfileRequest,
    ) -> Result<UpdateProfileResponse, Status> {
        self.update_profile(&Caller::of(ctx)?, request).await
    }

    async fn list_devices(
        &self,
        ctx: &mut Context,
        _request: ListDevicesRequest,
    ) -> Result<ListDevicesResponse, Status> {
        self.list_devices(&Caller::of(ctx)?).await
    }

    async fn remove_device(
        &self,
        ctx: &mut Context,
        request: RemoveDeviceRequest,
    ) -> Result<RemoveDeviceResponse, Status> {
        self.remove_device(&Caller::of(ctx)?, request).await
    }

    async fn delete_account(
        &self,
        ctx: &mut Context,
        request: DeleteAccountRequest,
    ) -> Result<DeleteAccountResponse, Status> {
        self.delete_account(&Caller::of(ctx)?, request).await
    }

    async fn export(
        &self,
        ctx: &mut Context,
        request: ExportRequest,
    ) -> Result<ExportResponse, Status> {
        self.export(&Caller::of(ctx)?, request).await
    }

    async fn verify(
        &self,
        _ctx: &mut Context,
        request: VerifyRequest,
    ) -> Result<VerifyResponse, Status> {
        let (answer, _) = self.prove(&request.ticket).await?;
        Ok(answer)
    }
}
