//! Hashes that are the same in every process of every release: what decides who talks to whom must not change with a compiler.

/// A hash of a name (FNV-1a), another one for each salt.
pub(super) fn stable_hash(name: &str, salt: u64) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
    mix(name.bytes().fold(0xcbf2_9ce4_8422_2325 ^ mix(salt), step))
}

/// Spreads the bits of a number over all of it (the end of splitmix64).
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}
