//! Servers that ask who calls, or show who they are: what every command that speaks to one takes for it.

use std::path::Path;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use svrkit_rt::auth::{AllowList, Allowed, Auth, CallerKey, Keys};
use svrkit_rt::{Listener, TlsServer};
use tempfile::TempDir;

use crate::program::{Ran, run};
use crate::server::{Running, start_guarded};

/// Greets `helpdesk` alone, and what it takes is in a folder.
pub(crate) struct Guarded {
    pub(crate) server: Running,
    folder: TempDir,
}

/// How it is spoken to, but for who calls.
const TLS: &str = "--tls-roots roots.pem --tls-name greeter";

impl Guarded {
    /// By keys: `keys` has one of `helpdesk` and one of `push`, `others` another of `helpdesk`.
    pub(crate) fn by_keys() -> Guarded {
        let folder = tempfile::tempdir().expect("a folder");
        for (file, names) in [
            ("keys", &["helpdesk", "push"][..]),
            ("others", &["helpdesk"]),
        ] {
            let lines = names.iter().map(|name| CallerKey::new_line(name).unwrap());
            write(&folder, file, &lines.collect::<Vec<_>>().join("\n"));
        }
        let keys = Keys::from_file(folder.path().join("keys")).expect("keys");
        let bind = || async { Listener::bind("127.0.0.1:0").await };
        let server = start_guarded(bind, |server| server.auth(greets_helpdesk(keys)));
        Guarded { server, folder }
    }

    /// By certificates, at a Unix socket: `roots.pem` signed for the server and for `helpdesk`, whose certificate and key are `own.pem` and `own.key`.
    fn by_certificates() -> Guarded {
        let folder = tempfile::tempdir().expect("a folder");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        write(&folder, "roots.pem", &authority.pem());
        let issue = |name: SanType| {
            let mut params = CertificateParams::default();
            params.subject_alt_names = vec![name];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &authority).unwrap();
            (certificate.pem(), key.serialize_pem())
        };
        let (chain, key) = issue(SanType::URI("svrkit://helpdesk".try_into().unwrap()));
        write(&folder, "own.pem", &chain);
        write(&folder, "own.key", &key);
        let (chain, key) = issue(SanType::DnsName("greeter".try_into().unwrap()));
        let tls = TlsServer::from_pem_for_clients_of_and_strangers(
            chain.as_bytes(),
            key.as_bytes(),
            authority.pem().as_bytes(),
        );
        let tls = tls.expect("a certificate");
        let socket = folder.path().join("socket");
        let bind = || async { Ok(Listener::bind_unix(socket)?.with_tls(tls)) };
        let guard = greets_helpdesk(Keys::default());
        let server = start_guarded(bind, |server| server.auth(guard));
        Guarded { server, folder }
    }

    /// Runs `svrkit COMMAND ADDRESS …` in the folder.
    fn run(&self, command: &str, words: &str) -> Ran {
        let mut args = vec![command, self.server.address.as_str()];
        args.extend(words.split_whitespace());
        run(&args, self.path(), "")
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn greets_helpdesk(keys: Keys) -> Auth {
    let helpdesk = Allowed::of(["helpdesk"]).unwrap();
    Auth {
        allow: AllowList::default().with("hello.v1.Greeter/*", helpdesk),
        keys,
    }
}

fn write(folder: &TempDir, file: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join(file);
    std::fs::write(&path, text).expect("a file");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("a mode");
}

#[test]
fn a_key_shows_who_calls() {
    let guarded = Guarded::by_keys();
    let stranger = guarded.run("call", "SayHello --user.name Ada").failed(1);
    assert!(stranger.contains("unauthenticated"), "{stranger}");
    let push = guarded.run("call", "SayHello --user.name Ada --as push --key-file keys");
    assert!(push.failed(1).contains("permission_denied"));
    let helpdesk = "--as helpdesk --key-file keys";
    let answer = guarded.run("call", &format!("SayHello --user.name Ada {helpdesk}"));
    assert_eq!(answer.ok(), "{\"text\":\"hello Ada 0\"}\n");
    let listed = guarded.run("list", helpdesk).ok();
    assert!(listed.contains("hello.v1.Greeter"), "{listed}");
    let pressed = format!("SayHello --user.name Ada --seconds 0.1 --warmup 0 --json {helpdesk}");
    let pressed = guarded.run("press", &pressed).ok();
    assert!(pressed.contains("\"errors\":{}"), "{pressed}");
}

#[test]
fn a_certificate_shows_who_calls_and_the_server_must_show_who_it_is() {
    let guarded = Guarded::by_certificates();
    let hello = format!("SayHello --user.name Ada {TLS}");
    let stranger = guarded.run("call", &hello).failed(1);
    assert!(stranger.contains("unauthenticated"), "{stranger}");
    let helpdesk = "--cert own.pem --cert-key own.key";
    let answer = guarded.run("call", &format!("{hello} {helpdesk}")).ok();
    assert_eq!(answer, "{\"text\":\"hello Ada 0\"}\n");
    let pressed = format!("{hello} --seconds 0.1 --warmup 0 --json {helpdesk}");
    let pressed = guarded.run("press", &pressed).ok();
    assert!(pressed.contains("\"errors\":{}"), "{pressed}");
    let another = guarded.run("list", "--tls-roots roots.pem --tls-name push");
    let another = another.failed(1);
    assert!(another.contains("not valid for name"), "{another}");
}

/// `--tls` alone trusts what the system trusts.
#[test]
fn the_system_s_roots_are_trusted_unless_others_are_named() {
    let guarded = Guarded::by_certificates();
    let list = |roots: &str| {
        let listed = Command::new(env!("CARGO_BIN_EXE_svrkit"))
            .args(["list", &guarded.server.address, "--tls"])
            .args(["--tls-name", "greeter"])
            .env("SSL_CERT_FILE", guarded.path().join(roots))
            .output();
        let listed = listed.expect("it runs");
        let said = String::from_utf8(listed.stderr).expect("text");
        (listed.status.code(), said)
    };
    assert_eq!(list("roots.pem"), (Some(0), String::new()));
    // Signed by nobody that this one knows.
    let (code, said) = list("own.pem");
    assert!(code == Some(1) && said.contains("invalid peer"), "{said}");
    let (code, said) = list("none.pem");
    assert!(code == Some(2) && said.contains("none.pem"), "{said}");
}

#[test]
fn what_is_wrong_is_told_with_the_file() {
    let guarded = Guarded::by_keys();
    write(&guarded.folder, "slip", "helpdesk 12");
    for (words, says) in [
        (
            "--as helpdesk --key-file none",
            "--key-file: cannot read none",
        ),
        ("--as ada --key-file keys", "--key-file keys: no key of ada"),
        ("--as ada --key-file slip", "--key-file slip: line 1"),
        ("--as ada", "--key-file"),
        ("--key-file keys", "--as"),
        ("--tls-roots none", "--tls-roots none: No such file"),
        ("--tls-roots keys", "--tls-roots keys: pem has no"),
        ("--tls --tls-name a/b", "\"a/b\" is neither a dns name"),
        ("--cert own.pem", "--cert-key"),
        ("--cert-key own.key", "--cert"),
    ] {
        let error = guarded.run("list", words).failed(2);
        assert!(error.contains(says), "{words}: {error}");
    }
    let wrong = guarded.run("list", "--as helpdesk --key-file others");
    let wrong = wrong.failed(1);
    assert!(
        wrong.contains("identifying as \"helpdesk\"") && wrong.contains("unauthenticated"),
        "{wrong}"
    );
    let plain = guarded.run("list", "--tls");
    assert!(plain.failed(1).contains("cannot connect"));

    let guarded = Guarded::by_certificates();
    let nameless = guarded.run("list", "--tls-roots roots.pem").failed(2);
    assert!(nameless.contains("--tls-name"), "{nameless}");
    for (words, says) in [
        ("--cert none --cert-key own.key", "--cert none: No such"),
        ("--cert own.pem --cert-key none", "--cert-key none: No such"),
        (
            "--cert own.pem --cert-key own.pem",
            "--cert own.pem --cert-key own.pem: pem has no private key",
        ),
    ] {
        let error = guarded.run("list", &format!("{TLS} {words}")).failed(2);
        assert!(error.contains(says), "{words}: {error}");
    }
}
