//! The thread on which shadows judge: one for all of them, at the lowest priority that
//! there is, and none before the first shadow.

use sandgate_engine::Engine;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long what waits is still judged once the host has ended.
const DRAIN: Duration = Duration::from_secs(10);
/// How often the thread looks whether it shall end.
const LOOK: Duration = Duration::from_millis(50);

/// The thread, if there is one.
pub(super) struct Beside<'e> {
    engine: &'e Arc<Engine>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl<'e> Beside<'e> {
    /// No thread yet.
    pub(super) fn of(engine: &'e Arc<Engine>) -> Beside<'e> {
        Beside { engine, ends: Arc::default(), thread: None }
    }

    /// Begins, where there are shadows by now.
    pub(super) fn begin(&mut self) {
        if self.thread.is_some() || !self.engine.has_shadows() {
            return;
        }
        let (engine, ends) = (Arc::clone(self.engine), Arc::clone(&self.ends));
        let thread = std::thread::Builder::new().name("sandgate-shadow".to_owned()).spawn(move || {
            native::yield_to_all();
            while !ends.load(Ordering::Relaxed) {
                engine.compare_next(LOOK, &native::worked);
            }
            let since = Instant::now();
            while since.elapsed() < DRAIN && engine.compare_next(Duration::ZERO, &native::worked) {}
            engine.shed();
        });
        match thread {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => tracing::warn!(%error, "no thread can be started for shadows; they are tried again"),
        }
    }

    /// Ends, once what waits is judged or its time is over.
    pub(super) fn end(&mut self) {
        // one that came and went since it was last looked
        self.begin();
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // a panic there was told there, and takes nothing else with it
            let _ = thread.join();
        }
    }
}

/// What only the C library can be asked.
mod native {
    use std::time::Duration;

    /// Lets every other thread go first.
    #[expect(unsafe_code, reason = "the standard library knows no priorities")]
    pub(super) fn yield_to_all() {
        // SAFETY: it takes three numbers; of Linux, 0 is the calling thread. Where it is
        // refused, the thread goes on as it is.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 19) };
    }

    /// How long this thread has worked, without the time in which others did.
    #[expect(unsafe_code, reason = "the standard library has no clock of a thread")]
    pub(super) fn worked() -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is there to be written to.
        let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } != 0;
        let part = |part: i64| u64::try_from(part).unwrap_or(0);
        if failed {
            Duration::ZERO
        } else {
            Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
        }
    }
}
