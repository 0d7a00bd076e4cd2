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
mod report;
mod wake;

use crate::config::Offered;
use crate::config::control::Control;
use crate::config::workshop::Workshop;
use crate::sets::shelf::{Shelf, Standing};
use crate::sets::stock::{Asked, Kept};
use crate::sets::{Ground, Step, Trouble, document};
use anyhow::Context as _;
use report::Told;
pub(crate) use report::now;
use sandgate_control::{Imported, New, Pointer, Registry, Who};
use sandgate_engine::Engine;
use sandgate_engine::generation::Generation;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SendError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
}

/// A tenant of this host.
#[derive(Default)]
struct Followed {
    ground: Ground,
    /// The generation that judges.
    judges: u64,
    /// Why the active one does not.
    trouble: Option<String>,
    tried: Option<Instant>,
    /// The generation of which it was found out last that a policy of it is hopeless.
    hopeless: Option<u64>,
}

impl Followed {
    /// Tells the engine of all generations that may have decided, here or elsewhere.
    fn tell(&self, tenant: &str, engine: &Engine) {
        self.ground.sets().for_each(|(number, set)| engine.knows(tenant, number, set));
    }
}

/// Follows until it is dropped.
pub(crate) struct Following {
    asks: Sender<Ask>,
    /// Whether the registry could not be asked lately.
    away: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What is asked of the thread that follows.
enum Ask {
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

    /// What is active, as the registry says.
    fn standing(&self) -> Result<Vec<Standing>, sandgate_control::Error> {
        let of = |Pointer { tenant, active, newest, .. }| Standing { tenant, active, newest };
        Ok(self.registry.tenants()?.into_iter().map(of).collect())
    }

    /// Makes ready what judges first.
    fn start(&mut self, standing: &Standing) -> Result<Generation, Trouble> {
        let mut followed = Followed::default();
        let generation = self.make(&mut followed.ground, standing)?;
        followed.judges = standing.active;
        self.tenants.insert(standing.tenant.clone(), followed);
        Ok(generation)
    }

    /// Makes ready what is active, on the ground of all that there is.
    fn make(&self, ground: &mut Ground, standing: &Standing) -> Result<Generation, Trouble> {
        let Standing { tenant, active, newest } = standing;
        let asked = Asked { registry: &self.registry, local: &[] };
        let stock = Kept { asked, shelf: &self.shelf };
        match ground.fold(tenant, *newest, &self.workshop, &stock)? {
            // a change that is new is mostly the one that is active
            Some(last) if last.number == *active => Ok(last),
            _ => ground.make(tenant, *active, &self.workshop, &stock),
        }
    }

    /// Follows, on a thread of its own.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(crate) fn follow(mut self, engine: Arc<Engine>, touch: Touch) -> std::io::Result<Following> {
        self.tenants.iter().for_each(|(tenant, followed)| followed.tell(tenant, &engine));
        let (asks, asked) = channel();
        let follows = Arc::new(());
        if let Some(wake) = self.control.wake() {
            wake::begin(wake, asks.clone(), Arc::downgrade(&follows))?;
        }
        let away = Arc::new(AtomicBool::new(false));
        let is_away = Arc::clone(&away);
        let thread = std::thread::Builder::new().name("sandgate-follow".to_owned()).spawn(move || {
            let mut waiting = Vec::new();
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
                match asked.recv_timeout(self.control.poll) {
                    Ok(Ask::Look(done)) => waiting.push(done),
                    Ok(Ask::Woken) | Err(RecvTimeoutError::Timeout) => {}
                    Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                }
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
        let again = self.tenants.values().any(|followed| followed.tried.is_some_and(|tried| tried.elapsed() >= AGAIN));
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
        let runs = report::runs(engine, self.tenants.iter().map(|(tenant, followed)| (tenant, &followed.trouble)));
        self.told.tell(&self.registry, &self.control.host, runs)
    }

    /// Lets a tenant judge by what is active, where this host has that tenant.
    fn come_along(&mut self, standing: &Standing, engine: &Engine, touch: &Touch) {
        let Some(mut followed) = self.tenants.remove(&standing.tenant) else { return };
        let runs_it = followed.judges == standing.active;
        if runs_it && followed.ground.folded() >= standing.newest {
            // also after a change was taken back that this host could not follow
            (followed.trouble, followed.tried) = (None, None);
        } else {
            let began = Instant::now();
            let made = self.make(&mut followed.ground, standing);
            followed.tell(&standing.tenant, engine);
            let (tenant, generation, judges) = (&standing.tenant, standing.active, followed.judges);
            match made.and_then(|generation| swap(generation, engine, touch)) {
                Ok(()) => {
                    tracing::info!(%tenant, generation, took = ?began.elapsed(), "policy set");
                    followed.judges = generation;
                    (followed.trouble, followed.tried) = (None, None);
                }
                Err(trouble) if runs_it => {
                    tracing::warn!(%tenant, generation, %trouble, "a policy set that is not active cannot be made here, nor can those behind it");
                    (followed.trouble, followed.tried) = (None, Some(Instant::now()));
                }
                Err(trouble) => {
                    tracing::error!(%tenant, generation, judges, %trouble, "the active policy set cannot judge here; the one before goes on");
                    followed.trouble = Some(format!("generation {generation}, {trouble}"));
                    followed.tried = Some(Instant::now());
                }
            }
        }
        self.tenants.insert(standing.tenant.clone(), followed);
    }
}

/// Lets a generation judge.
fn swap(mut generation: Generation, engine: &Engine, touch: &Touch) -> Result<(), Trouble> {
    let switch = |why| Trouble { step: Step::Switch, why };
    generation.warm();
    touch(&mut generation).map_err(switch)?;
    engine.swap(generation).map_err(|unfit| switch(unfit.to_string()))
}

/// Waits before somebody looks again.
#[expect(clippy::disallowed_methods, reason = "a verb that waits for hosts has nothing else to do")]
pub(crate) fn rest(time: Duration) {
    std::thread::sleep(time);
}
