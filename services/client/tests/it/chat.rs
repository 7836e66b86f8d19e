//! A chat without a terminal: lines in, lines out.

use crate::fake::{BOB, EVE, Fake, ME, error_of};
use im_client::Config;
use im_client::chat::{Room, Terminal};
use im_idl::contact::Relation;
use im_idl::ids::GROUP_BIT;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const TEAM: u64 = GROUP_BIT + 7;

/// Somebody who types and reads.
struct User {
    types: mpsc::Sender<String>,
    reads: mpsc::UnboundedReceiver<String>,
    room: JoinHandle<Result<(), String>>,
}

impl User {
    /// Sits down; bob is his contact, and he is in a group.
    async fn new(fake: &Fake) -> User {
        fake.put_contact(BOB, "bob", Relation::Friend);
        fake.put_group(TEAM, "team");
        let client = fake.client(Config::default()).await;
        client
            .until(|state| state.groups().get(&TEAM).map(drop))
            .await
            .unwrap();
        let (types, lines) = mpsc::channel(16);
        let (written, reads) = mpsc::unbounded_channel();
        let terminal = Terminal::lines(lines, move |line| drop(written.send(line)));
        let room = Room::new(client, terminal, "memory".to_owned());
        let mut user = User {
            types,
            reads,
            room: tokio::spawn(room.run()),
        };
        assert_eq!(user.read().await, format!("* ada ({ME}) at memory"));
        assert_eq!(user.read().await, "* online");
        user
    }

    async fn types(&self, line: &str) {
        self.types.send(line.to_owned()).await.unwrap();
    }

    async fn read(&mut self) -> String {
        self.reads.recv().await.unwrap()
    }
}

#[test]
fn what_is_said_is_sent_and_what_comes_is_shown() {
    run_test("said", |_| async {
        let fake = Fake::new();
        let mut user = User::new(&fake).await;
        user.types("@bob hello").await;
        assert_eq!(user.read().await, "* sent to bob");
        assert_eq!(fake.lock().stored[0].0, BOB);
        fake.put(BOB, 1, "hi\nada");
        fake.notify();
        assert_eq!(user.read().await, "bob: hi ada");
        user.types("/who").await;
        assert_eq!(user.read().await, "+ bob  1 unread");
        assert_eq!(user.read().await, "# team");
        user.types("/with bob").await;
        assert_eq!(user.read().await, "you: hello  (now)");
        assert_eq!(user.read().await, "bob: hi ada  (now)");
        user.types("/who").await;
        assert_eq!(user.read().await, "+ bob");
    });
}

#[test]
fn in_groups_people_have_names_though_they_are_no_contacts() {
    run_test("group", |_| async {
        let fake = Fake::new();
        let mut user = User::new(&fake).await;
        fake.put_in(TEAM, EVE, 1, "all here?");
        fake.notify();
        assert_eq!(
            user.read().await,
            format!("#team stranger {EVE}: all here?")
        );
        user.types("/with #team").await;
        assert_eq!(
            user.read().await,
            format!("#team stranger {EVE}: all here?  (now)")
        );
        user.types("yes").await;
        assert_eq!(user.read().await, "* sent to #team");
    });
}

#[test]
fn somebody_who_asks_is_announced_with_the_answer_to_type() {
    run_test("asked", |_| async {
        let fake = Fake::new();
        let mut user = User::new(&fake).await;
        fake.put_contact(EVE, "eve\u{1b}[31m", Relation::AskedMe);
        fake.put(BOB, 1, "brings the sync");
        fake.notify();
        let asked = user.read().await;
        assert_eq!(
            asked,
            "* eve\u{fffd}[31m wants to be your contact; /accept eve\u{fffd}[31m"
        );
    });
}

#[test]
fn what_goes_wrong_is_said() {
    run_test("wrong", |_| async {
        let fake = Fake::new();
        let mut user = User::new(&fake).await;
        for (line, answer) in [
            ("hello?", "! to whom? /with NAME first"),
            (
                "/with dave",
                "! there is no dave among your contacts and groups",
            ),
            ("/dance", "! there is no /dance; see /help"),
        ] {
            user.types(line).await;
            assert_eq!(user.read().await, answer);
        }
        let denied = error_of(Code::PermissionDenied);
        fake.lock().send_error.insert(BOB, denied);
        user.types("@bob psst").await;
        let refused = user.read().await;
        assert_eq!(
            refused,
            "! not sent to bob: permission_denied, says the test"
        );
    });
}

#[test]
fn a_script_s_last_words_are_sent_before_it_ends() {
    run_test("last words", |_| async {
        let fake = Fake::new();
        let user = User::new(&fake).await;
        fake.lock().lose_acknowledgements = 1;
        user.types("@bob bye").await;
        drop(user.types);
        user.room.await.unwrap().unwrap();
        assert_eq!(fake.lock().stored.len(), 1);
    });
}

#[test]
fn whoever_is_logged_out_is_told_why() {
    run_test("logged out", |_| async {
        let fake = Fake::new();
        let user = User::new(&fake).await;
        fake.kick("TICKET_REVOKED");
        let ended = user.room.await.unwrap().unwrap_err();
        assert_eq!(ended, "logged out: the ticket was revoked");
    });
}
