//! A group's number is given once.

use crate::story::over;
use im_engine::memory;
use im_group_store::Config;
use im_idl::base::Empty;
use im_idl::ids::is_group;
use std::collections::HashSet;
use svrkit_rt::testing::run_test;

#[test]
fn no_number_comes_twice_over_restarts_and_beside_another_process() {
    run_test("numbers", |_| async {
        let engine = memory();
        let config = Config {
            numbers_step: 3,
            ..Config::default()
        };
        let mut given = HashSet::new();
        for _ in 0..4 {
            let one = over(engine.clone(), config.clone()).await;
            let other = over(engine.clone(), config.clone()).await;
            for _ in 0..5 {
                for store in [&one, &other] {
                    let group = store.new_number(Empty {}).await.unwrap().group;
                    assert!(is_group(group));
                    assert!(given.insert(group), "{group} came twice");
                }
            }
        }
    });
}
