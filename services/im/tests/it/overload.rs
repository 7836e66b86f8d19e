//! More than the backend can do, as `im press --overload` offers it.

use serde_json::Value;
use std::process::Command;

/// Figures are for a machine that does nothing else; what must hold on any is that nobody is disconnected, and that asks are answered: with
/// what was asked for, or with a no. In time or not: where much else goes on, asks may be late before they are made.
#[test]
fn an_overload_disconnects_nobody() {
    let flags = "press --overload 4 --users 8 --seconds 2 --warmup 1 --no-pin --json --quiet";
    let im = Command::new(env!("CARGO_BIN_EXE_im"))
        .args(flags.split(' '))
        .output();
    let im = im.unwrap();
    let said = String::from_utf8_lossy(&im.stderr);
    let report: Value = serde_json::from_slice(&im.stdout).expect(&said);
    assert_eq!(report["links_lost"], 0, "{report}");
    let loads = report["loads"].as_array().unwrap();
    assert_eq!(loads.len(), 4, "{report}");
    for load in loads {
        let kinds = load["kinds"].as_array().unwrap();
        assert_eq!(kinds.len(), 4, "{report}");
        let answers = ["goodput_per_s", "late_per_s", "refused_per_s"];
        let answered: f64 = kinds
            .iter()
            .flat_map(|kind| answers.map(|answer| kind[answer].as_f64().unwrap()))
            .sum();
        assert!(answered > 0.0, "{report}");
    }
}
