//! A shop, a client, and a recorder with a directory of its own.

use crate::generated::shop::v1::ShopClient;
use crate::support::Site;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;
use svrkit_rt::record::{
    FileEnd, Plan, ReadError, Reader, RecordedCall, Recorder, RecorderConfig, Recording,
};
use svrkit_rt::{Channel, ServerWatch};
use tempfile::TempDir;

pub(super) struct Bench {
    pub(super) site: Site,
    pub(super) shop: ShopClient,
    pub(super) servers: Vec<ServerWatch>,
    pub(super) recorder: Recorder,
    directory: TempDir,
}

impl Bench {
    pub(super) async fn open() -> Bench {
        Bench::with_directory_of(1 << 30).await
    }

    pub(super) async fn with_directory_of(directory_bytes_max: u64) -> Bench {
        let mut watch = None;
        let site = Site::with(|server| {
            watch = Some(server.watch());
            server
        });
        let directory = tempfile::tempdir().expect("a directory");
        let recorder = Recorder::new(RecorderConfig {
            directory: directory.path().join("made/when/needed"),
            directory_bytes_max,
        });
        let bench = Bench {
            shop: ShopClient::new(Channel::memory(site.connector.clone()).expect("a channel")),
            site,
            servers: watch.into_iter().collect(),
            recorder,
            directory,
        };
        // A server is known once it runs, and it runs once it answers.
        bench
            .shop
            .show(Default::default())
            .await
            .expect("an answer");
        bench
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join("made/when/needed").join(file)
    }

    pub(super) fn start(&self, plan: &Plan) {
        let started = self.recorder.start(plan, &self.servers);
        started.expect("a start");
    }

    /// Stops the recording, and reads what is on file of it.
    pub(super) async fn stop(&self) -> (Recording, Vec<RecordedCall>) {
        let recording = self.recorder.stop().await.expect("a recording");
        let reader = Reader::open(self.path(&recording.file)).expect("a recording");
        let (calls, end) = read(reader).expect("not damaged");
        let FileEnd::Whole { recorded, .. } = end else {
            panic!("{end:?}");
        };
        assert_eq!(
            (recorded, calls.len() as u64),
            (recording.recorded, recorded)
        );
        (recording, calls)
    }

    pub(super) async fn close(self) {
        drop(self.shop);
        self.site.close().await;
    }
}

fn read<R: Read>(mut reader: Reader<R>) -> Result<(Vec<RecordedCall>, FileEnd), ReadError> {
    let mut calls = Vec::new();
    while let Some(call) = reader.next_call()? {
        calls.push(call);
    }
    Ok((calls, reader.end().expect("the end").clone()))
}

pub(super) fn read_bytes(bytes: &[u8]) -> Result<(Vec<RecordedCall>, FileEnd), ReadError> {
    read(Reader::new(bytes)?)
}

/// Waits until the recording has so many calls on file, or is over; what waits for the thread that writes waits for real.
pub(super) async fn recorded(recorder: &Recorder, calls: u64) -> Recording {
    let recorder = recorder.clone();
    let waiting = tokio::task::spawn_blocking(move || {
        loop {
            let recording = recorder.last_recording().expect("a recording");
            if recording.recorded >= calls || recording.ended.is_some() {
                return recording;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    waiting.await.expect("no panic")
}
