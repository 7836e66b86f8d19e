//! What compressing saves: bytes of bodies before and after, on both sides.

use super::doc::{Cell, Table, figures, words};
use super::methods::Methods;
use super::units;
use serde_json::{Value, json};

/// Bodies of one side, all methods together, in the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compressed {
    /// Bytes before.
    pub(super) from: u64,
    /// Bytes that were sent instead.
    pub(super) to: u64,
    /// Bodies that gained too little.
    pub(super) in_vain: u64,
}

/// A row for each side that has compressed anything, or tried.
pub(super) fn table(served: &Methods, called: &Methods) -> Table {
    let columns = [
        words("bodies of"),
        figures("before"),
        figures("sent"),
        figures("saved"),
        figures("tried in vain"),
    ];
    let mut table = Table::new(columns, "Nothing was compressed.");
    for (what, side) in [("answers", served), ("requests", called)] {
        let Compressed { from, to, in_vain } = side.compressed;
        if from == 0 && in_vain == 0 {
            continue;
        }
        let saved = 1.0 - to as f64 / from.max(1) as f64;
        table.rows.push(vec![
            Cell::new(what),
            units::bytes(from as f64).into(),
            units::bytes(to as f64).into(),
            match from {
                0 => Cell::dim("–"),
                _ => units::percent(saved).into(),
            },
            units::whole(in_vain.into()).into(),
        ]);
    }
    table
}

/// The same for programs.
pub(super) fn json(side: &Methods) -> Value {
    let Compressed { from, to, in_vain } = side.compressed;
    json!({ "from_bytes": from, "to_bytes": to, "in_vain": in_vain })
}
