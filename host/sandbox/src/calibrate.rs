//! What a microsecond costs in fuel on this machine.
//!
//! Only a report: budgets become fuel by a constant of the configuration, the
//! same on every machine, so that every machine gives the same answers.

use crate::{Sandbox, SetupError};
use std::time::Instant;
use wasmtime::{Instance, Module, Store};

/// Rounds of the loop in a measurement: about a millisecond.
const ROUNDS: i32 = 100_000;
/// Measurements.
const SAMPLES: usize = 101;

/// Units of fuel that this machine burns in a microsecond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// In the slowest of the measurements.
    pub lowest: f64,
    /// A tenth of the measurements were slower.
    pub tenth: f64,
    /// In the middle one.
    pub median: f64,
    /// A tenth of the measurements were faster.
    pub ninetieth: f64,
    /// In the fastest one.
    pub highest: f64,
}

impl Sandbox {
    /// Measures fuel per microsecond with a guest that mixes integer and float
    /// arithmetic, memory and branches. Takes about a tenth of a second.
    ///
    /// # Errors
    /// Where the engine cannot run the guest.
    pub fn calibrate(&self) -> Result<Calibration, SetupError> {
        self.measure().map_err(|error| SetupError::Engine { slots: 1, cause: format!("{error:#}") })
    }

    fn measure(&self) -> wasmtime::Result<Calibration> {
        let module = Module::new(self.engine(), GUEST)?;
        let mut store = Store::new(self.engine(), ());
        let mut samples = Vec::with_capacity(SAMPLES);
        store.set_fuel(u64::MAX)?;
        store.set_epoch_deadline(u64::MAX / 2);
        let run = Instance::new(&mut store, &module, &[])?.get_typed_func::<i32, i64>(&mut store, "run")?;
        run.call(&mut store, ROUNDS)?;
        for _ in 0..SAMPLES {
            let fuel = store.get_fuel()?;
            let start = Instant::now();
            run.call(&mut store, ROUNDS)?;
            let nanos = start.elapsed().as_nanos().max(1);
            samples.push((fuel - store.get_fuel()?) as f64 * 1_000.0 / nanos as f64);
        }
        samples.sort_by(f64::total_cmp);
        let [lowest, tenth, median, ninetieth, highest] = [0, 10, 50, 90, 100].map(|percent| samples[percent]);
        Ok(Calibration { lowest, tenth, median, ninetieth, highest })
    }
}

/// A core module, because a loop needs no contract; written as bytes, because
/// the host has no reader of WebAssembly text. The test has the text.
#[rustfmt::skip]
const GUEST: &[u8] = &[
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7e,
    0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x07, 0x01, 0x03, 0x72, 0x75, 0x6e,
    0x00, 0x00, 0x0a, 0x67, 0x01, 0x65, 0x03, 0x01, 0x7e, 0x01, 0x7c, 0x01, 0x7f, 0x03, 0x40, 0x20,
    0x01, 0x42, 0x1f, 0x7e, 0x42, 0x07, 0x7c, 0x21, 0x01, 0x20, 0x01, 0xa7, 0x41, 0xf8, 0xff, 0x03,
    0x71, 0x21, 0x03, 0x20, 0x03, 0x20, 0x01, 0x20, 0x03, 0x29, 0x03, 0x00, 0x85, 0x37, 0x03, 0x00,
    0x20, 0x02, 0x44, 0x00, 0x00, 0x00, 0x00, 0x65, 0xcd, 0xcd, 0x41, 0x63, 0x04, 0x40, 0x20, 0x02,
    0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x3f, 0xa0, 0x21, 0x02, 0x05, 0x44, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x02, 0x0b, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00,
    0x0d, 0x00, 0x0b, 0x20, 0x01, 0x20, 0x02, 0xfc, 0x06, 0x7c, 0x0b,
];

#[cfg(test)]
mod tests {
    use super::GUEST;
    use crate::{Config, Sandbox};

    #[test]
    fn the_guest_is_this_text() {
        let text = r#"(module (memory 1) (func (export "run") (param $rounds i32) (result i64)
            (local $mix i64) (local $sum f64) (local $at i32)
            (loop $again
                (local.set $mix (i64.add (i64.mul (local.get $mix) (i64.const 31)) (i64.const 7)))
                (local.set $at (i32.and (i32.wrap_i64 (local.get $mix)) (i32.const 65528)))
                (i64.store (local.get $at) (i64.xor (local.get $mix) (i64.load (local.get $at))))
                (if (f64.lt (local.get $sum) (f64.const 1e9))
                    (then (local.set $sum (f64.add (local.get $sum) (f64.const 1.5))))
                    (else (local.set $sum (f64.const 0))))
                (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
            (i64.add (local.get $mix) (i64.trunc_sat_f64_s (local.get $sum)))))"#;
        let module = wat::parse_str(text).unwrap();
        // what follows are the names of the text, in a custom section
        let (code, names) = module.split_at(GUEST.len());
        assert_eq!((code, names[0]), (GUEST, 0));
    }

    #[test]
    fn a_microsecond_costs_fuel() {
        let found = Sandbox::new(Config::default()).unwrap().calibrate().unwrap();
        let order = [found.lowest, found.tenth, found.median, found.ninetieth, found.highest];
        assert!(found.lowest > 0.0 && order.is_sorted(), "{found:?}");
    }
}
