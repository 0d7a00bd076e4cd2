//! The hand that a host keeps on the thread that follows for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Follows until it is dropped.
pub(crate) struct Following {
    pub(super) asks: Sender<Ask>,
    /// Whether the registry could not be asked lately.
    pub(super) away: Arc<AtomicBool>,
    pub(super) thread: Option<JoinHandle<()>>,
}

/// What is asked of the thread that follows.
pub(super) enum Ask {
    /// To look at once, and to say when that is done.
    Look(Sender<()>),
    /// To look at once: something was changed.
    Woken,
    Stop,
}

/// How long somebody waits at most until it was looked what is new.
const LOOK: Duration = Duration::from_secs(1);

impl Following {
    /// Looks at once what is new, and waits until this host judges by it: for a moment
    /// only, and not where the registry is known to be away.
    pub(crate) fn fresh(&self) -> Arc<dyn Fn() + Send + Sync> {
        let (asks, away) = (self.asks.clone(), Arc::clone(&self.away));
        Arc::new(move || {
            let (done, looked) = channel();
            if !away.load(Ordering::Relaxed) && asks.send(Ask::Look(done)).is_ok() {
                // what comes later is taken up when it comes
                let _ = looked.recv_timeout(LOOK);
            }
        })
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // a thread that is gone needs not be told
        let _ = self.asks.send(Ask::Stop);
        if let Some(thread) = self.thread.take() {
            // a panic there was told there, and takes nothing else with it
            let _ = thread.join();
        }
    }
}
