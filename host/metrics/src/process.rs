//! What the process takes of the machine, as the kernel tells it. Where there is
//! no such file the numbers stay at zero.

use crate::{Gauge, Registry, Time};
use std::fs;
use std::time::Duration;

/// Ticks of a second in which the kernel tells time to programs: the same on every machine.
const TICKS: u64 = 100;

/// Measures the process at each reading.
pub fn measure_process(registry: &Registry) {
    let cpu = registry.time("process_cpu_seconds", "Processor time that the process has taken, all threads together");
    let resident = registry.gauge("process_resident_bytes", "Memory of the process that is in use");
    let files = registry.gauge("process_open_files", "Files and connections that the process has open");
    let threads = registry.gauge("process_threads", "Threads of the process");
    registry.before_reading(move || refresh(&cpu, &resident, &files, &threads));
}

fn refresh(cpu: &Time, resident: &Gauge, files: &Gauge, threads: &Gauge) {
    if let Some(time) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_time) {
        cpu.follow(time);
    }
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        field(&status, "VmRSS:").into_iter().for_each(|kib| resident.set_whole(kib * 1_024));
        field(&status, "Threads:").into_iter().for_each(|count| threads.set_whole(count));
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // the one that reads the folder is of no interest
        files.set_whole((open.count() as u64).saturating_sub(1));
    }
}

/// User and system time, the 14th and 15th field. The second, the name of the
/// program, may hold anything, so the fields are counted behind it.
fn cpu_time(stat: &str) -> Option<Duration> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let (user, system) = (ticks()?, ticks()?);
    Some(Duration::from_millis((user + system) * (1_000 / TICKS)))
}

/// The number behind a name.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{cpu_time, field, measure_process};
    use crate::{Form, Registry};
    use std::time::Duration;

    #[test]
    fn the_kernel_is_understood() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100";
        assert_eq!(cpu_time(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu_time("7 (a"), None);
        assert_eq!(field("Name:\ta\nVmRSS:\t  1024 kB\nThreads:\t4\n", "VmRSS:"), Some(1_024));
        assert_eq!(field("Name:\ta\n", "VmRSS:"), None);
    }

    #[test]
    fn this_process_takes_memory_and_has_files() {
        let registry = Registry::default();
        measure_process(&registry);
        registry.text(Form::Plain);
        assert!(registry.gauge("process_resident_bytes", "").get() > 100_000.0);
        assert!(registry.gauge("process_open_files", "").get() >= 1.0);
        assert!(registry.gauge("process_threads", "").get() >= 1.0);
    }
}
