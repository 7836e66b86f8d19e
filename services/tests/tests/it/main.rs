//! Stories over the whole backend, a file each, over the memory transport and a paused clock; and what must hold of its structure.

mod edges;
