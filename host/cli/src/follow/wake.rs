//! Waking the thread that follows, at the moment of a change.

use super::{Ask, rest};
use sandgate_control::Wake;
use std::sync::Weak;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How long one wait takes at most: then it is seen whether anybody follows any more.
const WAIT: Duration = Duration::from_secs(1);
/// How long a registry that cannot be listened to rests.
const AGAIN: Duration = Duration::from_secs(2);

/// Begins to wake, on a thread of its own, for as long as somebody follows.
///
/// # Errors
/// Where no thread can be started.
pub(super) fn begin(mut wake: Wake, asks: Sender<Ask>, follows: Weak<()>) -> std::io::Result<()> {
    let listen = move || {
        while follows.upgrade().is_some() {
            match wake.wait(WAIT) {
                // who has ended needs not be woken
                Ok(true) => _ = asks.send(Ask::Woken),
                Ok(false) => {}
                Err(error) => {
                    // whoever polls tells of it
                    tracing::debug!(%error, "changes are not told, and have to be asked for");
                    rest(AGAIN);
                }
            }
        }
    };
    std::thread::Builder::new().name("sandgate-wake".to_owned()).spawn(listen).map(drop)
}
