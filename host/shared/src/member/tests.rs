//! Members survive as bytes, and are ordered by their positions.

use super::*;

const KINDS: [Kind; 6] =
    [Kind::Text, Kind::Decimal { scale: 2 }, Kind::Instant, Kind::Flag, Kind::Number, Kind::Integer];

fn tag(place: usize) -> Tag {
    [place as u8, 0, 0, 9]
}

fn place(tag: Tag) -> Option<(usize, Kind)> {
    KINDS.get(usize::from(tag[0])).map(|kind| (usize::from(tag[0]), *kind))
}

fn written(position: Position, time: i64, cells: &[Cell<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    put_position(position, &mut out);
    let cells = cells.iter().zip(KINDS).enumerate().map(|(at, (cell, kind))| (tag(at), kind, *cell));
    put_values(time, cells, &mut out);
    out
}

fn position(partition: u32, offset: u64) -> Position {
    Position { source: *b"abcd", partition, offset }
}

fn some_cells() -> [Cell<'static>; 6] {
    [
        Cell::Value(Value::Text("aé")),
        Cell::Value(Value::Decimal(Decimal { units: -5, scale: 2 })),
        Cell::Value(Value::Instant(Instant::from_millis(900).unwrap())),
        Cell::Value(Value::Flag(true)),
        Cell::Value(Value::Number(0.5)),
        Cell::Misread,
    ]
}

#[test]
fn bytes_of_a_member_stay_as_they_are() {
    let bytes = written(position(0, 300), 1_000, &some_cells());
    let expected = [
        &b"abcd"[..],
        &[0],
        &[2, 1, 44],
        &[0xd0, 0x0f],
        &[0, 0, 0, 9, 6, 3, b'a', 0xc3, 0xa9],
        &[1, 0, 0, 9, 3, 9],
        &[2, 0, 0, 9, 4, 0xc7, 0x01],
        &[3, 0, 0, 9, 2],
        &[4, 0, 0, 9, 5, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f],
        &[5, 0, 0, 9, 0],
    ];
    assert_eq!(bytes, expected.concat());
    let member = Member::read(&bytes).unwrap();
    assert_eq!((member.position, member.time, member.name), (position(0, 300), 1_000, &bytes[..8]));
    let mut cells = [Cell::Absent; 6];
    member.values(place, &mut cells).unwrap();
    assert_eq!(cells, some_cells());
}

#[test]
fn members_are_ordered_by_their_positions() {
    let offsets = [0, 1, 255, 256, 65_535, 65_536, u64::from(u32::MAX), u64::MAX];
    let all: Vec<_> = [0, 1, 255, 256, u32::MAX]
        .into_iter()
        .flat_map(|partition| offsets.map(|offset| written(position(partition, offset), 7, &[])))
        .collect();
    assert!(all.is_sorted(), "{all:?}");
    for bytes in &all {
        let member = Member::read(bytes).unwrap();
        assert_eq!(&written(member.position, 7, &[]), bytes);
    }
}

#[test]
fn a_text_that_is_too_long_stays_so_and_no_longer_than_that() {
    let long = format!("{}éé", "x".repeat(TEXT_BYTES_MAX - 1));
    let mut cells = [Cell::Absent; 6];
    let bytes = written(position(0, 1), 0, &[Cell::Value(Value::Text(&long))]);
    Member::read(&bytes).unwrap().values(place, &mut cells).unwrap();
    let Cell::Value(Value::Text(text)) = cells[0] else { panic!("{:?}", cells[0]) };
    assert_eq!(text.len(), TEXT_BYTES_MAX + 1);
}

#[test]
fn a_field_that_nobody_knows_is_skipped_and_one_of_another_kind_cannot_be_read() {
    let bytes = written(position(0, 1), 0, &some_cells());
    let member = Member::read(&bytes).unwrap();
    let mut cells = [Cell::Absent; 6];
    member.values(|tag| place(tag).filter(|(at, _)| *at == 1), &mut cells).unwrap();
    assert_eq!(cells[1], some_cells()[1]);
    assert!(cells.iter().enumerate().all(|(at, cell)| at == 1 || *cell == Cell::Absent));
    member.values(|tag| place(tag).map(|(at, _)| (at, Kind::Text)), &mut cells).unwrap();
    assert_eq!((cells[0], cells[3]), (some_cells()[0], Cell::Misread));
}

#[test]
fn bytes_that_are_no_member_are_refused() {
    let sound = written(position(3, 77), 5, &some_cells());
    let mut cells = [Cell::Absent; 6];
    for cut in 0..sound.len() {
        let read = Member::read(&sound[..cut]).and_then(|member| member.values(place, &mut cells));
        // cut between two values there are only fewer of them
        assert!(read.is_none() || cut > 8, "{cut}");
    }
    for bytes in [&b"abcd\x09"[..], b"abcd\x01\x00\x01\x01\x00", b"abcd\x05\x01\x01\x01\x01\x01\x00\x00"] {
        assert_eq!(Member::read(bytes), None, "{bytes:?}");
    }
    let unknown = [&written(position(0, 1), 5, &[])[..], &[0, 0, 0, 9, 7]].concat();
    assert_eq!(Member::read(&unknown).unwrap().values(place, &mut cells), None);
}
