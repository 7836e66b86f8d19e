//! A snapshot is never ahead of the messages that it covers, wherever the process dies.

use crate::fake::{BOB, Fake, ids, register, snapshot_version};
use im_client::{Client, Config, FileStore, Identity, LocalStore, Record, State};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use svrkit_rt::BoxFuture;
use svrkit_rt::testing::run_test;

const MESSAGES: u64 = 12;

async fn open(fake: &Fake, path: &Path) -> Client {
    let store = FileStore::open(path).unwrap();
    fake.builder().store(store).start().await.unwrap()
}

async fn has_all(client: &Client) {
    let all = |chat: &im_client::Chat| chat.messages().len() as u64 == MESSAGES;
    let arrived = client.until(|state| state.chats().get(&BOB).filter(|c| all(c)).map(drop));
    arrived.await.unwrap();
}

/// A store of a device that has received all messages, four at a time.
async fn full(fake: &Fake, path: &Path) -> Vec<u8> {
    fake.lock().page = 4;
    for id in 1..=MESSAGES {
        fake.put(BOB, id, "hello");
    }
    let client = open(fake, path).await;
    register(&client).await;
    has_all(&client).await;
    fs::read(path).unwrap()
}

fn replay(records: Vec<Record>) -> State {
    let mut state = State::new(1_000);
    records
        .into_iter()
        .for_each(|record| drop(state.apply(record)));
    state
}

/// Ids of the messages in a state.
fn known(state: &State) -> Vec<u64> {
    let messages = state
        .chats()
        .get(&BOB)
        .into_iter()
        .flat_map(|c| c.messages());
    messages.map(|m| m.item.client_message_id).collect()
}

#[test]
fn a_store_cut_anywhere_has_all_that_its_snapshot_covers() {
    run_test("cut", |_| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada");
        let bytes = full(&Fake::new(), &path).await;
        let mut versions = Vec::new();
        for len in 0..=bytes.len() {
            let cut = folder.path().join("cut");
            fs::write(&cut, &bytes[..len]).unwrap();
            let records = FileStore::open(&cut).unwrap().load().await.unwrap();
            let state = replay(records);
            let version = snapshot_version(state.snapshot());
            assert_eq!(
                known(&state),
                (1..=version).collect::<Vec<u64>>(),
                "cut to {len}"
            );
            versions.push(version);
        }
        versions.dedup();
        assert_eq!(versions, [0, 4, 8, 12]);
    });
}

#[test]
fn a_device_whose_store_was_cut_gets_the_rest_and_nothing_twice() {
    run_test("cut and synced", |_| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada");
        let fake = Fake::new();
        let bytes = full(&fake, &path).await;
        let expected: Vec<u64> = (1..=MESSAGES).collect();
        // Below a third there may be no ticket yet.
        for len in (bytes.len() / 3..bytes.len()).step_by(23) {
            let cut = folder.path().join(format!("cut {len}"));
            fs::write(&cut, &bytes[..len]).unwrap();
            let client = open(&fake, &cut).await;
            has_all(&client).await;
            assert_eq!(ids(&client, BOB), expected, "cut to {len}");
        }
    });
}

#[test]
fn a_flipped_bit_ends_the_file_and_does_not_pass() {
    run_test("flipped", |_| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada");
        let bytes = full(&Fake::new(), &path).await;
        for at in 8..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            let flipped = folder.path().join("flipped");
            fs::write(&flipped, &bytes).unwrap();
            let records = FileStore::open(&flipped).unwrap().load().await.unwrap();
            let state = replay(records);
            let version = snapshot_version(state.snapshot());
            assert_eq!(
                known(&state),
                (1..=version).collect::<Vec<u64>>(),
                "flipped at {at}"
            );
            assert!(version < MESSAGES);
        }
    });
}

#[test]
fn a_long_store_is_written_anew_and_says_the_same() {
    run_test("compaction", |_| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada");
        let fake = Fake::new();
        let client = open(&fake, &path).await;
        register(&client).await;
        for i in 0..600 {
            let sent = client.send_text(BOB, format!("{i}")).await.unwrap();
            sent.acknowledged().await.unwrap();
        }
        let (before, long) = (ids(&client, BOB), fs::metadata(&path).unwrap().len());
        drop(client);
        // Its task lets go of the file when it has noticed.
        let store = loop {
            match FileStore::open(&path) {
                Ok(store) => break store,
                Err(e) => assert_eq!(e.kind(), io::ErrorKind::ResourceBusy),
            }
            tokio::task::yield_now().await;
        };
        let client = fake.builder().store(store).start().await.unwrap();
        assert_eq!(ids(&client, BOB), before);
        assert!(fs::metadata(&path).unwrap().len() < long / 2 + 4_096);
        client.online().await.unwrap();
    });
}

#[test]
fn a_store_is_one_process_s_and_its_owner_s_only() {
    run_test("private", |_| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada");
        let mut store = FileStore::open(&path).unwrap();
        let identity = Some(Identity {
            ticket: "secret".to_owned(),
            ..Identity::default()
        });
        let record = Record {
            identity,
            ..Record::default()
        };
        store.append(record.clone()).await.unwrap();
        store.replace(record).await.unwrap();
        let second = FileStore::open(&path).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::ResourceBusy);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    });
}

/// A disk that is full at times.
struct Failing(Arc<AtomicBool>);

impl LocalStore for Failing {
    fn load(&mut self) -> BoxFuture<io::Result<Vec<Record>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn append(&mut self, _record: Record) -> BoxFuture<io::Result<()>> {
        let fails = self.0.load(Ordering::Relaxed);
        Box::pin(async move {
            match fails {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        })
    }

    fn replace(&mut self, _record: Record) -> BoxFuture<io::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[test]
fn what_the_store_did_not_keep_is_not_acknowledged_to_the_server() {
    run_test("full disk", |_| async {
        let fake = Fake::new();
        let fails = Arc::new(AtomicBool::new(false));
        let builder = fake.builder().store(Failing(fails.clone()));
        let client = builder.config(Config::default()).start().await.unwrap();
        register(&client).await;
        fails.store(true, Ordering::Relaxed);
        fake.put(BOB, 1, "hi");
        fake.notify();
        tokio::time::sleep(std::time::Duration::from_secs(300)).await;
        assert!(ids(&client, BOB).is_empty());
        let shown = fake.lock().shown.clone();
        assert!(
            shown.len() > 3 && shown.iter().all(|version| *version == 0),
            "{shown:?}"
        );
        client.send_text(BOB, "x").await.unwrap_err();
        fails.store(false, Ordering::Relaxed);
        client
            .until(|state| state.chats().get(&BOB).map(drop))
            .await
            .unwrap();
        assert_eq!(ids(&client, BOB), [1]);
    });
}
