//! People who get to know each other, over peers that a test makes up.

mod asking;
mod blocking;
mod lists;
mod races;
mod stores;
mod world;
