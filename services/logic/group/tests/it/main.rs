//! What the service promises, over its public surface, with its peers played by fakes.

mod announcements;
mod bounds;
mod flows;
mod peers;
mod races;
mod world;
