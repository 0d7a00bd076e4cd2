//! How a host takes its policy sets from the registry, and follows it while it works.
//!
//! At the start the tenants' files are offered to the registry, which takes one that is
//! new or changed, and leaves alone what was changed through the registry meanwhile.
//! Then one thread asks a few times a second for one number, and at once where the
//! database tells of changes by itself; where it rose, what is new
//! is brought, made ready beside the work, and swapped in. What cannot be made ready is
//! told, and the host goes on with what it has; so it does while the registry is away,
//! also at a start, from the copy on its disk.

mod back;
mod beside;
mod following;
mod guarding;
mod report;
mod team;
mod wake;

use crate::config::Offered;
use crate::config::control::Control;
use crate::config::workshop::Workshop;
use crate::sets::shelf::{Shelf, Standing};
use crate::sets::stock::{Asked, Kept};
use crate::sets::{Trouble, document};
use anyhow::Context as _;
use beside::Beside;
use following::Ask;
pub(crate) use following::Following;
use guarding::Guarding;
use report::Told;
pub(crate) use report::now;
use sandgate_control::{Imported, New, Registry, Who};
use sandgate_engine::Engine;
use sandgate_engine::generation::Generation;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SendError, Sender, channel};
use std::time::Duration;
use team::Followed;

/// How long what could not be made ready rests before it is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// The last touch to a generation before it judges on this host: what it shares with
/// other lanes, and the copy of its document.
pub(crate) type Touch = Box<dyn Fn(&mut Generation) -> Result<(), String> + Send>;

/// What follows the registry.
pub(crate) struct Follower {
    control: Control,
    registry: Registry,
    shelf: Shelf,
    workshop: Workshop,
    tenants: BTreeMap<String, Followed>,
    /// The revision up to which all is done that can be done.
    seen: Option<u64>,
    told: Told,
    guarding: Guarding,
}

impl Follower {
    /// Offers the tenants' files, and makes ready what is active. `notes` hears what an
    /// operator should know.
    ///
    /// # Errors
    /// Where a tenant's active generation cannot be had or made.
    pub(crate) fn begin(
        control: &Control,
        workshop: Workshop,
        offered: &[Offered],
        state: &Path,
        notes: &mut dyn FnMut(String),
    ) -> anyhow::Result<(Follower, Vec<Generation>)> {
        let mut follower = Follower::of(control, workshop, state)?;
        let standing = match follower.offer(offered, notes) {
            Ok(standing) => standing,
            Err(error) if error.downcast_ref::<sandgate_control::Error>().is_some_and(|error| !error.lasts()) => {
                notes(format!("{error}; this host starts with what was active when it was asked last"));
                follower.shelf.standing()
            }
            Err(error) => return Err(error),
        };
        let generations = follower.ready(&standing, offered)?;
        Ok((follower, generations))
    }

    /// What is active for these tenants, for who only looks: nothing is offered.
    ///
    /// # Errors
    /// As [`Follower::begin`].
    pub(crate) fn known(
        control: &Control,
        workshop: Workshop,
        offered: &[Offered],
        state: &Path,
    ) -> anyhow::Result<Vec<Generation>> {
        let mut follower = Follower::of(control, workshop, state)?;
        let standing = match follower.standing() {
            Err(error) if !error.lasts() => follower.shelf.standing(),
            standing => standing?,
        };
        follower.ready(&standing, offered)
    }

    fn of(control: &Control, workshop: Workshop, state: &Path) -> anyhow::Result<Follower> {
        Ok(Follower {
            registry: control.registry()?,
            control: control.clone(),
            shelf: Shelf::at(state.join("control")),
            workshop,
            tenants: BTreeMap::new(),
            seen: None,
            told: Told::default(),
            guarding: Guarding::default(),
        })
    }

    /// Makes ready what judges first, for each tenant.
    fn ready(&mut self, standing: &[Standing], offered: &[Offered]) -> anyhow::Result<Vec<Generation>> {
        let mut generations = Vec::new();
        for Offered { tenant, .. } in offered {
            let active = standing.iter().find(|standing| standing.tenant == *tenant).with_context(|| {
                format!("nothing is known of tenant {tenant} on this host's disk, and the registry cannot be asked: start it again when it can")
            })?;
            let generation = self.start(active).map_err(|trouble| {
                anyhow::anyhow!(
                    "generation {} of tenant {tenant}, which is active, cannot judge here ({trouble}): roll it back \
                     with `sandgate rollback`, or mend what is in its way",
                    active.active
                )
            })?;
            generations.push(generation);
        }
        Ok(generations)
    }

    /// Offers the files to the registry; answers what is active then.
    fn offer(&mut self, offered: &[Offered], notes: &mut dyn FnMut(String)) -> anyhow::Result<Vec<Standing>> {
        let who =
            Who { actor: format!("host {}", self.control.host), origin: String::new(), why: "its file".to_owned() };
        let known = self.shelf.standing();
        if !known.is_empty() && self.registry.revision()? == 0 {
            anyhow::bail!(
                "the registry is empty, and this host has followed one before: bring that back, or remove {} to begin \
                 with the files",
                self.shelf.place().display()
            );
        }
        for Offered { tenant, file, set } in offered {
            let resolved = document::resolve(file)?;
            for (_, digest, bytes) in &resolved.components {
                self.shelf.keep_component(digest, bytes)?;
            }
            document::bring(&resolved.components, &self.registry, &self.workshop, (&who, now()))?;
            let new = New { document: &resolved.text, set: *set, from_file: None, expected: None };
            match self.registry.import(tenant, &new, &who, now())? {
                Imported::Active { number, .. } => {
                    notes(format!("{}: is generation {number} of tenant {tenant} from now on", file.display()));
                }
                Imported::Reported { why, .. } => notes(format!("{}: {why}", file.display())),
                Imported::Unchanged { .. } => {}
            }
        }
        let standing = self.standing()?;
        self.shelf.keep_standing(&standing)?;
        Ok(standing)
    }

    /// What is active and on trial, as the registry says.
    fn standing(&mut self) -> Result<Vec<Standing>, sandgate_control::Error> {
        let pointers = self.registry.tenants()?;
        let standing = pointers.iter().map(team::standing).collect();
        self.guarding.looks_at(pointers);
        Ok(standing)
    }

    /// Makes ready what judges first.
    fn start(&mut self, standing: &Standing) -> Result<Generation, Trouble> {
        let mut followed = Followed::default();
        let asked = Asked { registry: &self.registry, local: &[] };
        let generation = followed.first(standing, &self.workshop, &Kept { asked, shelf: &self.shelf })?;
        self.tenants.insert(standing.tenant.clone(), followed);
        Ok(generation)
    }

    /// Follows, on a thread of its own.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(crate) fn follow(mut self, engine: Arc<Engine>, touch: Touch) -> std::io::Result<Following> {
        self.tenants.iter().for_each(|(tenant, followed)| followed.tell(tenant, &engine));
        self.guarding.goes_on(&self.registry, &self.control.host);
        // before the first record: whose an account was before a restart, it is again
        for standing in self.shelf.standing() {
            if standing.canary.is_some() || !standing.shadows.is_empty() {
                self.come_along(&standing, &engine, &touch);
            }
        }
        let (asks, asked) = channel();
        let follows = Arc::new(());
        if let Some(wake) = self.control.wake() {
            wake::begin(wake, asks.clone(), Arc::downgrade(&follows))?;
        }
        let away = Arc::new(AtomicBool::new(false));
        let is_away = Arc::clone(&away);
        let thread = std::thread::Builder::new().name("sandgate-follow".to_owned()).spawn(move || {
            let mut waiting = Vec::new();
            let mut beside = Beside::of(&engine);
            loop {
                let looked = self.look(&engine, &touch);
                is_away.store(looked.is_err(), Ordering::Relaxed);
                if let Err(error) = looked {
                    self.told.away(&error);
                }
                // who does not wait any more has gone on
                for done in waiting.drain(..) {
                    let _: Result<(), SendError<()>> = Sender::send(&done, ());
                }
                beside.begin();
                match asked.recv_timeout(self.patience()) {
                    Ok(Ask::Look(done)) => waiting.push(done),
                    Ok(Ask::Woken) | Err(RecvTimeoutError::Timeout) => {}
                    Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            beside.end();
            if let Err(error) = self.guard(true) {
                tracing::debug!(%error, "the registry does not hear what was counted last");
            }
            drop(follows);
            // it runs nothing any more
            if let Err(error) = self.registry.report(&self.control.host, &[], now()) {
                tracing::debug!(%error, "the registry does not hear that this host has ended");
            }
        })?;
        Ok(Following { asks, away, thread: Some(thread) })
    }

    /// Looks once what is new, and says what this host runs.
    fn look(&mut self, engine: &Engine, touch: &Touch) -> Result<(), sandgate_control::Error> {
        let revision = self.registry.revision()?;
        if revision == 0 && self.seen.is_some_and(|seen| seen > 0) {
            // it is gone, and nothing is told to what stands in its place
            self.told.gone();
            return Ok(());
        }
        self.told.back();
        let revision = if self.bring_back(engine)? { self.registry.revision()? } else { revision };
        let again = self.tenants.values().any(|followed| followed.rested(AGAIN));
        if self.seen != Some(revision) || again {
            let standing = self.standing()?;
            for standing in &standing {
                self.come_along(standing, engine, touch);
            }
            if let Err(error) = self.shelf.keep_standing(&standing) {
                tracing::warn!(%error, "a start without the registry would begin with what was active before");
            }
            self.seen = Some(revision);
        }
        let runs = report::runs(engine, self.tenants.iter().map(|(tenant, followed)| (tenant, followed.trouble())));
        self.told.tell(&self.registry, &self.control.host, runs)?;
        self.guard(false)
    }

    /// How long it may wait until it looks again: guards are looked at every second.
    fn patience(&self) -> Duration {
        let counts = self.tenants.values().any(Followed::counts);
        if counts { self.control.poll.min(guarding::EVERY) } else { self.control.poll }
    }

    /// Tells what is counted, and stops what broke a guard.
    fn guard(&mut self, at_once: bool) -> Result<(), sandgate_control::Error> {
        let counted = self.tenants.iter().flat_map(|(tenant, followed)| followed.counted(tenant));
        self.guarding.guard(&self.registry, &self.control.host, counted, at_once)
    }

    /// Lets a tenant judge by what is active and on trial, where this host has that tenant.
    fn come_along(&mut self, standing: &Standing, engine: &Engine, touch: &Touch) {
        let Some(mut followed) = self.tenants.remove(&standing.tenant) else { return };
        let asked = Asked { registry: &self.registry, local: &[] };
        let stock = Kept { asked, shelf: &self.shelf };
        followed.come_along(standing, (&self.workshop, &stock), engine, (touch, &self.guarding));
        self.tenants.insert(standing.tenant.clone(), followed);
    }
}

/// Waits before somebody looks again.
#[expect(clippy::disallowed_methods, reason = "a verb that waits for hosts has nothing else to do")]
pub(crate) fn rest(time: Duration) {
    std::thread::sleep(time);
}
