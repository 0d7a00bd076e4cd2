//! Guests in WebAssembly text, wrapped into components of the contract.

use sandgate_model::{Fault, Kind};
use sandgate_sandbox::{Config, Policy, Rows, Sandbox, Ticker, Verdicts};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract itself.
pub(crate) const WIT: &str = include_str!("../../../../wit/policy.wit");

/// A scoring policy of an integer and a text, with two reasons.
pub(crate) const MANIFEST: &str = r#"{ "schema": 1, "name": "test-guest", "version": "1.0.0", "summary": "",
  "inputs": [ { "name": "n", "kind": "integer", "from": { "field": "n" }, "optional": true },
              { "name": "word", "kind": "text", "from": { "field": "word" } } ],
  "parameters": [ { "name": "limit", "kind": "integer", "default": 3 } ],
  "reasons": [ { "code": "ODD", "effect": "block", "message": "{n} is odd" },
               { "code": "ABSENT", "effect": "note", "message": "no number" } ],
  "score": { "minimum": 0, "maximum": 100, "risky": "high", "contributions": true } }"#;

/// Fuel that is plenty for a row of these guests.
pub(crate) const BUDGET: u64 = 100_000;

/// The parts of a guest; what a test does not care about is left as it is.
pub(crate) struct Guest<'a> {
    /// What `describe` returns.
    pub(crate) manifest: &'a str,
    /// Declarations beside the memory.
    pub(crate) module: &'a str,
    /// Instructions that run before `describe` answers.
    pub(crate) describe: &'a str,
    /// The body of `judge`: `$in` points at its arguments, and it ends with a pointer to the verdicts.
    pub(crate) judge: &'a str,
    /// Pages of memory.
    pub(crate) pages: u32,
}

/// Answers nothing about anything.
pub(crate) const SILENT: &str = "(i32.const 32)";

impl Default for Guest<'_> {
    fn default() -> Self {
        Guest { manifest: MANIFEST, module: "", describe: "", judge: SILENT, pages: 2 }
    }
}

impl Guest<'_> {
    /// The core module, as text. Addresses: 16 what `describe` returns, 32 an
    /// answer, 64 the manifest, behind it whatever is allocated.
    pub(crate) fn text(&self) -> String {
        let Guest { manifest, module, describe, judge, pages } = self;
        let escaped: String = manifest.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let length = manifest.len();
        let heap = (64 + length).next_multiple_of(16);
        let pages = u32::try_from(heap.div_ceil(65_536)).unwrap().max(*pages);
        format!(
            r#"(module
  (memory (export "memory") {pages})
  (data (i32.const 64) "{escaped}")
  (global $next (mut i32) (i32.const {heap}))
  {module}
  ;; allocates at the next multiple of 8, growing the memory
  (func $alloc (param $size i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))))))
    (local.get $at))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
  (func (export "sandgate:policy/policy@0.1.0#describe") (result i32)
    {describe}
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const {length}))
    (i32.const 16))
  (func (export "sandgate:policy/policy@0.1.0#judge") (param $in i32) (result i32)
    (local $i i32) (local $n i64)
    {judge}))"#
        )
    }

    pub(crate) fn component(&self) -> Vec<u8> {
        component(&self.text(), WIT)
    }

    pub(crate) fn load(&self) -> Policy {
        sandbox(Config::default()).load(&self.component()).unwrap()
    }
}

/// Wraps a core module into a component of the one world of some WIT.
pub(crate) fn component(text: &str, wit: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_source("policy.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// Puts so many instances of a core module beside what a component has.
pub(crate) fn beside(component: &[u8], module: &str, instances: u8) -> Vec<u8> {
    let core = wat::parse_str(module).unwrap();
    let mut all = component.to_vec();
    // a section: its number, its length, its content
    let mut section = |number: u8, content: &[u8]| {
        all.push(number);
        // a length of up to 14 bits, the lower seven first
        let length = u16::try_from(content.len()).ok().filter(|length| *length < 1 << 14).unwrap();
        all.extend([(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
        all.extend_from_slice(content);
    };
    // the module becomes the second one, behind the guest's own
    section(1, &core);
    let instance = [0, 1, 0];
    section(2, &[&[instances][..], &instance.repeat(instances.into())].concat());
    all
}

/// A sandbox whose epoch only moves where the test moves it.
pub(crate) fn sandbox(config: Config) -> Sandbox {
    Sandbox::new(Config { ticker: Ticker::Hand, slots: 4, ..config }).unwrap()
}

/// Rows of the manifest above.
pub(crate) fn rows(values: &[(Option<i64>, &str)]) -> Rows {
    let mut rows = Rows::new();
    for (n, word) in values {
        match n {
            Some(n) => rows.push_integer(*n),
            None => rows.push_absent(Kind::Integer),
        }
        rows.push_text(word);
        rows.end_row();
    }
    rows
}

/// The parameters of the manifest above.
pub(crate) fn parameters() -> Rows {
    let mut parameters = Rows::new();
    parameters.push_integer(3);
    parameters.end_row();
    parameters
}

/// Judges one row and gives its fault.
pub(crate) fn fault(policy: &Policy) -> Option<Fault> {
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&[(Some(0), "")]), &parameters(), BUDGET, &mut verdicts);
    verdicts.faults.pop().map(|(_, fault)| fault)
}

/// Stores a list into the answer at 32: its field, its address and its length.
pub(crate) fn list(field: u32, address: u32, length: u32) -> String {
    let at = 32 + field * 8;
    format!(
        "(i32.store (i32.const {at}) (i32.const {address})) (i32.store (i32.const {}) (i32.const {length}))",
        at + 4
    )
}
