//! The signals that end a host: SIGTERM and SIGINT set a flag, once; the second
//! one ends the process as if nobody listened.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the flag when this process is told to end.
///
/// # Errors
/// Where the system does not take a listener.
pub fn stop_on_signal(stop: Arc<AtomicBool>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut term, mut interrupt) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    std::thread::Builder::new().name("sandgate-signals".to_owned()).spawn(move || {
        let mut heard = async || {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        runtime.block_on(heard());
        stop.store(true, Ordering::Release);
        runtime.block_on(heard());
        std::process::exit(130);
    })?;
    Ok(())
}
