//! `#[svrkit::main]` and `#[svrkit::test]` bring their runtime.

use std::time::{Duration, Instant};

use svrkit_rt::codegen::tokio;
use svrkit_rt::testing::Seed;

#[svrkit::main]
async fn with_all_cores() -> Result<u32, String> {
    let task = tokio::spawn(async { 7 });
    let seven = task.await.map_err(|error| error.to_string())?;
    Ok(seven)
}

#[svrkit::main(worker_threads = 1)]
async fn with_one_thread() -> String {
    tokio::spawn(async { "spawned".to_owned() })
        .await
        .unwrap_or_default()
}

#[test]
fn main_runs_on_a_runtime_and_returns_what_its_author_wrote() {
    assert_eq!(with_all_cores(), Ok(7));
    assert_eq!(with_one_thread(), "spawned");
}

#[svrkit::test]
async fn a_day_passes_in_no_time() {
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert!(began.elapsed() < Duration::from_secs(3600));
}

#[svrkit::test]
async fn a_seed_gives_the_same_numbers_again(seed: Seed) {
    assert_eq!(seed.rng().u64(..), seed.rng().u64(..));
}

#[svrkit::test]
async fn a_test_may_use_question_mark() -> Result<(), std::num::ParseIntError> {
    let number: u32 = "7".parse()?;
    assert_eq!(number, 7);
    Ok(())
}

#[svrkit::test]
#[should_panic(expected = "as it should")]
async fn a_test_may_be_expected_to_fail() {
    panic!("as it should");
}
