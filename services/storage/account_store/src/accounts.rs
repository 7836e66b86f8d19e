//! Accounts and their names.

use crate::refused::Refused;
use crate::rows;
use crate::service::{Store, write};
use im_engine::{Batch, Condition, Scan, Version, WriteError};
use im_idl::account_store::{
    Account, CreateRequest, CreateResponse, Device, GetManyResponse, GetResponse, UpdateRequest,
    UpdateResponse,
};
use svrkit_rt::Status;

/// Accounts asked for at once: twice the longest contact list, in an answer below 4 MiB.
const UINS_MAX: usize = 10_000;

/// All of an account, as it was at one version.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) version: Version,
    /// Also one that is being erased.
    pub(crate) account: Option<Account>,
    pub(crate) devices: Vec<Device>,
}

impl Loaded {
    /// The account unless it is being erased.
    pub(crate) fn living(self) -> Result<(Account, Vec<Device>), Refused> {
        let living = self.account.filter(|account| !account.erasing);
        let account = living.ok_or(Refused::NoSuchAccount)?;
        Ok((account, self.devices))
    }
}

/// Refuses to be asked for too many at once.
pub(crate) fn bounded(uins: &[u64]) -> Result<(), Refused> {
    if uins.len() > UINS_MAX {
        return Err(Refused::TooMany);
    }
    Ok(())
}

impl Store {
    /// All of an account.
    pub(crate) async fn load(&self, uin: u64) -> Result<Loaded, Status> {
        // Devices are bounded: they are one page.
        let page = self.engine.scan(Scan::all(rows::account(uin))).await?;
        let mut loaded = Loaded {
            version: page.version,
            ..Loaded::default()
        };
        for row in page.rows {
            if row.key == rows::ACCOUNT {
                loaded.account = Some(rows::read(&row.value)?);
            } else {
                let device = rows::read(&row.value)?;
                let serial = row.version;
                loaded.devices.push(Device { serial, ..device });
            }
        }
        Ok(loaded)
    }

    pub(crate) async fn create(&self, request: CreateRequest) -> Result<CreateResponse, Status> {
        let account = request.account.ok_or(Refused::Incomplete)?;
        if account.name.is_empty() {
            return Err(Refused::Incomplete.into());
        }
        let partition = rows::name(&account.name);
        let uin = self.numbers.next(&self.engine).await?;
        let account = Account {
            uin,
            erasing: false,
            ..account
        };
        let with_device = request.device.is_some();
        let mut batch = Batch::new(rows::account(uin))
            // A number is given once. Should it not be so, the other account stays whole.
            .when(Condition::PartitionAt(0))
            .put(rows::ACCOUNT, rows::write(&account));
        if let Some(device) = request.device {
            batch = batch.put(rows::device(&device.device), rows::write(&device));
        }
        let version = write(&self.engine, batch).await?;
        let name = Batch::new(partition)
            .when(Condition::Absent { key: rows::OWNER })
            .put(rows::OWNER, rows::number(uin));
        match write(&self.engine, name).await {
            Ok(_) => {
                self.registered.created();
                Ok(CreateResponse {
                    uin,
                    serial: if with_device { version } else { 0 },
                })
            }
            Err(WriteError::Condition { .. }) => {
                // Nobody refers to it; that it goes is only tidy.
                let everything = Batch::new(rows::account(uin)).delete_range("", None);
                let _ = write(&self.engine, everything).await;
                Err(Refused::NameTaken.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whose name it is.
    pub(crate) async fn owner(&self, name: &str) -> Result<u64, Status> {
        let partition = rows::name(name);
        let got = self.engine.get(partition, vec![rows::OWNER], 0).await?;
        let row = got.rows.into_iter().next().flatten();
        rows::read_number(&row.ok_or(Refused::NoSuchAccount)?.value)
    }

    pub(crate) async fn get(&self, uin: u64) -> Result<GetResponse, Status> {
        let (account, version) = self.account(uin).await?;
        let living = account.filter(|account| !account.erasing);
        Ok(GetResponse {
            account: Some(living.ok_or(Refused::NoSuchAccount)?),
            version,
        })
    }

    /// An account, also one that is being erased, and its version.
    async fn account(&self, uin: u64) -> Result<(Option<Account>, Version), Status> {
        let partition = rows::account(uin);
        let got = self.engine.get(partition, vec![rows::ACCOUNT], 0).await?;
        let row = got.rows.into_iter().next().flatten();
        let account = row.map(|row| rows::read(&row.value)).transpose()?;
        Ok((account, got.version))
    }

    pub(crate) async fn get_many(&self, uins: Vec<u64>) -> Result<GetManyResponse, Status> {
        bounded(&uins)?;
        let mut accounts = Vec::with_capacity(uins.len());
        for uin in uins {
            let (account, _) = self.account(uin).await?;
            // Who asks for many wants to show them.
            let shown = |account| Account {
                password_hash: String::new(),
                ..account
            };
            accounts.extend(account.filter(|it| !it.erasing).map(shown));
        }
        Ok(GetManyResponse { accounts })
    }

    pub(crate) async fn update(&self, request: UpdateRequest) -> Result<UpdateResponse, Status> {
        let change = request.account.ok_or(Refused::Incomplete)?;
        let uin = change.uin;
        let loaded = self.load(uin).await?;
        let read_at = loaded.version;
        let (account, devices) = loaded.living()?;
        if read_at != request.expected_version {
            return Err(Refused::Changed.into());
        }
        let account = Account {
            uin,
            name: account.name,
            created_ms: account.created_ms,
            erasing: false,
            ..change
        };
        let mut batch = Batch::new(rows::account(uin))
            .when(Condition::PartitionAt(read_at))
            .put(rows::ACCOUNT, rows::write(&account));
        if let Some(except) = request.revoke_except {
            // Written again as they are: the version that writes them is their new serial.
            for device in devices.iter().filter(|it| it.device != except) {
                batch = batch.put(rows::device(&device.device), rows::write(device));
            }
        }
        let version = write(&self.engine, batch).await?;
        Ok(UpdateResponse { version })
    }
}
