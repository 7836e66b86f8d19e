//! What access nodes hear, and when, with a session service that is made up.

mod kicks;
mod news;
mod polls;
mod support;
