//! Where processor time goes: stacks of a while, as a tree, as a drawing, as pprof's protobuf.

mod flame;
mod protobuf;
mod stacks;
mod take;
mod tree;

pub(super) use flame::draw;
pub(super) use protobuf::encode;
pub(super) use stacks::Profile;
pub(super) use take::{Profiler, TakeError};
pub(super) use tree::Node;
