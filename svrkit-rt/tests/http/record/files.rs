//! Files that are torn, damaged, of another time or of something else.

use super::{Bench, read_bytes};
use crate::generated::shop::v1::Ask;
use svrkit_rt::record::{Damage, FileEnd, Plan, ReadError, Reader};

/// Of the header, and of what stands before each block's own bytes.
const HEADER_BYTES: usize = 32;
const BLOCK_HEAD_BYTES: usize = 12;

/// Two methods, three calls, an end.
async fn three_calls() -> Vec<u8> {
    let bench = Bench::open().await;
    let plan = Plan::new("calls", ["shop.v1.Shop/Show", "shop.v1.Shop/Buy"]);
    bench.start(&plan);
    for name in ["Ada", "Bob", "Cyd"] {
        let ask = Ask {
            name: name.to_owned(),
            ..Ask::default()
        };
        bench.shop.show(ask).await.expect("an answer");
    }
    bench.stop().await;
    let bytes = std::fs::read(bench.path("calls")).expect("a file");
    bench.close().await;
    bytes
}

/// Where the blocks begin, and where the last one ends.
fn blocks(file: &[u8]) -> Vec<usize> {
    let mut places = vec![HEADER_BYTES];
    let mut at = HEADER_BYTES;
    while at < file.len() {
        let length = u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
        at += BLOCK_HEAD_BYTES + length as usize;
        places.push(at);
    }
    places
}

#[tokio::test]
async fn wherever_it_is_torn_all_whole_calls_are_read_and_the_end_is_told() {
    let file = three_calls().await;
    let places = blocks(&file);
    assert_eq!(
        places.len(),
        7,
        "two methods, three calls, an end, and behind it"
    );
    for cut in HEADER_BYTES..file.len() {
        let (calls, end) = read_bytes(&file[..cut]).expect("torn, not damaged");
        let whole = places
            .iter()
            .rposition(|place| *place <= cut)
            .expect("a place");
        assert_eq!(calls.len(), whole.saturating_sub(2).min(3), "{cut}");
        let at = places[whole] as u64;
        assert_eq!(end, FileEnd::Torn { at }, "{cut}");
    }
    // As a machine leaves it that lost its power: longer than what was written.
    for cut in &places[..6] {
        let blank = [&file[..*cut], &[0; 10_000]].concat();
        let (_, end) = read_bytes(&blank).expect("torn, not damaged");
        assert_eq!(end, FileEnd::Torn { at: *cut as u64 });
    }
    let (calls, end) = read_bytes(&file).expect("whole");
    assert!(matches!(end, FileEnd::Whole { recorded: 3, .. }), "{end:?}");
    assert_eq!(calls.len(), 3);
}

#[tokio::test]
async fn every_damaged_byte_is_found_and_its_block_is_named() {
    let file = three_calls().await;
    let places = blocks(&file);
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        let error = read_bytes(&damaged).expect_err("damaged");
        match at {
            0..8 => assert!(matches!(error, ReadError::NotARecording), "{error:?}"),
            8..10 => assert!(
                matches!(error, ReadError::Version(v) if v != 1),
                "{error:?}"
            ),
            _ => {
                let ReadError::Damaged { at: told, damage } = error else {
                    panic!("{at}: {error:?}");
                };
                let block = places.iter().rfind(|place| **place <= at);
                assert_eq!(told, block.map_or(0, |place| *place as u64), "{at}");
                let expected = match block {
                    None => Damage::Header,
                    Some(place) if at - place < BLOCK_HEAD_BYTES => Damage::BlockHead,
                    Some(_) => Damage::Block,
                };
                assert_eq!(damage, expected, "{at}");
            }
        }
    }
}

/// A block as a writer would write it, whatever is in it.
fn block(payload: &[u8]) -> Vec<u8> {
    let mut block = (payload.len() as u32).to_le_bytes().to_vec();
    block.extend(crc32c::crc32c(payload).to_le_bytes());
    block.extend(crc32c::crc32c(&block).to_le_bytes());
    block.extend(payload);
    block
}

#[tokio::test]
async fn what_a_writer_would_not_write_is_refused_however_well_it_is_summed() {
    let file = three_calls().await;
    let places = blocks(&file);
    let one_call = &file[..places[3]];
    let no_method = &file[places[2] + BLOCK_HEAD_BYTES..places[3]];
    let bad_lengths = {
        let mut payload = no_method.to_vec();
        payload[28..36].fill(0xff);
        payload
    };
    let whole = &file[..];
    for (before, payload, what) in [
        (one_call, &b""[..], "a block is empty"),
        (one_call, &[2; 10], "a call is too short"),
        (one_call, &bad_lengths, "longer than its block"),
        (&file[..HEADER_BYTES], no_method, "was not named"),
        (one_call, &[1, 0], "a method is too short"),
        (one_call, &[3; 20], "not as long as it should be"),
        (one_call, &[3; 40], "a reason that is none"),
        (whole, &[9], "something stands behind the end"),
    ] {
        let bytes = [before, &block(payload)].concat();
        let error = read_bytes(&bytes).expect_err(what);
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
    let mut long = (70_u32 << 20).to_le_bytes().to_vec();
    long.extend([0; 4]);
    long.extend(crc32c::crc32c(&long).to_le_bytes());
    let error = read_bytes(&[one_call, &long].concat()).expect_err("too long");
    assert!(
        matches!(error, ReadError::Damaged { damage: Damage::TooLong(n), .. } if n == 70 << 20)
    );
    // Kinds of blocks that are not known yet are no damage.
    let more = [one_call, &block(&[200, 1, 2]), &file[places[3]..]].concat();
    assert_eq!(read_bytes(&more).expect("skipped").0.len(), 3);
}

#[tokio::test]
async fn something_else_is_no_recording() {
    for bytes in [
        &b""[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x89svrkrec",
        b"\x89svrkrec\x02\0",
    ] {
        assert!(
            matches!(read_bytes(bytes), Err(ReadError::NotARecording)),
            "{bytes:?}"
        );
    }
    let error = Reader::open("/nowhere/at/all").expect_err("not there");
    assert!(matches!(error, ReadError::Io { at: 0, .. }));
}
