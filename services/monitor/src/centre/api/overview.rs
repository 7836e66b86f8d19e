//! The overview: one screen that tells how the backend does.

use super::alarms::{self, Shown as Alarm};
use super::graph::{Graph, graph};
use super::instances::{Shown as Instance, instances};
use super::methods::{Method, methods};
use super::recent::Recent;
use super::tiles::{Tile, tiles};
use crate::history::History;
use crate::keeper::Shown;
use crate::plan::Plan;
use crate::store::Past;
use serde::Serialize;

/// All of it.
#[derive(Serialize)]
pub(super) struct Overview {
    now: u64,
    alarms: Vec<Alarm>,
    tiles: Vec<Tile>,
    methods: Vec<Method>,
    graph: Graph,
    instances: Vec<Instance>,
}

/// Looks at everything. Blocks.
pub(super) fn overview(past: &Past, shown: &Shown, plan: &Plan, range_s: u64) -> Overview {
    let recent = Recent::new(past);
    Overview {
        now: past.now_s(),
        alarms: alarms::active(&shown.alarms, plan),
        tiles: tiles(&recent, range_s),
        methods: methods(&recent, range_s),
        graph: graph(&recent, range_s),
        instances: instances(&recent),
    }
}
