//! A file system in memory that fails as asked: it fills up, answers with an
//! error, writes short, crashes at a step, flips a bit.
//!
//! After a crash what was synced is there. Of what was not, a file keeps a
//! random beginning of what was added, or the beginning and zeros or noise in
//! place of the rest; a folder keeps a random choice of what was made, renamed
//! and removed in it. All of it follows from a seed.

use super::node::{Change, Node, below};
use super::{Disk, DiskFile, Locked, Sharing};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The file system; clones are the same one.
#[derive(Clone)]
pub(crate) struct Faulty(Arc<Mutex<Inner>>);

struct Inner {
    nodes: Vec<Node>,
    random: ChaCha8Rng,
    locked: bool,
    /// Steps so far: everything that changes something, and every sync.
    steps: u64,
    crash_at: Option<u64>,
    fail_at: Option<u64>,
    room: Option<u64>,
    crashed: bool,
}

/// How a step goes.
#[derive(PartialEq, Eq)]
enum Step {
    Done,
    /// It is the last one, and may have happened or not.
    Crashing {
        happened: bool,
    },
}

impl Inner {
    fn below(&mut self, bound: usize) -> usize {
        below(&mut self.random, bound)
    }

    fn step(&mut self) -> io::Result<Step> {
        if self.crashed {
            return Err(io::Error::other("crashed"));
        }
        self.steps += 1;
        if self.fail_at == Some(self.steps) {
            return Err(io::Error::other("the disk is sick"));
        }
        if self.crash_at == Some(self.steps) {
            self.crashed = true;
            return Ok(Step::Crashing { happened: self.below(2) == 0 });
        }
        Ok(Step::Done)
    }

    /// Does something in one step.
    fn change(&mut self, change: impl FnOnce(&mut Inner) -> io::Result<()>) -> io::Result<()> {
        match self.step()? {
            Step::Done => change(self),
            Step::Crashing { happened } => {
                if happened {
                    change(self)?;
                }
                Err(io::Error::other("crashed"))
            }
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut at = 0;
        for part in path.components() {
            if let Component::Normal(name) = part {
                let Node::Folder { now, .. } = &self.nodes[at] else { return Err(ErrorKind::NotADirectory.into()) };
                at = *now.get(&*name.to_string_lossy()).ok_or(ErrorKind::NotFound)?;
            }
        }
        Ok(at)
    }

    fn names(&mut self, folder: usize, change: Change) -> io::Result<()> {
        let Node::Folder { now, since, .. } = &mut self.nodes[folder] else {
            return Err(ErrorKind::NotADirectory.into());
        };
        change.apply(now);
        since.push(change);
        Ok(())
    }

    fn sync(&mut self, at: usize) {
        self.nodes[at].sync();
    }

    fn split(&self, path: &Path) -> io::Result<(usize, String)> {
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name))
    }
}

impl Faulty {
    /// An empty one without faults.
    pub(crate) fn new(seed: u64) -> Faulty {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Faulty::of(vec![Node::folder()], random)
    }

    fn of(nodes: Vec<Node>, random: ChaCha8Rng) -> Faulty {
        let (crash_at, fail_at, room) = (None, None, None);
        let inner = Inner { nodes, random, locked: false, steps: 0, crash_at, fail_at, room, crashed: false };
        Faulty(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Crashes at a step, counted from now.
    pub(crate) fn crash_after(&self, steps: u64) {
        let mut inner = self.inner();
        inner.crash_at = Some(inner.steps + steps);
    }

    /// Answers one step, counted from now, with an error.
    pub(crate) fn fail_after(&self, steps: u64) {
        let mut inner = self.inner();
        inner.fail_at = Some(inner.steps + steps);
    }

    /// Takes so many bytes more, or any number.
    pub(crate) fn give_room(&self, bytes: Option<u64>) {
        self.inner().room = bytes;
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> u64 {
        self.inner().steps
    }

    /// Whether it has crashed.
    pub(crate) fn has_crashed(&self) -> bool {
        self.inner().crashed
    }

    /// What is there after a crash, now.
    pub(crate) fn survivor(&self) -> Faulty {
        let mut inner = self.inner();
        let nodes = inner.nodes.clone();
        let nodes = nodes.iter().map(|node| node.survivor(&mut inner.random)).collect();
        let seed = inner.random.next_u64();
        Faulty::of(nodes, ChaCha8Rng::seed_from_u64(seed))
    }

    /// An equal one that goes its own way.
    pub(crate) fn copy(&self) -> Faulty {
        let inner = self.inner();
        Faulty::of(inner.nodes.clone(), inner.random.clone())
    }

    /// All files below a folder.
    pub(crate) fn all(&self, under: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for name in self.list(under).unwrap() {
            let path = under.join(name);
            match self.list(&path) {
                Ok(_) => files.extend(self.all(&path)),
                Err(_) => files.push(path),
            }
        }
        files
    }

    /// The bytes of a file, to look at and to damage.
    pub(crate) fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        let at = inner.find(path).unwrap();
        let Node::File { now, synced } = &mut inner.nodes[at] else { panic!("{path:?} is no file") };
        change(now);
        synced.clone_from(now);
    }

    /// The bytes of a file.
    pub(crate) fn bytes(&self, path: &Path) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.damage(path, |held| bytes.clone_from(held));
        bytes
    }
}

impl Disk for Faulty {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut whole = PathBuf::new();
        for part in path.components() {
            whole.push(part);
            let mut inner = self.inner();
            if inner.find(&whole).is_err() {
                inner.change(|inner| {
                    let (above, name) = inner.split(&whole)?;
                    inner.nodes.push(Node::folder());
                    let node = inner.nodes.len() - 1;
                    inner.names(above, Change::Add(name, node))?;
                    inner.sync(above);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inner = self.inner();
        match &inner.nodes[inner.find(folder)?] {
            Node::Folder { now, .. } => Ok(now.keys().cloned().collect()),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn read(&self, file: &Path) -> io::Result<(Box<dyn Read>, u64)> {
        let inner = self.inner();
        match &inner.nodes[inner.find(file)?] {
            Node::File { now, .. } => Ok((Box::new(io::Cursor::new(now.clone())), now.len() as u64)),
            Node::Folder { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn create(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut inner = self.inner();
        let node = inner.nodes.len();
        inner.change(|inner| {
            let (above, name) = inner.split(file)?;
            inner.nodes.push(Node::file());
            inner.names(above, Change::Add(name, node))
        })?;
        Ok(Box::new(Handle { disk: self.clone(), node }))
    }

    fn extend(&self, file: &Path, length: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut inner = self.inner();
        let node = inner.find(file)?;
        inner.change(|inner| {
            if let Node::File { now, .. } = &mut inner.nodes[node] {
                now.truncate(length as usize);
            }
            inner.sync(node);
            Ok(())
        })?;
        Ok(Box::new(Handle { disk: self.clone(), node }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner().change(|inner| {
            let node = inner.find(from)?;
            let ((above, from), (same, to)) = (inner.split(from)?, inner.split(to)?);
            assert_eq!(above, same, "renamed within a folder only");
            let names = match &inner.nodes[above] {
                Node::Folder { now, .. } => now,
                Node::File { .. } => return Err(ErrorKind::NotADirectory.into()),
            };
            if names.get(&to).is_some_and(|there| matches!(inner.nodes[*there], Node::Folder { .. })) {
                return Err(ErrorKind::DirectoryNotEmpty.into());
            }
            inner.names(above, Change::Rename(from, to, node))
        })
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.inner().change(|inner| {
            let (above, name) = inner.split(file)?;
            inner.find(file)?;
            inner.names(above, Change::Remove(name))
        })
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        for name in self.list(folder)? {
            self.remove(&folder.join(name))?;
        }
        self.remove(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.inner().change(|inner| {
            let at = inner.find(folder)?;
            inner.sync(at);
            Ok(())
        })
    }

    fn lock(&self, _: &Path, _: Sharing) -> io::Result<Locked> {
        let mut inner = self.inner();
        if inner.locked {
            return Ok(Locked::Busy(Some(7)));
        }
        inner.locked = true;
        Ok(Locked::Held(Box::new(Lock(self.clone()))))
    }
}

struct Lock(Faulty);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.inner().locked = false;
    }
}

struct Handle {
    disk: Faulty,
    node: usize,
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.disk.inner();
        let step = inner.step()?;
        // now and then only a part is taken
        let mut taken = if inner.below(4) == 0 { 1 + inner.below(bytes.len()) } else { bytes.len() };
        if step != Step::Done {
            taken = inner.below(bytes.len() + 1);
        } else if let Some(room) = inner.room {
            if room == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            taken = taken.min(room as usize);
            inner.room = Some(room - taken as u64);
        }
        if let Node::File { now, .. } = &mut inner.nodes[self.node] {
            now.extend_from_slice(&bytes[..taken]);
        }
        if step == Step::Done { Ok(taken) } else { Err(io::Error::other("crashed")) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for Handle {
    fn sync(&mut self) -> io::Result<()> {
        let node = self.node;
        self.disk.inner().change(|inner| {
            inner.sync(node);
            Ok(())
        })
    }
}
