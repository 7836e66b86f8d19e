//! All that is kept of a user, in pages.

use crate::profiles::own_profile;
use crate::records;
use crate::refused::Refused;
use crate::service::Accounts;
use im_idl::account::{ExportRequest, ExportResponse};
use im_idl::account_store::ListDevicesRequest;
use im_idl::base::Caller;
use im_idl::{contact_store, group_store, message_store};
use svrkit_rt::Status;

/// Rows of one page.
const ROWS_PER_PAGE: u32 = 200;
/// Bytes of messages of one page: as JSON they may become some more, in an answer of at most 256 KiB.
const MESSAGE_BYTES_PER_PAGE: u32 = 96 * 1024;

/// Where a page begins: what it is of, and the version after which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    part: Part,
    after_version: u64,
}

/// What is exported, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Account,
    Contacts,
    Groups,
    Messages,
}

/// What a page says, and where it ended unless the part ended with it.
struct Page {
    records: Vec<String>,
    more_after: Option<u64>,
}

impl Accounts {
    pub(crate) async fn export(
        &self,
        caller: &Caller,
        request: ExportRequest,
    ) -> Result<ExportResponse, Status> {
        let cursor = Cursor::read(&request.cursor).ok_or(Refused::CursorInvalid)?;
        let (uin, after) = (caller.uin, cursor.after_version);
        let page = match cursor.part {
            Part::Account => self.export_account(uin).await?,
            Part::Contacts => self.export_contacts(uin, after).await?,
            Part::Groups => self.export_groups(uin, after).await?,
            Part::Messages => self.export_messages(uin, after).await?,
        };
        let next = cursor.next(page.more_after);
        Ok(ExportResponse {
            records: page.records,
            next: next.map(Cursor::write).unwrap_or_default().into(),
            error: None,
        })
    }

    async fn export_account(&self, uin: u64) -> Result<Page, Status> {
        let read = self.read(uin).await?.ok_or(Refused::NoSuchUser)?;
        let mut records = vec![records::profile(&own_profile(read.account))];
        let list = ListDevicesRequest { uin };
        let devices = self.deps.account_store.list_devices(list).await?.devices;
        records.extend(devices.iter().map(records::device));
        Ok(Page {
            records,
            more_after: None,
        })
    }

    async fn export_contacts(&self, owner: u64, after_version: u64) -> Result<Page, Status> {
        let list = contact_store::ListRequest {
            owner,
            after_version,
            rows_max: ROWS_PER_PAGE,
        };
        let page = self.deps.contact_store.list(list).await?;
        let last = page.contacts.last().map(|it| it.version);
        Ok(Page {
            records: page.contacts.iter().filter_map(records::contact).collect(),
            more_after: last.filter(|_| page.more),
        })
    }

    async fn export_groups(&self, uin: u64, after_version: u64) -> Result<Page, Status> {
        let list = group_store::ListRequest {
            uin,
            after_version,
            rows_max: ROWS_PER_PAGE,
        };
        let page = self.deps.group_store.list(list).await?;
        let last = page.groups.last().map(|it| it.version);
        Ok(Page {
            records: page.groups.iter().filter_map(records::group).collect(),
            more_after: last.filter(|_| page.more),
        })
    }

    async fn export_messages(&self, uin: u64, after_version: u64) -> Result<Page, Status> {
        let read = message_store::ReadRequest {
            uin,
            after_version,
            rows_max: ROWS_PER_PAGE,
            bytes_max: MESSAGE_BYTES_PER_PAGE,
            // No device has these now that had not before.
            peek: true,
            ..message_store::ReadRequest::default()
        };
        let page = self.deps.message_store.read(read).await?;
        Ok(Page {
            records: page.entries.iter().filter_map(records::message).collect(),
            more_after: Some(page.version).filter(|_| page.more),
        })
    }
}

impl Cursor {
    /// An empty one is the beginning.
    fn read(bytes: &[u8]) -> Option<Cursor> {
        let [part, after_version @ ..] = bytes else {
            return Some(Cursor::begin(Part::Account));
        };
        let part = match part {
            1 => Part::Contacts,
            2 => Part::Groups,
            3 => Part::Messages,
            _ => return None,
        };
        let after_version = u64::from_be_bytes(after_version.try_into().ok()?);
        Some(Cursor {
            part,
            after_version,
        })
    }

    fn write(self) -> Vec<u8> {
        let mut bytes = vec![self.part as u8];
        bytes.extend_from_slice(&self.after_version.to_be_bytes());
        bytes
    }

    fn begin(part: Part) -> Cursor {
        let after_version = 0;
        Cursor {
            part,
            after_version,
        }
    }

    /// Where the next page begins; `None` after the last one.
    fn next(self, more_after: Option<u64>) -> Option<Cursor> {
        match more_after {
            // Only forward, so that whoever follows cursors comes to an end.
            Some(after_version) if after_version > self.after_version => Some(Cursor {
                after_version,
                ..self
            }),
            _ => Some(Cursor::begin(match self.part {
                Part::Account => Part::Contacts,
                Part::Contacts => Part::Groups,
                Part::Groups => Part::Messages,
                Part::Messages => return None,
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_and_others_are_refused() {
        for part in [Part::Contacts, Part::Groups, Part::Messages] {
            let cursor = Cursor {
                part,
                after_version: 77,
            };
            assert_eq!(Cursor::read(&cursor.write()), Some(cursor));
        }
        assert_eq!(Cursor::read(&[]), Some(Cursor::begin(Part::Account)));
        for bad in [&[0; 9][..], &[4; 9], &[1], &[1; 8], &[1; 10]] {
            assert_eq!(Cursor::read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn pages_end_even_where_a_store_goes_in_circles() {
        let mut cursor = Some(Cursor::begin(Part::Account));
        let mut pages = 0;
        while let Some(now) = cursor {
            pages += 1;
            cursor = now.next(Some(5));
        }
        assert_eq!(pages, 8);
    }
}
