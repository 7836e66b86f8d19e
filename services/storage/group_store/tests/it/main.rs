//! What the store promises, over its public surface.

mod changes;
mod crash;
mod lists;
mod mortal;
mod numbers;
mod races;
mod story;
