//! What is written is read again; what is not an entry is refused.

use super::{
    Change, Entry, EntryError, Fill, Growth, Journaled, Settled, Standing, change, decode, encode, encode_fill,
    encode_growth,
};
use crate::bound::Since;
use proptest::collection::vec;
use proptest::prelude::*;
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::Cell;

const KINDS: [Kind; 6] =
    [Kind::Flag, Kind::Integer, Kind::Decimal { scale: 2 }, Kind::Instant, Kind::Number, Kind::Text];

fn instant(millis: i64) -> Instant {
    Instant::from_millis(millis).unwrap()
}

fn golden() -> Journaled {
    let entry = Entry {
        tenant: 1,
        source: 2,
        judged: true,
        time: 1_700_000_000_000,
        offset: 300,
        id: [0xaa; 16],
        content: [0xbb; 16],
        composed: false,
    };
    let settled = Settled { outcome: 2, generation: 7 };
    Journaled { entry, clock: Some(1_699_999_999_998), standing: Standing::Refused, settled }
}

#[test]
fn an_entry_is_these_bytes() {
    let cells = [
        Cell::Value(Value::Flag(true)),
        Cell::Absent,
        Cell::Value(Value::Decimal(Decimal { units: -1_250, scale: 2 })),
        Cell::Value(Value::Instant(instant(1_700_000_000_001))),
        Cell::Misread,
        Cell::Value(Value::Text("é!")),
    ];
    let mut bytes = Vec::new();
    encode(&golden(), &KINDS, &cells, &mut bytes);
    let mut expected = vec![0b0111_0101, 1, 2, 0x80, 0xa0, 0xab, 0xfe, 0xf9, 0x62, 0xac, 0x02];
    expected.extend([0xaa; 16]);
    expected.extend([0xbb; 16]);
    expected.extend([3, 2, 7, 0b011_1101, 0b001_0000, 1, 0xc3, 0x13, 2, 3, 0xc3, 0xa9, b'!']);
    assert_eq!(bytes, expected);

    let plain = Journaled { clock: None, standing: Standing::Kept, settled: Settled::default(), ..golden() };
    let mut bytes = Vec::new();
    encode(&plain, &[], &[], &mut bytes);
    assert_eq!((bytes.len(), bytes[0]), (44, 1), "nothing that is not there takes any room");
}

/// The entry of an observed record with nothing but these bits of its fields.
fn with_bits(bits: &[u8]) -> Vec<u8> {
    let (entry, settled) = (Entry { judged: false, ..golden().entry }, Settled::default());
    let mut bytes = Vec::new();
    encode(&Journaled { entry, clock: None, standing: Standing::Kept, settled }, &[], &[], &mut bytes);
    bytes.pop();
    bytes.extend_from_slice(bits);
    bytes
}

#[test]
fn bits_end_with_the_last_field_that_is_there() {
    let kinds = vec![Kind::Flag; 40];
    let yes = Cell::Value(Value::Flag(true));
    for (fields, bits) in [
        (&[][..], &[0][..]),
        (&[0], &[1]),
        (&[6], &[0x40]),
        (&[7], &[0x80, 1]),
        (&[0, 13], &[0x81, 0x40]),
        (&[29], &[0x80, 0x80, 0x80, 0x80, 2]),
    ] {
        let mut cells = vec![Cell::Absent; 30];
        fields.iter().for_each(|field: &usize| cells[*field] = yes);
        let mut written = with_bits(&[]);
        written.truncate(0);
        let journaled = Journaled { clock: None, settled: Settled::default(), ..golden() };
        encode(&journaled, &kinds[..30], &cells, &mut written);
        let head = with_bits(&[]).len();
        assert_eq!(written[head..], [bits, &vec![1; fields.len()]].concat(), "{fields:?}");

        // more fields by now: those that came later are absent
        let mut read = Vec::new();
        assert_eq!(decode(&mut &written[..], &[vec![], kinds.clone()], &mut read), Ok(journaled));
        cells.resize(40, Cell::Absent);
        assert_eq!(read, cells);
        // and it is written as it was
        let mut again = Vec::new();
        encode(&journaled, &kinds, &cells, &mut again);
        assert_eq!(again, written);
        // fewer, and it says so
        if let Some(last) = fields.last() {
            let refused = decode(&mut &written[..], &[vec![], kinds[..*last].to_vec()], &mut Vec::new());
            assert_eq!(refused, Err(EntryError::Fields { tenant: 1, fields: last + 1, known: *last }));
        }
    }
}

#[test]
fn bits_that_nobody_writes_are_refused() {
    let tenants = [vec![], vec![Kind::Flag; 40]];
    for bits in [&[0x80, 0][..], &[0x81, 0x80, 0], &[0x80], &[]] {
        let refused = decode(&mut &with_bits(bits)[..], &tenants, &mut Vec::new());
        assert_eq!(refused, Err(EntryError::Malformed), "{bits:?}");
    }
    assert!(decode(&mut &with_bits(&[0x80, 1, 1])[..], &tenants, &mut Vec::new()).is_ok());
}

#[test]
fn changes_are_these_bytes_and_no_entries() {
    let growth = Growth { tenant: 300, families: 5, fields: 7 };
    let fill = Fill { tenant: 300, family: 5, since: Since::Clock(-1) };
    let (mut grown, mut filled) = (Vec::new(), Vec::new());
    encode_growth(growth, &mut grown);
    encode_fill(fill, &mut filled);
    for (mut bytes, expected, read) in [
        (grown, &[0x80, 0xac, 0x02, 5, 7][..], Change::Growth(growth)),
        (filled, &[0x81, 0xac, 0x02, 5, 2, 1], Change::Fill(fill)),
    ] {
        assert_eq!(bytes, expected);
        for length in 1..bytes.len() {
            assert_eq!(change(&mut &bytes[..length]), Err(EntryError::Malformed), "cut to {length}");
        }
        bytes.push(9);
        let mut rest = &bytes[..];
        assert_eq!(change(&mut rest), Ok(Some(read)));
        assert_eq!(rest, [9]);
        assert_eq!((change(&mut rest), rest), (Ok(None), &[9][..]), "what is none is left");
        assert_eq!(decode(&mut &bytes[..], &vec![vec![]; 400], &mut Vec::new()), Err(EntryError::Malformed));
    }
}

#[test]
fn a_value_of_another_kind_is_one_that_cannot_be_read() {
    let kinds = [Kind::Integer, Kind::Decimal { scale: 2 }, Kind::Number, Kind::Text];
    let cells = [
        Cell::Value(Value::Text("7")),
        Cell::Value(Value::Decimal(Decimal { units: 1, scale: 4 })),
        Cell::Value(Value::Number(f64::NAN)),
    ];
    let mut bytes = Vec::new();
    encode(&golden(), &kinds, &cells, &mut bytes);
    let (mut rest, mut read) = (&bytes[..], Vec::new());
    assert_eq!(decode(&mut rest, &[vec![], kinds.to_vec()], &mut read), Ok(golden()));
    assert_eq!(read, [Cell::Misread, Cell::Misread, Cell::Misread, Cell::Absent]);
}

#[test]
fn an_entry_of_an_unknown_tenant_is_refused_by_its_number() {
    let mut bytes = Vec::new();
    encode(&golden(), &KINDS, &[], &mut bytes);
    assert_eq!(decode(&mut &bytes[..], &[KINDS.to_vec()], &mut Vec::new()), Err(EntryError::Tenant(1)));
}

/// A value of the kind at this place of [`KINDS`], made of some bits.
fn cell(at: usize, state: u8, bits: i64, text: &str) -> Cell<'_> {
    match (state, KINDS[at % KINDS.len()]) {
        (0, _) => Cell::Absent,
        (1, _) => Cell::Misread,
        (_, Kind::Flag) => Cell::Value(Value::Flag(bits & 1 == 1)),
        (_, Kind::Integer) => Cell::Value(Value::Integer(bits)),
        (_, Kind::Decimal { scale }) => Cell::Value(Value::Decimal(Decimal { units: bits, scale })),
        (_, Kind::Instant) => Cell::Value(Value::Instant(instant(bits % 60_000_000_000_000))),
        (_, Kind::Number) => Cell::Value(Value::Number(bits as f64 / 3.0)),
        (_, Kind::Text) => Cell::Value(Value::Text(text)),
    }
}

prop_compose! {
    fn journaled()(
        (tenant, source, judged, composed) in (0..3u32, any::<u32>(), any::<bool>(), any::<bool>()),
        (time, offset, clock) in (any::<i64>(), any::<u64>(), any::<Option<i64>>()),
        (id, content) in (any::<[u8; 16]>(), any::<[u8; 16]>()),
        (outcome, generation) in (any::<u8>(), any::<u32>()),
        standing in prop_oneof![Just(Standing::Kept), Just(Standing::Refused), Just(Standing::Reused)],
    ) -> Journaled {
        let entry = Entry { tenant, source, judged, time, offset, id, content, composed };
        Journaled { entry, clock, standing, settled: Settled { outcome, generation } }
    }
}

proptest! {
    #[test]
    fn entries_end_to_end_are_read_again(
        entries in vec((journaled(), vec((0..4u8, any::<i64>(), ".{0,12}"), 0..20)), 1..5),
    ) {
        let mut tenants = vec![Vec::new(); 3];
        let mut bytes = Vec::new();
        for (tenant, (_, fields)) in (0..).zip(&entries) {
            tenants.resize_with(entries.len().max(3), Vec::new);
            tenants[tenant] = (0..fields.len()).map(|at| KINDS[at % KINDS.len()]).collect();
        }
        let written: Vec<_> = entries.iter().enumerate().map(|(tenant, (journaled, fields))| {
            let mut journaled = *journaled;
            journaled.entry.tenant = tenant as u32;
            let cells: Vec<_> =
                fields.iter().enumerate().map(|(at, (state, bits, text))| cell(at, *state, *bits, text)).collect();
            encode(&journaled, &tenants[tenant], &cells, &mut bytes);
            (journaled, cells)
        }).collect();
        let mut rest = &bytes[..];
        for (journaled, cells) in written {
            let mut read = Vec::new();
            prop_assert_eq!(decode(&mut rest, &tenants, &mut read), Ok(journaled));
            prop_assert_eq!(read, cells);
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn garbage_is_refused_or_is_what_it_would_be_written_as(bytes in vec(any::<u8>(), 0..120), head in any::<bool>()) {
        let mut garbage = Vec::new();
        if head {
            encode(&golden(), &[], &[], &mut garbage);
        }
        garbage.extend(bytes);
        let tenants = [KINDS.to_vec(), KINDS.to_vec()];
        let (mut rest, mut cells) = (&garbage[..], Vec::new());
        if let Ok(journaled) = decode(&mut rest, &tenants, &mut cells) {
            let mut again = Vec::new();
            encode(&journaled, &KINDS, &cells, &mut again);
            prop_assert_eq!(&again, &garbage[..garbage.len() - rest.len()]);
        }
    }

    #[test]
    fn a_cut_entry_is_refused(journaled in journaled(), cut in any::<prop::sample::Index>()) {
        let tenants = vec![KINDS.to_vec(); 3];
        let cells: Vec<_> = (0..KINDS.len()).map(|at| cell(at, 2, 77, "text")).collect();
        let mut bytes = Vec::new();
        encode(&journaled, &KINDS, &cells, &mut bytes);
        let cut = cut.index(bytes.len());
        prop_assert_eq!(decode(&mut &bytes[..cut], &tenants, &mut Vec::new()), Err(EntryError::Malformed));
    }
}
