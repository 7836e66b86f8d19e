//! Receipts of reading.

use crate::support::*;
use im_idl::message::{Receipt, entry};
use im_idl::message_store::AppendReceiptRequest;
use svrkit_rt::testing::run_test;

async fn receipt(store: &Store, reader: u64, id: u64) -> u64 {
    let receipt = Some(Receipt {
        reader,
        chat: reader,
        client_message_id: id,
        time_ms: 1,
    });
    let request = AppendReceiptRequest { to: ADA, receipt };
    store.client.append_receipt(request).await.unwrap().version
}

async fn receipts(store: &Store) -> Vec<(u64, u64, u64)> {
    let entries = store.peek(ADA).await.into_iter();
    let receipt = |entry: im_idl::message::Entry| match entry.kind {
        Some(entry::Kind::Receipt(receipt)) => {
            (entry.version, receipt.reader, receipt.client_message_id)
        }
        other => panic!("{other:?}"),
    };
    entries.map(receipt).collect()
}

#[test]
fn the_newest_of_a_reader_takes_the_place_of_the_one_before() {
    run_test("newest", |_| async {
        let mut store = Store::new().await;
        let first = receipt(&store, BOB, 1).await;
        store.rebuild().await;
        assert_eq!(receipt(&store, BOB, 1).await, first, "once");
        let cleos = receipt(&store, CLEO, 1).await;
        let second = receipt(&store, BOB, 2).await;
        assert!(second > first);
        assert_eq!(receipts(&store).await, [(cleos, CLEO, 1), (second, BOB, 2)]);
        // Also for a device that has read the one before.
        let read = store.read(ADA, "phone", first).await;
        assert_eq!(read.entries.len(), 2);
    });
}
