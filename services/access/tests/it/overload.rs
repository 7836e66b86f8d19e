//! What a node does with more calls than are served at once.

use crate::support::client::{SEND, send};
use crate::support::{Client, World, until};
use im_access::{Access, Config, Listeners};
use im_idl::message::SendResponse;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Admission, AdmissionConfig, Code, memory};

#[test]
fn a_call_beyond_those_that_may_wait_is_refused_and_the_link_goes_on() {
    run_test("overload", |_| async {
        let world = World::new().await;
        let admission = Admission::new(AdmissionConfig {
            handlers_max: 1,
            waiting_max: 1,
            ..AdmissionConfig::default()
        });
        let (config, deps) = (Config::default(), world.fakes.deps());
        let access = Access::build_with(config, deps, admission.clone()).await;
        let (listener, connector) = memory();
        let listeners = Listeners {
            long: Some(listener),
            short: None,
        };
        tokio::spawn(access.unwrap().run(listeners, std::future::pending()));
        let mut link = Client::new(connector.connect().unwrap());
        link.log_in(10_001, "phone").await;

        // To 2: answered only when the test says so.
        link.send(SEND, 2, send(2, 2)).await;
        link.send(SEND, 3, send(2, 3)).await;
        let refused = link.ask(SEND, 4, send(2, 4)).await;
        assert_eq!(refused.error().code, Code::Overloaded as u32);
        let figures = admission.figures();
        assert_eq!((figures.in_flight, figures.waiting), (2, 1));
        until("one is served", || world.fakes.seen().len() == 1).await;

        world.fakes.gate.add_permits(2);
        for _ in 0..2 {
            link.recv().await.decode::<SendResponse>();
        }
        assert_eq!(admission.figures().in_flight, 0);
        link.chat(5).await;
    });
}
