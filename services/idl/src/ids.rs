//! Users' and groups' numbers: one space, so that a message's `to` is one number and an old client can answer a group as if it were
//! somebody.

/// Set in a group's number, never in a user's. Both stay below 2^53, which JavaScript counts exactly.
pub const GROUP_BIT: u64 = 1 << 48;

/// The first user's number. Smaller ones are nobody's.
pub const UIN_MIN: u64 = 10_000;

/// Whether a number is a group's.
pub fn is_group(id: u64) -> bool {
    id & GROUP_BIT != 0 && id < GROUP_BIT << 1
}

/// Whether a number can be a user's.
pub fn is_uin(id: u64) -> bool {
    (UIN_MIN..GROUP_BIT).contains(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_both() {
        for id in [
            0,
            1,
            UIN_MIN,
            GROUP_BIT - 1,
            GROUP_BIT,
            GROUP_BIT + 1,
            u64::MAX,
        ] {
            assert!(!(is_group(id) && is_uin(id)), "{id}");
        }
        assert!(is_uin(UIN_MIN) && !is_uin(UIN_MIN - 1));
        assert!(is_group(GROUP_BIT + UIN_MIN) && !is_group(u64::MAX));
    }
}
