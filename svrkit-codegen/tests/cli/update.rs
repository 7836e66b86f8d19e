//! `svrkit new`, again: the IDL has changed, the author's files stay theirs.

use std::path::{Path, PathBuf};

use crate::new::{STORE, write_store};
use crate::program::svrkit_in;

struct Crate {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

fn new_store() -> Crate {
    let folder = tempfile::tempdir().expect("a folder");
    write_store(folder.path());
    svrkit_in(folder.path(), "new store --proto idl/store.proto").ok();
    let root = folder.path().join("store");
    Crate {
        _folder: folder,
        root,
    }
}

impl Crate {
    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.root.join(file)).expect("a file")
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.root.join(file), text).expect("a file");
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        self.write(file, &text.replace(from, to));
    }

    fn update(&self) -> String {
        svrkit_in(&self.root, "new --update").ok()
    }

    fn line_of(&self, file: &str, part: &str) -> usize {
        let text = self.read(file);
        let found = text.lines().position(|line| line.contains(part));
        found.expect("it is there") + 1
    }
}

#[test]
fn nothing_changed_means_nothing_written() {
    let store = new_store();
    let before = store.read("src/service.rs");
    assert_eq!(store.update(), "nothing is missing in .\n");
    assert_eq!(store.read("src/service.rs"), before);
    let from_above = svrkit_in(
        Path::new(&store.root).parent().expect("a folder"),
        "new store",
    )
    .ok();
    assert_eq!(from_above, "nothing is missing in store\n");
}

#[test]
fn a_new_method_is_added_and_what_the_author_wrote_stays() {
    let store = new_store();
    store.change(
        "src/service.rs",
        "Err(Status::unimplemented(\n            \"store.v1.Store/Put is not written yet\",\n        ))",
        "// mine\n        Ok(())",
    );
    let before = store.read("src/service.rs");
    store.change(
        "proto/store.proto",
        "  rpc Get(",
        "  // Takes one away.\n  rpc Delete(common.v1.Id) returns (Thing);\n  rpc Get(",
    );
    let told = store.update();
    let line = store.line_of("src/service.rs", "Takes one away.");
    assert_eq!(told, format!("+ src/service.rs:{line}: added delete\n"));
    let after = store.read("src/service.rs");
    let added = "
    /// Takes one away.
    async fn delete(
        &self,
        _ctx: &mut Context,
        _request: crate::idl::common::v1::Id,
    ) -> Result<Thing, Status> {
        Err(Status::unimplemented(
            \"store.v1.Store/Delete is not written yet\",
        ))
    }
}
";
    let kept = before.strip_suffix("}\n").expect("the impl is last");
    assert_eq!(after, format!("{kept}{added}"));
    assert_eq!(store.update(), "nothing is missing in .\n");
}

#[test]
fn a_renamed_method_is_told_with_both_places_until_the_old_one_is_gone() {
    let store = new_store();
    store.change("proto/store.proto", "rpc Put(", "rpc Save(");
    let line = store.line_of("src/service.rs", "async fn put(");
    let told = store.update();
    let rename = format!(
        "! method Put seems to be Save now: what put at src/service.rs:{line} does belongs into save, then put is yours to delete\n"
    );
    assert!(told.contains("added save\n"), "{told}");
    assert!(told.ends_with(&rename), "{told}");
    assert!(
        store.read("src/service.rs").contains("async fn put("),
        "nothing is taken away"
    );
    let again = store.update();
    let gone = format!("its function put at src/service.rs:{line} is yours to delete");
    assert!(again.contains(&gone), "{again}");
}

#[test]
fn a_removed_method_and_a_changed_type_are_told_and_left_alone() {
    let store = new_store();
    store.change(
        "proto/store.proto",
        "  rpc Get(common.v1.Id) returns (Thing);\n",
        "",
    );
    store.change(
        "proto/store.proto",
        "rpc Put(Thing)",
        "rpc Put(common.v1.Id)",
    );
    let before = store.read("src/service.rs");
    let told = store.update();
    let get = store.line_of("src/service.rs", "async fn get(");
    let put = store.line_of("src/service.rs", "async fn put(");
    assert_eq!(
        told,
        format!(
            "! method Get is gone from the IDL: its function get at src/service.rs:{get} is yours to delete\n\
             ! method Put takes common.v1.Id now, not store.v1.Thing: put at src/service.rs:{put} is yours to change\n"
        )
    );
    assert_eq!(store.read("src/service.rs"), before);
}

#[test]
fn a_new_service_gets_its_file_and_is_registered_and_a_gone_one_is_told() {
    let store = new_store();
    let admin =
        "service Admin {\n  rpc Stop(google.protobuf.Empty) returns (google.protobuf.Empty);\n}\n";
    assert!(STORE.contains(admin));
    store.change(
        "proto/store.proto",
        admin,
        "service Search {\n  rpc Find(Thing) returns (Thing);\n}\n",
    );
    let told = store.update();
    let line = store.line_of("src/lib.rs", "admin::server");
    assert_eq!(
        told,
        format!(
            "+ src/search.rs: new, for store.v1.Search\n\
             + src/lib.rs: registers store.v1.Search\n\
             ! service store.v1.Admin is gone from the IDL: src/admin.rs is yours to delete, with its `mod`, and so is `.service(..)` at src/lib.rs:{line}\n"
        )
    );
    let lib = store.read("src/lib.rs");
    assert!(
        lib.contains("pub mod config;\npub mod search;\npub mod service;\n"),
        "{lib}"
    );
    assert!(
        lib.contains(
            "        .service(admin::server(config))\n        .service(search::server(config))\n"
        ),
        "{lib}"
    );
    assert!(store.read("src/search.rs").contains("async fn find("));
}

#[test]
fn a_file_that_does_not_parse_is_left_alone() {
    let store = new_store();
    store.write("src/service.rs", "fn broken( {\n");
    store.change(
        "proto/store.proto",
        "  rpc Get(",
        "  rpc More(Thing) returns (Thing);\n  rpc Get(",
    );
    let told = store.update();
    assert!(
        told.contains("! store.v1.Store was left alone: src/service.rs:1:"),
        "{told}"
    );
    assert_eq!(store.read("src/service.rs"), "fn broken( {\n");

    store.write("src/service.rs", "fn nothing_here() {}\n");
    let told = store.update();
    assert!(
        told.contains("! src/service.rs has no `impl Store for ..`"),
        "{told}"
    );
}

#[test]
fn an_idl_with_mistakes_changes_nothing() {
    let store = new_store();
    let manifest = store.read(".svrkit-manifest.toml");
    store.change("proto/store.proto", "rpc Put(Thing)", "rpc Put(Nothing)");
    let error = svrkit_in(&store.root, "new --update").failed(1);
    assert!(error.contains("proto/store.proto:8:"), "{error}");
    assert_eq!(store.read(".svrkit-manifest.toml"), manifest);
}
