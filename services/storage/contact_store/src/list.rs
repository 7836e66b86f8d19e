//! What changed in a list after a version.

use crate::row;
use im_engine::{Page, Row, Version};
use im_idl::contact_store::ListResponse;
use svrkit_rt::Status;

/// Entries of a whole list that changed after a version, in that order, at most so many. The answer's version is what to ask after
/// next.
///
/// # Errors
/// `DataLoss`.
pub(crate) fn changed(page: Page, after: Version, rows_max: usize) -> Result<ListResponse, Status> {
    let new = page.rows.into_iter().filter(|row| row.version > after);
    let mut rows: Vec<Row> = new.collect();
    rows.sort_unstable_by_key(|row| row.version);
    let more = rows.len() > rows_max;
    rows.truncate(rows_max);
    let version = match rows.last() {
        Some(last) if more => last.version,
        _ => page.version,
    };
    let contacts: Result<_, _> = rows.iter().map(row::read).collect();
    Ok(ListResponse {
        contacts: contacts?,
        version,
        more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_idl::contact::{Entry, Relation};

    fn page(versions: &[(u64, u64)], version: u64) -> Page {
        let entry = Entry {
            relation: Relation::Friend.into(),
            ..Entry::default()
        };
        let row = |(peer, version): &(u64, u64)| Row {
            key: row::entry(*peer),
            value: row::write(&entry),
            version: *version,
        };
        Page {
            rows: versions.iter().map(row).collect(),
            more: false,
            version,
        }
    }

    fn peers(answer: &ListResponse) -> Vec<u64> {
        answer.contacts.iter().map(|entry| entry.uin).collect()
    }

    #[test]
    fn in_the_order_of_change_and_page_by_page() {
        let page = || page(&[(1, 9), (2, 4), (3, 7), (4, 5)], 12);
        let mut after = 4;
        let mut told = Vec::new();
        loop {
            let answer = changed(page(), after, 2).unwrap();
            told.extend(peers(&answer));
            after = answer.version;
            if !answer.more {
                break;
            }
        }
        assert_eq!(told, [4, 3, 1]);
        assert_eq!(after, 12);
    }

    #[test]
    fn nothing_new_is_an_empty_answer_at_the_list_s_version() {
        let answer = changed(page(&[(1, 9)], 9), 9, 2).unwrap();
        assert_eq!(
            (peers(&answer), answer.version, answer.more),
            (vec![], 9, false)
        );
    }
}
