//! Getting in: registration, login, tickets.

use crate::figures;
use crate::refused::Refused;
use crate::service::Accounts;
use crate::text;
use im_idl::account::{
    LoginRequest, LoginResponse, RegisterRequest, RenewTicketRequest, VerifyResponse,
};
use im_idl::account_store::{
    Account, CreateRequest, Device, GetDeviceRequest, GetRequest, GetResponse, PutDeviceRequest,
    UpdateRequest,
};
use im_idl::base::Caller;
use svrkit_rt::{Code, Status, clock};

/// Changes of an account that may come between proving its password and writing the device.
const ATTEMPTS_MAX: usize = 4;

/// An account and the version that it was read at.
pub(crate) struct Read {
    pub(crate) account: Account,
    pub(crate) version: u64,
}

impl Accounts {
    pub(crate) async fn register(
        &self,
        caller: &Caller,
        request: RegisterRequest,
    ) -> Result<LoginResponse, Status> {
        text::check_name(&request.name)?;
        text::check_password(&request.password)?;
        text::check_device(&request.device)?;
        text::check_device_name(&request.device_name)?;
        text::check_nickname(&request.nickname)?;
        self.limits.attempt(caller)?;
        // Whoever asks for a name that is taken learns that anyway, and need not cost a hash.
        if self.read_name(&request.name).await?.is_some() {
            return Err(Refused::NameTaken.into());
        }
        // Before anything is written: without a key nobody can be let in.
        let signer = self.keys.signer().await?;
        let password_hash = self.hasher.hash(request.password).await?;
        let now_ms = clock::now_ms();
        let account = Account {
            nickname: text::nickname_or_name(&request.nickname, &request.name),
            name: request.name,
            password_hash,
            read_receipts: true,
            created_ms: now_ms,
            ..Account::default()
        };
        let device = request.device;
        let create = CreateRequest {
            account: Some(account),
            device: Some(Device {
                device: device.clone(),
                device_name: request.device_name,
                logged_in_ms: now_ms,
                serial: 0,
            }),
        };
        let created = self.deps.account_store.create(create).await;
        let created = created.map_err(|status| match status.code() {
            Code::AlreadyExists => Refused::NameTaken.into(),
            _ => status,
        })?;
        figures::REGISTERED.add(1);
        let (ticket, expires_ms) = signer.sign(created.uin, device, created.serial);
        Ok(LoginResponse {
            uin: created.uin,
            ticket,
            expires_ms,
            error: None,
        })
    }

    pub(crate) async fn login(
        &self,
        caller: &Caller,
        request: LoginRequest,
    ) -> Result<LoginResponse, Status> {
        text::check_name(&request.name)?;
        text::check_password(&request.password)?;
        text::check_device(&request.device)?;
        text::check_device_name(&request.device_name)?;
        self.limits.attempt(caller)?;
        self.limits.guess(&request.name)?;
        let signer = self.keys.signer().await?;
        // From here on an unknown name takes the same way as a wrong password, until both are refused at the same place.
        let read = self.read_name(&request.name).await?;
        let hash = read
            .as_ref()
            .map(|read| read.account.password_hash.as_str());
        let matches = self.hasher.matches(request.password.clone(), hash).await?;
        let read = read.filter(|_| matches).ok_or_else(|| {
            figures::FAILED_LOGINS.add(1);
            Refused::LoginFailed
        })?;
        self.limits.proved(&request.name);
        let read = self.rehashed(read, request.password).await?;
        let uin = read.account.uin;
        let device = Device {
            device: request.device.clone(),
            device_name: request.device_name,
            logged_in_ms: clock::now_ms(),
            serial: 0,
        };
        let serial = self.put_device(read, device).await?;
        figures::LOGINS.add(1);
        let (ticket, expires_ms) = signer.sign(uin, request.device, serial);
        Ok(LoginResponse {
            uin,
            ticket,
            expires_ms,
            error: None,
        })
    }

    /// Hashes a password again whose hash has not the cost of today's settings: while it has, an unknown name can be told by the time.
    async fn rehashed(&self, read: Read, password: String) -> Result<Read, Status> {
        if self.hasher.is_current(&read.account.password_hash) {
            return Ok(read);
        }
        let password_hash = self.hasher.hash(password).await?;
        let account = Account {
            password_hash,
            ..read.account.clone()
        };
        let update = UpdateRequest {
            account: Some(account.clone()),
            expected_version: read.version,
            revoke_except: None,
        };
        match self.deps.account_store.update(update).await {
            Ok(updated) => Ok(Read {
                account,
                version: updated.version,
            }),
            // The next login tries again.
            Err(_) => Ok(read),
        }
    }

    /// Writes a device of an account whose password was proved, unless that has changed since. Its serial.
    async fn put_device(&self, read: Read, device: Device) -> Result<u64, Status> {
        let Read { account, version } = read;
        let mut expected_version = version;
        for _ in 0..ATTEMPTS_MAX {
            let put = PutDeviceRequest {
                uin: account.uin,
                device: Some(device.clone()),
                expected_version,
            };
            match self.deps.account_store.put_device(put).await {
                Ok(put) => return Ok(put.serial),
                Err(status) if status.code() == Code::Aborted => {}
                Err(status) => {
                    return Err(match status.code() {
                        Code::ResourceExhausted => Refused::DevicesMax.into(),
                        Code::NotFound => Refused::LoginFailed.into(),
                        _ => status,
                    });
                }
            }
            let now = self.read(account.uin).await?;
            let now = now.ok_or(Refused::LoginFailed)?;
            if now.account.password_hash != account.password_hash {
                return Err(Refused::LoginFailed.into());
            }
            expected_version = now.version;
        }
        Err(Refused::Conflict.into())
    }

    pub(crate) async fn renew_ticket(
        &self,
        caller: &Caller,
        request: RenewTicketRequest,
    ) -> Result<LoginResponse, Status> {
        // The link's word is not enough: it may outlive the ticket that opened it by the moment that a kick takes, and a new ticket
        // would outlive both.
        let (proved, serial) = self.prove(&request.ticket).await?;
        if proved.uin != caller.uin || proved.device != caller.device {
            return Err(Refused::TicketInvalid.into());
        }
        let signer = self.keys.signer().await?;
        let (ticket, expires_ms) = signer.sign(proved.uin, proved.device, serial);
        Ok(LoginResponse {
            uin: proved.uin,
            ticket,
            expires_ms,
            error: None,
        })
    }

    /// Whose ticket it is, and the serial that it and the device have.
    pub(crate) async fn prove(&self, ticket: &str) -> Result<(VerifyResponse, u64), Status> {
        let claims = self.keys.open(ticket).await?;
        let (uin, device) = (claims.uin, claims.device);
        let get = GetDeviceRequest {
            uin,
            device: device.clone(),
        };
        let now = self.deps.account_store.get_device(get).await?.device;
        if now.is_none_or(|now| now.serial != claims.serial) {
            return Err(Refused::TicketInvalid.into());
        }
        let expires_ms = claims.expires_ms;
        let answer = VerifyResponse {
            uin,
            device,
            expires_ms,
        };
        Ok((answer, claims.serial))
    }

    /// An account by its number.
    pub(crate) async fn read(&self, uin: u64) -> Result<Option<Read>, Status> {
        let name = String::new();
        self.read_by(GetRequest { uin, name }).await
    }

    /// An account by its name.
    pub(crate) async fn read_name(&self, name: &str) -> Result<Option<Read>, Status> {
        let name = name.to_owned();
        self.read_by(GetRequest { uin: 0, name }).await
    }

    async fn read_by(&self, request: GetRequest) -> Result<Option<Read>, Status> {
        match self.deps.account_store.get(request).await {
            Ok(GetResponse { account, version }) => {
                Ok(account.map(|account| Read { account, version }))
            }
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status),
        }
    }
}
