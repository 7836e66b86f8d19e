//! The pages about a process, one file a concern.

mod calls;
mod desk;
mod flags;
mod hotspots;
mod lock;
mod looks;
mod record;
mod shown;

use desk::Desk;
