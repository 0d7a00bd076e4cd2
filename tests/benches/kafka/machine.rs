//! What a process has used of the machine.

use std::time::Duration;

/// A process that is watched.
#[derive(Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// The time that its threads have run.
    pub(crate) fn cpu(self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).expect("the process runs");
        // behind the name, which may hold anything
        let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().map(|at| fields[*at].parse::<u64>().expect("ticks")).sum();
        // the kernel counts in hundredths of a second wherever Linux runs today
        Duration::from_millis(ticks * 10)
    }

    /// The most memory that it held at once, in MB.
    pub(crate) fn resident_most(self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024 / 1_000_000
    }
}
