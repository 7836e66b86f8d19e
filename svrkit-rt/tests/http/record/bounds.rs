//! A recording is bounded, and nobody waits for it.

use super::{Bench, read_bytes, recorded};
use crate::generated::shop::v1::Ask;
use std::time::Duration;
use svrkit_rt::record::{Ended, FILE_BYTES_MIN, FileEnd, Plan, PlanError, StartError};

fn ask(bytes: usize) -> Ask {
    Ask {
        name: "x".repeat(bytes),
        ..Ask::default()
    }
}

#[tokio::test]
async fn a_file_that_is_full_ends_the_recording() {
    let bench = Bench::open().await;
    let plan = Plan {
        file_bytes_max: FILE_BYTES_MIN,
        ..Plan::new("calls", ["shop.v1.Shop/Show"])
    };
    bench.start(&plan);
    for _ in 0..20 {
        bench.shop.show(ask(10_000)).await.expect("an answer");
    }
    let recording = recorded(&bench.recorder, u64::MAX).await;
    assert_eq!(recording.ended, Some(Ended::FileBytes));
    assert_eq!(recording.recorded, 6);
    assert!(recording.dropped >= 1);
    let bytes = std::fs::read(bench.path("calls")).expect("a file");
    assert!(bytes.len() as u64 <= FILE_BYTES_MIN, "{}", bytes.len());
    assert_eq!(bytes.len() as u64, recording.file_bytes);
    let (calls, end) = read_bytes(&bytes).expect("not damaged");
    assert_eq!(calls.len(), 6);
    let FileEnd::Whole { why, dropped, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!((why, dropped), (Ended::FileBytes, recording.dropped));
    assert_eq!(bench.recorder.stop().await, None);
    bench.close().await;
}

#[tokio::test]
async fn time_that_is_over_ends_the_recording() {
    let bench = Bench::open().await;
    let plan = Plan {
        duration_max: Duration::from_millis(20),
        ..Plan::new("calls", ["shop.v1.Shop/Show"])
    };
    bench.start(&plan);
    let recording = recorded(&bench.recorder, u64::MAX).await;
    assert_eq!(recording.ended, Some(Ended::Time));
    // What comes afterwards is nobody's.
    bench.shop.show(ask(1)).await.expect("an answer");
    assert_eq!(bench.recorder.last_recording(), Some(recording));
    bench.close().await;
}

#[tokio::test]
async fn a_share_of_calls_is_a_share() {
    let bench = Bench::open().await;
    let plan = Plan {
        share: 0.1,
        ..Plan::new("calls", ["shop.v1.Shop/Show"])
    };
    bench.start(&plan);
    for _ in 0..1_000 {
        bench.shop.show(ask(1)).await.expect("an answer");
    }
    let (recording, _) = bench.stop().await;
    // Five standard deviations of 9.5 either way.
    assert!((50..=150).contains(&recording.recorded), "{recording:?}");
    bench.close().await;
}

#[tokio::test]
async fn one_at_a_time_and_none_over_another() {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop/Show"]);
    bench.start(&plan);
    let again = Plan {
        file: "others".to_owned(),
        ..plan.clone()
    };
    let refused = bench.recorder.start(&again, &bench.servers);
    assert!(matches!(refused, Err(StartError::Busy(file)) if file == "calls"));
    let elsewhere = svrkit_rt::record::Recorder::new(bench.recorder.config().clone());
    let refused = elsewhere.start(&again, &bench.servers);
    assert!(matches!(refused, Err(StartError::Busy(file)) if file.is_empty()));
    assert!(!bench.path("others").exists());
    bench.shop.show(ask(1)).await.expect("an answer");
    let (first, _) = bench.stop().await;
    assert_eq!(first.recorded, 1);

    let refused = bench.recorder.start(&plan, &bench.servers);
    assert!(matches!(refused, Err(StartError::Exists(file)) if file == "calls"));
    assert_eq!(bench.recorder.last_recording(), Some(first.clone()));
    bench.start(&again);
    bench.stop().await;
    let files = bench.recorder.files().expect("a directory");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["calls", "others"]);
    assert_eq!(files[0].1, first.file_bytes);
    bench.close().await;
}

#[tokio::test]
async fn a_directory_holds_no_more_than_it_may() {
    let bench = Bench::with_directory_of(100_000).await;
    let plan = Plan {
        file_bytes_max: FILE_BYTES_MIN,
        ..Plan::new("first", ["shop.v1.Shop/Show"])
    };
    bench.start(&plan);
    for _ in 0..4 {
        bench.shop.show(ask(10_000)).await.expect("an answer");
    }
    let (first, _) = bench.stop().await;
    let second = Plan {
        file: "second".to_owned(),
        ..plan
    };
    let refused = bench.recorder.start(&second, &bench.servers);
    let Err(StartError::DirectoryFull { bytes, bytes_max }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((bytes, bytes_max), (first.file_bytes, 100_000));
    bench.close().await;
}

#[tokio::test]
async fn a_plan_that_makes_no_sense_is_refused_and_leaves_nothing() {
    let bench = Bench::open().await;
    let plan = Plan::new("../calls", ["shop.v1.Shop/Show"]);
    let refused = bench.recorder.start(&plan, &bench.servers);
    assert!(matches!(refused, Err(StartError::Plan(PlanError::File(_)))));
    for unknown in ["shop.v1.Shop/Steal", "shop.v1", ""] {
        let plan = Plan::new("calls", ["shop.v1.Shop/Show", unknown]);
        let refused = bench.recorder.start(&plan, &bench.servers);
        assert!(matches!(refused, Err(StartError::UnknownMethod(name)) if name == unknown));
    }
    assert_eq!(bench.recorder.files().expect("no directory"), []);
    assert_eq!(bench.recorder.stop().await, None);
    bench.close().await;
}
