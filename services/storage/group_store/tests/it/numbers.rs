//! A group's number is given once.

use crate::mortal::Mortal;
use crate::story::over;
use im_group_store::Config;
use im_idl::base::Empty;
use im_idl::ids::is_group;
use std::collections::HashSet;
use svrkit_rt::testing::run_test;

#[test]
fn no_number_comes_twice_over_restarts_and_beside_another_process() {
    run_test("numbers", |_| async {
        let engine = Mortal::new();
        let config = Config {
            numbers_step: 3,
            ..Config::default()
        };
        let mut given = HashSet::new();
        for _ in 0..4 {
            let one = over(engine.clone(), config.clone()).await;
            let other = over(engine.clone(), config.clone()).await;
            for _ in 0..10 {
                let (one, other) =
                    tokio::join!(one.new_number(Empty {}), other.new_number(Empty {}));
                for group in [one.unwrap().group, other.unwrap().group] {
                    assert!(is_group(group));
                    assert!(given.insert(group), "{group} came twice");
                }
            }
        }
    });
}
