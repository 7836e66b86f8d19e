//! The files of the page, in the program: nothing is read from the disk, and nothing from elsewhere.

use svrkit_rt::{PageResponse, Pages};

/// Adds them.
pub(super) fn add_to(pages: Pages) -> Pages {
    pages
}
