//! What is in an inbox.

use crate::bodies::Body;
use crate::devices::{Devices, Position};
use crate::layout;
use crate::row::{self, Kind, damaged};
use crate::store::Store;
use im_engine::{Batch, Condition, Row, Scan};
use im_idl::ids;
use im_idl::message::{Entry, Item, entry};
use im_idl::message_store::{ReadRequest, ReadResponse};
use std::collections::HashMap;
use std::sync::Arc;
use svrkit_rt::{Status, clock};

const ROWS_DEFAULT: u32 = 100;
const ROWS_MAX: u32 = 500;
const BYTES_MAX: u32 = 128 * 1024;
/// Rows whose bodies are fetched at once: when they are large, those beyond the answer's bound would have been fetched for nothing.
const RESOLVED_MAX: usize = 100;
/// Bytes of a device's name. An account's are far shorter.
const DEVICE_BYTES_MAX: usize = 256;
/// What an entry takes in an answer beside its body.
const ENTRY_BYTES: usize = 24;

impl Store {
    /// Entries after a version, in order. Unless it only looks, the device is noted to have all up to there.
    pub(crate) async fn read(&self, request: ReadRequest) -> Result<ReadResponse, Status> {
        let (uin, device) = (request.uin, &request.device);
        if !ids::is_uin(uin) {
            return Err(Status::invalid_argument("uin is nobody"));
        }
        let counts = !request.peek;
        if counts && (device.is_empty() || device.len() > DEVICE_BYTES_MAX) {
            return Err(Status::invalid_argument(
                "device has no name, or too long a one",
            ));
        }
        let known = |devices: &mut Devices| (devices.is_known(device), devices.floor());
        let (known, floor) = self.with_devices(uin, known).await?;
        if counts && !known {
            self.register(uin, device).await?;
        }
        let after = request.after_version;
        let rows_max = bound(request.rows_max, ROWS_DEFAULT, ROWS_MAX);
        let bytes_max = bound(request.bytes_max, BYTES_MAX, BYTES_MAX);
        let page = self.engine.scan(Scan {
            from: layout::entry(after.max(floor).saturating_add(1)),
            rows_max,
            bytes_max,
            ..Scan::prefix(layout::inbox(uin), layout::ENTRIES)
        });
        let page = page.await?;
        if counts {
            // Beyond the newest it has nothing, whatever it says.
            let version = after.min(page.version);
            let seen_ms = clock::now_ms();
            let note = |devices: &mut Devices| {
                devices.note(device, Position { version, seen_ms });
            };
            self.with_devices(uin, note).await?;
        }
        let mut answer = ReadResponse::default();
        let all = self.resolve(&page.rows, bytes_max, &mut answer).await?;
        if all && !page.more {
            answer.version = page.version;
        } else {
            answer.more = true;
        }
        Ok(answer)
    }

    /// Writes down a device that reads for the first time, before it is answered: from then on nothing that it has not passed goes.
    async fn register(&self, uin: u64, device: &str) -> Result<(), Status> {
        // Whoever is deleting ends first, and then knows of this device.
        let _shared = self.tidying.read().await;
        let (now_ms, bounds) = (clock::now_ms(), self.bounds());
        let register = |devices: &mut Devices| devices.register(device, now_ms, &bounds);
        let plan = self.with_devices(uin, register).await?;
        let inbox = layout::inbox(uin);
        let quiet = plan.batch(inbox.clone());
        // An inbox that was never written takes no quiet batch; and one that was needs no other.
        let first = Batch {
            quiet: false,
            ..quiet.clone()
        };
        let first = first.when(Condition::PartitionAt(0));
        let mut answers = self.engine.write(vec![first, quiet]).await.into_iter();
        let (first, quiet) = (answers.next(), answers.next());
        if !matches!(first, Some(Ok(_))) {
            quiet.unwrap_or(Ok(0))?;
        }
        self.devices.settle(uin, |devices| devices.settle(&plan));
        Ok(())
    }

    /// Rows as a reader sees them, up to about `bytes_max`. Whether those are all.
    async fn resolve(
        &self,
        rows: &[Row],
        bytes_max: usize,
        answer: &mut ReadResponse,
    ) -> Result<bool, Status> {
        let mut bytes = 0;
        for rows in rows.chunks(RESOLVED_MAX) {
            let kinds: Result<Vec<Kind>, _> =
                rows.iter().map(|row| row::decode(&row.value)).collect();
            let kinds = kinds?;
            let bodies = self.bodies(&kinds).await?;
            for ((row, kind), body) in rows.iter().zip(kinds).zip(bodies) {
                let (kind, group_seq, body_bytes) = match (kind, body) {
                    (Kind::Index { seq, .. }, Some(body)) => (Some(body.kind), seq, body.bytes),
                    // Its body went before it did: the log was swept first.
                    (Kind::Index { seq, .. }, None) => (None, seq, 0),
                    (kind, _) => (Some(Arc::new(kind)), 0, row.value.len()),
                };
                bytes += body_bytes + ENTRY_BYTES;
                if bytes > bytes_max && answer.version > 0 {
                    return Ok(false);
                }
                let version = layout::entry_version(&row.key)
                    .ok_or_else(|| damaged("an entry's key has no version"))?;
                answer.version = version;
                let kind = kind.and_then(|kind| seen(kind, group_seq));
                answer.entries.extend(kind.map(|kind| Entry {
                    version,
                    kind: Some(kind),
                }));
            }
        }
        Ok(true)
    }

    /// For each index row the row of the log that it speaks of.
    async fn bodies(&self, kinds: &[Kind]) -> Result<Vec<Option<Body>>, Status> {
        let mut bodies = vec![None; kinds.len()];
        let mut missing: HashMap<u64, Vec<(usize, u64)>> = HashMap::new();
        for (place, kind) in kinds.iter().enumerate() {
            if let Kind::Index { group, seq } = *kind {
                bodies[place] = self.bodies.get(group, seq);
                if bodies[place].is_none() {
                    missing.entry(group).or_default().push((place, seq));
                }
            }
        }
        for (group, places) in missing {
            let keys = places.iter().map(|(_, seq)| layout::entry(*seq)).collect();
            let got = self.engine.get(layout::group_log(group), keys, 0).await?;
            for ((place, seq), row) in places.into_iter().zip(got.rows) {
                let Some(row) = row else {
                    continue;
                };
                let body = Body {
                    kind: Arc::new(row::decode(&row.value)?),
                    bytes: row.value.len(),
                };
                self.bodies.keep(group, seq, body.clone());
                bodies[place] = Some(body);
            }
        }
        Ok(bodies)
    }
}

/// What a reader gets of a row; nothing of one that was erased.
fn seen(kind: Arc<Kind>, group_seq: u64) -> Option<entry::Kind> {
    // A row of an inbox is nobody else's; a log's row is shared.
    let kind = Arc::try_unwrap(kind).unwrap_or_else(|shared| Kind::clone(&shared));
    match kind {
        Kind::Item(item) => Some(entry::Kind::Item(Item { group_seq, ..item })),
        Kind::Recalled(recalled) => Some(entry::Kind::Recalled(recalled)),
        Kind::Receipt(receipt) => Some(entry::Kind::Receipt(receipt)),
        Kind::Index { .. } | Kind::Erased => None,
    }
}

fn bound(asked: u32, default: u32, max: u32) -> usize {
    let asked = if asked == 0 { default } else { asked };
    asked.min(max) as usize
}
