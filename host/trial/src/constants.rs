//! What a component may compare its inputs with: texts and numbers that stand in
//! its code and data, as candidates for rows.
//!
//! A rule such as `kind == "refund"` names a word that no chance would draw. A
//! compiler keeps it as bytes in memory with an address and a length in the code,
//! or as numbers of up to eight bytes that it compares with at once; both are
//! looked for. A candidate that means nothing costs a try and nothing else, so
//! nothing here needs to be certain.

use std::collections::BTreeMap;
use wasmparser::{DataKind, Operator, Parser, Payload};

/// Texts and numbers that are kept, at most, of each kind.
const KEPT_MAX: usize = 1_024;
/// Bytes of a text, at most.
const TEXT_MAX: usize = 64;
/// How many constants of a function lie between an address and its length, or
/// between the parts of a text, at most.
const NEAR: usize = 4;

/// Candidates from the code of a component, without doubles, in the order in
/// which they stand there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constants {
    /// Printable texts.
    pub texts: Vec<String>,
    /// Whole numbers: of integers, units of decimals, milliseconds.
    pub integers: Vec<i64>,
    /// Floats.
    pub numbers: Vec<f64>,
}

impl Constants {
    /// Reads a component; of what cannot be read, nothing.
    pub fn of(component: &[u8]) -> Constants {
        let mut constants = Constants::default();
        let mut memory = Memory::default();
        let mut functions: Vec<Vec<i64>> = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            match payload {
                Ok(Payload::DataSection(section)) => {
                    for data in section.into_iter().flatten() {
                        if let DataKind::Active { offset_expr, .. } = &data.kind
                            && let Ok(Operator::I32Const { value }) = offset_expr.get_operators_reader().read()
                        {
                            memory.0.insert(value as u32, data.data.to_vec());
                        }
                    }
                }
                Ok(Payload::CodeSectionEntry(body)) => {
                    let Ok(operators) = body.get_operators_reader() else { continue };
                    let mut function = Vec::new();
                    for operator in operators.into_iter().map_while(Result::ok) {
                        match operator {
                            Operator::I32Const { value } => function.push(i64::from(value)),
                            Operator::I64Const { value } => function.push(value),
                            Operator::F64Const { value } => constants.number(f64::from_bits(value.bits())),
                            _ => {}
                        }
                    }
                    functions.push(function);
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        for function in &functions {
            function.iter().for_each(|constant| constants.integer(*constant));
            constants.slices(function, &memory);
            constants.immediate(function);
        }
        constants
    }

    /// Texts by address and length.
    fn slices(&mut self, function: &[i64], memory: &Memory) {
        for (at, address) in function.iter().enumerate() {
            let near = at.saturating_sub(NEAR)..(at + NEAR + 1).min(function.len());
            for length in &function[near] {
                let length = usize::try_from(*length).ok().filter(|length| (1..=TEXT_MAX).contains(length));
                if let Some(bytes) = length.and_then(|length| memory.slice(*address, length)) {
                    self.text(bytes);
                }
            }
        }
    }

    /// Texts that are compared as numbers: eight bytes at a time and a rest, which
    /// may overlap.
    fn immediate(&mut self, function: &[i64]) {
        let parts: Vec<Vec<u8>> = function.iter().map(|constant| part(*constant)).collect();
        for (at, part) in parts.iter().enumerate() {
            self.text(part);
            if part.len() < 2 {
                continue;
            }
            let mut texts = vec![part.clone()];
            for next in parts.iter().skip(at + 1).take(NEAR).filter(|next| !next.is_empty()) {
                let longer: Vec<Vec<u8>> = texts.iter().flat_map(|text| joined(text, next)).collect();
                longer.iter().for_each(|text| self.text(text));
                texts.extend(longer.into_iter().filter(|text| text.len() < TEXT_MAX));
                texts.truncate(16);
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let sound = !text.is_empty() && text.chars().all(|c| !c.is_control());
        if sound && self.texts.len() < KEPT_MAX && !self.texts.iter().any(|known| known == text) {
            self.texts.push(text.to_owned());
        }
    }

    fn integer(&mut self, integer: i64) {
        if self.integers.len() < KEPT_MAX && !self.integers.contains(&integer) {
            self.integers.push(integer);
        }
    }

    fn number(&mut self, number: f64) {
        if number.is_finite() && self.numbers.len() < KEPT_MAX && !self.numbers.contains(&number) {
            self.numbers.push(number);
        }
    }
}

/// The bytes of a constant, if all of them are those of a text.
fn part(constant: i64) -> Vec<u8> {
    let bytes = constant.to_le_bytes();
    // one of four bytes whose last is no letter is negative
    let bytes = if i32::try_from(constant).is_ok() { &bytes[..4] } else { &bytes[..] };
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let part = &bytes[..length];
    // bytes of a longer character may be cut anywhere; the whole is checked later
    if part.iter().all(|byte| (0x20..0x7f).contains(byte) || *byte >= 0x80) { part.to_vec() } else { Vec::new() }
}

/// Two parts behind each other, and laid over each other as far as they agree.
fn joined(text: &[u8], next: &[u8]) -> Vec<Vec<u8>> {
    let most = text.len().min(next.len()).saturating_sub(1);
    let overlaps = (0..=most).filter(|shared| text.ends_with(&next[..*shared]));
    overlaps.map(|shared| [text, &next[shared..]].concat()).collect()
}

/// What is in memory before anything runs, by address.
#[derive(Default)]
struct Memory(BTreeMap<u32, Vec<u8>>);

impl Memory {
    fn slice(&self, address: i64, length: usize) -> Option<&[u8]> {
        let address = u32::try_from(address).ok()?;
        let (start, bytes) = self.0.range(..=address).next_back()?;
        let from = (address - start) as usize;
        bytes.get(from..from.checked_add(length)?)
    }
}
