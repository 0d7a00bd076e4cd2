//! Positions survive their stored form, and nothing else passes for one.

use super::*;
use proptest::prelude::*;

fn position() -> impl Strategy<Value = Position> {
    let source = (any::<u64>(), any::<u64>(), any::<bool>(), any::<bool>())
        .prop_map(|(offset, hash, complete, ended)| SourcePosition { offset, hash, complete, ended });
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), any::<bool>());
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    (prop::collection::vec(source, 0..4), numbers, bytes).prop_map(|(sources, numbers, tally)| {
        let (output, dead_letters, records, ended) = numbers;
        Position { sources, output, dead_letters, records, tally, ended }
    })
}

fn encoded(position: &Position) -> Vec<u8> {
    let mut bytes = Vec::new();
    assert!(position.encode(&mut bytes));
    bytes
}

#[test]
fn the_stored_form_is_fixed() {
    let source = SourcePosition { offset: 0x0102, hash: 0xA1B2_C3D4_E5F6_0718, complete: true, ended: false };
    let sources = vec![source, SourcePosition { complete: false, ended: true, ..source }];
    let tally = b"t".to_vec();
    let position = Position { sources, output: 3, dead_letters: 4, records: 5, tally, ended: true };
    let golden = [
        "02000000",         // two sources
        "0201000000000000", // offset
        "1807f6e5d4c3b2a1", // hash
        "01",               // complete
        "0201000000000000", // and of the second
        "1807f6e5d4c3b2a1", //
        "02",               // ended
        "0300000000000000", // output
        "0400000000000000", // dead letters
        "0500000000000000", // records
        "01",               // ended
        "0100000074",       // tally
    ];
    let hex: String = encoded(&position).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, golden.concat());
}

#[test]
fn a_lane_begins_with_sources_that_are_complete_and_not_ended() {
    let source = SourcePosition { offset: 0, hash: 0, complete: true, ended: false };
    assert_eq!(Position::start(2).sources, [source; 2]);
}

#[test]
fn bits_that_nobody_writes_are_refused() {
    for bits in 0..=u8::MAX {
        let bytes = [&[0; 16][..], &[bits]].concat();
        assert_eq!(SourcePosition::decode(&mut Bytes(&bytes)).is_some(), bits < 4, "{bits}");
    }
}

proptest! {
    #[test]
    fn every_position_survives(position in position()) {
        let bytes = encoded(&position);
        let mut rest = Bytes(&bytes);
        prop_assert_eq!(Position::decode(&mut rest), Some(position));
        prop_assert_eq!(rest.end(), Some(()));
        for cut in 0..bytes.len() {
            prop_assert_eq!(Position::decode(&mut Bytes(&bytes[..cut])), None);
        }
    }

    #[test]
    fn garbage_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Position::decode(&mut Bytes(&bytes));
    }
}
