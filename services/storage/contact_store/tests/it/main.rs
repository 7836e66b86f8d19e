//! Lists as those who decide about relations write and read them.

mod erasure;
mod lists;
mod pairs;
mod support;
