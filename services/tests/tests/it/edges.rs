//! Who may know whom: `services/README.md` against the table of roles, the code, and `cargo metadata`.

use im_idl::CLIENT_SERVICES;
use im_serve::{Layer, ROLES, Role};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn services() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Rows of the README's table: service → (layer, callees).
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let readme = std::fs::read_to_string(services().join("README.md")).unwrap();
    let rows = readme
        .lines()
        .skip_while(|line| !line.starts_with("| service |"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let calls = cells[3].split_whitespace().map(str::to_owned).collect();
        (cells[1].to_owned(), (cells[2].to_owned(), calls))
    };
    rows.map(row).collect()
}

fn layer(role: &Role) -> &'static str {
    match role.layer {
        Layer::Monitor => "monitor",
        Layer::Access => "access",
        Layer::Logic => "logic",
        Layer::Queue => "queue",
        Layer::Storage => "storage",
    }
}

#[test]
fn the_readme_has_the_edges_of_the_role_table() {
    let declared: BTreeMap<_, _> = ROLES
        .iter()
        .map(|role| {
            let calls = role.calls.iter().map(|name| name.to_string()).collect();
            (role.name.to_owned(), (layer(role).to_owned(), calls))
        })
        .collect();
    assert_eq!(documented(), declared);
}

/// A service asks for its peers by name; it must ask for those of the table and for no others.
#[test]
fn services_ask_for_the_peers_of_the_table() {
    for role in &ROLES {
        let source = source_of(&folder_of(role));
        let mut asked: BTreeSet<&str> = source
            .split("peers.channel(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        if role.layer == Layer::Access {
            // And, by the IDL, for every service that clients may call.
            let packages = CLIENT_SERVICES.iter().map(|service| service.full_name);
            asked.extend(packages.filter_map(|name| name.rsplit('.').nth(1)));
        }
        let calls: BTreeSet<&str> = role.calls.iter().copied().collect();
        assert_eq!(asked, calls, "{}", role.name);
    }
}

#[test]
fn service_crates_depend_on_contracts_and_never_on_each_other() {
    let packages = workspace_packages();
    let of_services: BTreeSet<String> = ROLES.iter().map(package_of).collect();
    let engine_users: BTreeSet<String> = ROLES
        .iter()
        .filter(|role| role.layer >= Layer::Queue)
        .map(package_of)
        .collect();
    for (package, dependencies) in &packages {
        if ["im", "im-tests"].contains(&package.as_str()) {
            continue;
        }
        let services: Vec<_> = dependencies.intersection(&of_services).collect();
        assert!(services.is_empty(), "{package} depends on {services:?}");
        let knows_engine = dependencies.contains("im-engine");
        assert!(
            !knows_engine || engine_users.contains(package),
            "{package} knows an engine"
        );
    }
    for below in ["svrkit-rt", "svrkit-codegen", "svrkit-macros"] {
        let im: Vec<_> = packages[below]
            .iter()
            .filter(|d| d.starts_with("im"))
            .collect();
        assert!(im.is_empty(), "{below} knows {im:?}");
    }
}

fn package_of(role: &Role) -> String {
    match role.layer {
        // Agent and centre have one format, and one crate.
        Layer::Monitor => "im-monitor".to_owned(),
        _ => format!("im-{}", role.name.replace('_', "-")),
    }
}

fn folder_of(role: &Role) -> PathBuf {
    let folder = match (role.layer, role.name) {
        (Layer::Monitor, "agent") => return services().join("monitor/src/agent"),
        (Layer::Monitor, _) => return services().join("monitor/src/centre"),
        (Layer::Logic, _) => services().join("logic"),
        (Layer::Storage, _) => services().join("storage"),
        (Layer::Access | Layer::Queue, _) => services(),
    };
    folder.join(role.name).join("src")
}

fn source_of(folder: &Path) -> String {
    let mut source = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source += &source_of(&path);
        } else {
            source += &std::fs::read_to_string(path).unwrap();
        }
    }
    source
}

/// Each package of the workspace with the names of its dependencies that are packages of the workspace, all kinds.
fn workspace_packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(services())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            (name(package), dependencies.iter().map(name).collect())
        })
        .collect()
}
