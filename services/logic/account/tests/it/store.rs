//! The store of accounts, made up after its contract.

use crate::world::decode;
use bytes::Bytes;
use im_idl::account_store::{
    Account, BeginEraseRequest, CreateRequest, CreateResponse, DeleteDeviceRequest, Device,
    EraseRequest, GetDeviceRequest, GetDeviceResponse, GetRequest, GetResponse, Key,
    ListDevicesRequest, ListDevicesResponse, ListKeysResponse, PutDeviceRequest, PutDeviceResponse,
    RotateKeysRequest, UpdateRequest, UpdateResponse,
};
use im_idl::base::Uins;
use prost::Message;
use std::collections::BTreeMap;
use svrkit_rt::{Code, Status};

const DEVICES_MAX: usize = 3;

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) accounts: BTreeMap<u64, Kept>,
    pub(crate) keys: Vec<Key>,
    keys_version: u64,
    erasing: Vec<u64>,
    /// Done to an account right before it is next written, as somebody else might.
    pub(crate) meanwhile: Option<fn(&mut Kept)>,
}

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) account: Account,
    pub(crate) devices: BTreeMap<String, Device>,
    pub(crate) version: u64,
}

impl Store {
    pub(crate) fn answer(&mut self, method: &str, body: &Bytes) -> Result<Vec<u8>, Status> {
        match method {
            "Create" => self.create(decode(body)?),
            "Get" => self.get(decode(body)?),
            "Update" => self.update(decode(body)?),
            "PutDevice" => self.put_device(decode(body)?),
            "GetDevice" => {
                let get: GetDeviceRequest = decode(body)?;
                let kept = self.accounts.get(&get.uin);
                let device = kept.and_then(|kept| kept.devices.get(&get.device)).cloned();
                Ok(GetDeviceResponse { device }.encode_to_vec())
            }
            "ListDevices" => {
                let list: ListDevicesRequest = decode(body)?;
                let devices = self.living(list.uin)?.devices.values().cloned().collect();
                Ok(ListDevicesResponse { devices }.encode_to_vec())
            }
            "DeleteDevice" => {
                let delete: DeleteDeviceRequest = decode(body)?;
                let kept = self.living(delete.uin)?;
                kept.devices.remove(&delete.device);
                kept.version += 1;
                Ok(Vec::new())
            }
            "ListKeys" => Ok(ListKeysResponse {
                keys: self.keys.clone(),
                version: self.keys_version,
            }
            .encode_to_vec()),
            "RotateKeys" => self.rotate_keys(decode(body)?),
            "BeginErase" => {
                let begin: BeginEraseRequest = decode(body)?;
                if let Ok(kept) = self.living(begin.uin) {
                    kept.account.erasing = true;
                    kept.devices.clear();
                    self.erasing.push(begin.uin);
                }
                Ok(Vec::new())
            }
            "ListErasing" => Ok(Uins {
                uins: self.erasing.clone(),
            }
            .encode_to_vec()),
            "Erase" => {
                let erase: EraseRequest = decode(body)?;
                assert!(self.living(erase.uin).is_err(), "only what is marked");
                self.accounts.remove(&erase.uin);
                self.erasing.retain(|uin| *uin != erase.uin);
                Ok(Vec::new())
            }
            _ => Err(Status::unimplemented(format!("made up without {method}"))),
        }
    }

    fn living(&mut self, uin: u64) -> Result<&mut Kept, Status> {
        let kept = self.accounts.get_mut(&uin);
        let living = kept.filter(|kept| !kept.account.erasing);
        living.ok_or_else(|| Status::not_found("no such account"))
    }

    fn owner(&self, name: &str) -> Option<u64> {
        let is_it = |kept: &&Kept| kept.account.name.eq_ignore_ascii_case(name);
        let mut kept = self.accounts.values();
        kept.find(is_it).map(|kept| kept.account.uin)
    }

    fn create(&mut self, create: CreateRequest) -> Result<Vec<u8>, Status> {
        let account = create.account.unwrap();
        if self.owner(&account.name).is_some() {
            return Err(Status::new(Code::AlreadyExists, "taken"));
        }
        let uin = im_idl::ids::UIN_MIN + self.accounts.len() as u64;
        let mut kept = Kept {
            account: Account { uin, ..account },
            version: 1,
            ..Kept::default()
        };
        let serial = create.device.is_some().into();
        if let Some(device) = create.device {
            let name = device.device.clone();
            kept.devices.insert(name, Device { serial, ..device });
        }
        self.accounts.insert(uin, kept);
        Ok(CreateResponse { uin, serial }.encode_to_vec())
    }

    fn get(&mut self, get: GetRequest) -> Result<Vec<u8>, Status> {
        let uin = match get.uin {
            0 => self.owner(&get.name).unwrap_or_default(),
            uin => uin,
        };
        let kept = self.living(uin)?;
        let answer = GetResponse {
            account: Some(kept.account.clone()),
            version: kept.version,
        };
        Ok(answer.encode_to_vec())
    }

    fn update(&mut self, update: UpdateRequest) -> Result<Vec<u8>, Status> {
        let account = update.account.unwrap();
        let kept = self.changed_meanwhile(account.uin)?;
        if kept.version != update.expected_version {
            return Err(Status::aborted("changed"));
        }
        kept.account = account;
        kept.version += 1;
        let version = kept.version;
        if let Some(except) = update.revoke_except {
            for device in kept.devices.values_mut().filter(|it| it.device != except) {
                device.serial = version;
            }
        }
        Ok(UpdateResponse { version }.encode_to_vec())
    }

    fn put_device(&mut self, put: PutDeviceRequest) -> Result<Vec<u8>, Status> {
        let device = put.device.unwrap();
        let kept = self.changed_meanwhile(put.uin)?;
        if put.expected_version != 0 && kept.version != put.expected_version {
            return Err(Status::aborted("changed"));
        }
        let known = kept.devices.contains_key(&device.device);
        if !known && kept.devices.len() >= DEVICES_MAX {
            return Err(Status::resource_exhausted("too many"));
        }
        kept.version += 1;
        let serial = kept.version;
        let name = device.device.clone();
        kept.devices.insert(name, Device { serial, ..device });
        Ok(PutDeviceResponse { serial }.encode_to_vec())
    }

    fn changed_meanwhile(&mut self, uin: u64) -> Result<&mut Kept, Status> {
        let meanwhile = self.meanwhile.take();
        let kept = self.living(uin)?;
        if let Some(meanwhile) = meanwhile {
            meanwhile(kept);
            kept.version += 1;
        }
        Ok(kept)
    }

    fn rotate_keys(&mut self, rotate: RotateKeysRequest) -> Result<Vec<u8>, Status> {
        if rotate.expected_version != self.keys_version {
            return Err(Status::aborted("changed"));
        }
        self.keys_version += 1;
        self.keys.retain(|key| !rotate.forget.contains(&key.id));
        self.keys.extend(rotate.add);
        Ok(Vec::new())
    }
}
