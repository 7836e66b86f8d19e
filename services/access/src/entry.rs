//! A link's place among those of its node.

use crate::handle::Handle;
use crate::node::Node;
use crate::stats::Kind;
use std::sync::Arc;

/// Held as long as a link lives; whoever must know that it is over is told by its drop.
#[derive(Debug)]
pub(crate) struct Entry {
    node: Arc<Node>,
    handle: Arc<Handle>,
    kind: Kind,
}

impl Entry {
    /// `None` when there are too many links.
    pub(crate) fn new(node: &Arc<Node>, kind: Kind) -> Option<Entry> {
        let handle = node.links.open()?;
        node.counters.count_link(kind);
        let node = node.clone();
        Some(Entry { node, handle, kind })
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// The link goes on as another kind.
    pub(crate) fn becomes(&mut self, kind: Kind) {
        self.node.counters.uncount_link(self.kind);
        self.node.counters.count_link(kind);
        self.kind = kind;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.node.counters.uncount_link(self.kind);
        if let Some(link) = self.handle.close() {
            self.node.presence.leave(link);
        }
        // Last: once no link is open, all that there is to tell of them stands in the queue.
        self.node.links.close(self.handle.number);
    }
}
