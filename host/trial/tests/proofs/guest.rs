//! Guests in WebAssembly text, wrapped into components of the contract: what
//! each row is answered is one expression.

use sandgate_engine::resolve::settings;
use sandgate_model::Value;
use sandgate_sandbox::{Config, Policy, Sandbox};
use sandgate_trial::Sample;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const WIT: &str = include_str!("../../../../wit/policy.wit");

/// Fuel that is plenty for a row of these guests.
pub(crate) const BUDGET: u64 = 100_000;

/// Two integers, one of which may be absent, and an integer parameter.
pub(crate) const MANIFEST: &str = r#"{ "schema": 1, "name": "test-guest", "version": "1.0.0", "summary": "",
  "inputs": [ { "name": "n", "kind": "integer", "from": { "field": "n" } },
              { "name": "m", "kind": "integer", "optional": true, "from": { "field": "m" } } ],
  "parameters": [ { "name": "limit", "kind": "integer", "default": 3 } ],
  "reasons": [ { "code": "FIRST", "effect": "block", "message": "{n} and {m}" },
               { "code": "SECOND", "effect": "note", "message": "{limit}" } ],
  "score": { "minimum": -1e300, "maximum": 1e300, "risky": "high", "contributions": false } }"#;

/// A guest that answers each row by itself.
pub(crate) struct Guest<'a> {
    /// What `describe` returns.
    pub(crate) manifest: &'a str,
    /// What is done once in each call.
    pub(crate) call: &'a str,
    /// What is done with each row: `$n` and `$m` are its inputs (0 where absent),
    /// `$limit` is the parameter, `$i` its place of `$count`; `$before` is the `$n`
    /// of the row before it in the call and `$state` is 0 in a fresh sandbox.
    /// `(call $hit (i32.const 0))` gives the first reason; a score stays on the stack.
    pub(crate) row: &'a str,
}

impl Default for Guest<'_> {
    fn default() -> Self {
        Guest { manifest: MANIFEST, call: "", row: "(f64.const 0)" }
    }
}

impl Guest<'_> {
    pub(crate) fn component(&self) -> Vec<u8> {
        let Guest { manifest, call, row } = self;
        let escaped: String = manifest.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let length = manifest.len();
        let heap = (64 + length).next_multiple_of(16);
        let text = format!(
            r#"(module
  (memory (export "memory") 2)
  (data (i32.const 64) "{escaped}")
  (global $next (mut i32) (i32.const {heap}))
  (global $state (mut i64) (i64.const 0))
  (global $row (mut i32) (i32.const 0))
  (global $hits (mut i32) (i32.const 0))
  (func $alloc (param $size i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))))))
    (local.get $at))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
  (func (export "sandgate:policy/policy@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const {length}))
    (i32.const 16))
  (func $hit (param $reason i32)
    (i32.store (global.get $hits) (global.get $row))
    (i32.store offset=4 (global.get $hits) (local.get $reason))
    (global.set $hits (i32.add (global.get $hits) (i32.const 8))))
  (func (export "sandgate:policy/policy@0.1.0#judge") (param $in i32) (result i32)
    (local $i i32) (local $count i32) (local $hits i32) (local $scores i32) (local $at i32)
    (local $n i64) (local $m i64) (local $limit i64) (local $before i64)
    (local.set $count (i32.load (local.get $in)))
    (local.set $hits (call $alloc (i32.mul (local.get $count) (i32.const 64))))
    (local.set $scores (call $alloc (i32.mul (local.get $count) (i32.const 8))))
    (local.set $limit (i64.load (i32.load offset=48 (local.get $in))))
    (global.set $hits (local.get $hits))
    {call}
    (block $done (loop $rows
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (global.set $row (local.get $i))
      (local.set $at (i32.add (i32.load offset=4 (local.get $in)) (i32.mul (local.get $i) (i32.const 16))))
      (local.set $before (local.get $n))
      (local.set $n (i64.load (local.get $at)))
      (local.set $m (i64.load offset=8 (local.get $at)))
      (f64.store (i32.add (local.get $scores) (i32.mul (local.get $i) (i32.const 8))) (block (result f64) {row}))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $rows)))
    (i32.store (i32.const 32) (local.get $hits))
    (i32.store (i32.const 36) (i32.shr_u (i32.sub (global.get $hits) (local.get $hits)) (i32.const 3)))
    (i32.store (i32.const 40) (local.get $scores))
    (i32.store (i32.const 44) (local.get $count))
    (i64.store (i32.const 48) (i64.const 0))
    (i32.const 32)))"#
        );
        let mut module = wat::parse_str(text).unwrap();
        let mut resolve = Resolve::default();
        let package = resolve.push_source("policy.wit", WIT).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
    }

    pub(crate) fn load(&self) -> Policy {
        Sandbox::new(Config { slots: 4, ..Config::default() }).unwrap().load(&self.component()).unwrap()
    }
}

/// A row of the manifest above, with its default.
pub(crate) fn sample(policy: &Policy, n: i64, m: Option<i64>) -> Sample {
    Sample {
        inputs: vec![Some(Value::Integer(n)), m.map(Value::Integer)],
        settings: settings(policy.manifest(), &[]).unwrap(),
    }
}
