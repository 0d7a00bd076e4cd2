//! The configuration files of a host, read and checked as a whole: all problems
//! of all files are reported at once, each with its line, its key and the mend.
//!
//! The reading is by hand rather than by a derive, because a derive stops at the
//! first problem and knows neither lines nor what a key was meant to be.

mod admin;
mod contained;
pub(crate) mod control;
#[cfg(test)]
mod documented;
mod host;
pub(crate) mod kafka;
pub(crate) mod secret;
mod shared;
mod source;
pub(crate) mod tags;
pub(crate) mod telemetry;
mod tenant;
pub(crate) mod workshop;

use control::Control;
use host::Settings;
use kafka::{Kafka, OfSource, Unready};
use sandgate_engine::document::Document;
use sandgate_engine::generation::{Generation, SiteSource};
use sandgate_files::key::Key;
use sandgate_files::{Content, File, Node, Report, Section};
use sandgate_model::schema::Schema;
use sandgate_model::{Digest, Outcome};
use sandgate_sandbox::{Sandbox, SetupError};
use sandgate_tags::Location;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tags::Tags;
use telemetry::Telemetry;
use workshop::{Beside, Components, Workshop};

/// A host, set up from its files and ready to judge.
pub(crate) struct Host {
    /// The sources, of which one at least is judged.
    pub(crate) sources: Vec<Source>,
    /// Where decisions go, if the file says so.
    pub(crate) sink: Option<PathBuf>,
    /// How the engine works.
    pub(crate) engine: EngineSettings,
    /// Where and how a lane's state is kept.
    pub(crate) state: StateSettings,
    /// Where tags are kept.
    pub(crate) tags: Tags,
    /// How it works with Kafka, if it does.
    pub(crate) kafka: Option<Kafka>,
    /// How it tells about itself.
    pub(crate) telemetry: Telemetry,
    /// Where its policy sets come from, if not from files alone.
    pub(crate) control: Option<Control>,
    /// Where its admin API answers, if it has one.
    pub(crate) admin: Option<sandgate_server::admin::Settings>,
    /// One generation for each tenant, as its file says.
    pub(crate) generations: Vec<Generation>,
    /// The tenants' files and the components that they name, with what each is.
    pub(crate) files: Vec<(PathBuf, &'static str)>,
    /// What makes generations of documents.
    pub(crate) workshop: Workshop,
    /// The tenants' files, for a registry.
    pub(crate) offered: Vec<Offered>,
    /// Its own file, for notes at its lines.
    file: File,
}

/// A tenant's file, as it is offered to a registry.
pub(crate) struct Offered {
    /// The tenant.
    pub(crate) tenant: String,
    /// Its file.
    pub(crate) file: PathBuf,
    /// The digest of the policy set that it makes.
    pub(crate) set: Digest,
}

/// A source of records.
pub(crate) struct Source {
    /// What its records look like.
    pub(crate) schema: Arc<Schema>,
    /// Whether its records only feed windows, and are not judged.
    pub(crate) observe: bool,
    /// The file it is read from, if the configuration names one.
    pub(crate) path: Option<PathBuf>,
    /// Its topic, if it has one.
    pub(crate) kafka: OfSource,
}

/// The `[engine]` section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineSettings {
    /// The most rows of a batch.
    pub(crate) batch: usize,
    /// Units of fuel for a microsecond of budget.
    pub(crate) fuel_per_us: u64,
    /// What is decided about an id that was used before with another content.
    pub(crate) reused_id: Outcome,
    /// One transaction of so many is judged again alone; 0 for none.
    pub(crate) sample: u64,
}

/// The `[state]` section.
#[derive(Clone, Debug)]
pub(crate) struct StateSettings {
    /// The folder.
    pub(crate) path: PathBuf,
    /// What bounds a lane.
    pub(crate) bounds: sandgate_state::Settings,
    /// How long decisions of a file lane may wait for their commit.
    pub(crate) commit: Duration,
    /// Bytes of journal that are worth a snapshot, at least.
    pub(crate) snapshot: u64,
    /// Which series lanes share, and where.
    pub(crate) shared: shared::Sharing,
}

/// What a tenant file says, with its place, so that problems found later can be
/// reported at its lines.
struct Tenant {
    file: File,
    document: Document,
}

impl Tenant {
    /// The file itself and the components that it names.
    fn files(&self) -> Vec<(PathBuf, &'static str)> {
        let stages = self.file.root.member("stage").map_or(&[][..], Node::elements);
        let members = stages.iter().filter_map(|stage| stage.member("policy")).flat_map(Node::elements);
        let components = members.filter_map(|member| match &member.member("component")?.content {
            Content::Text(path) => Some((self.file.beside(path), "a component of a tenant")),
            _ => None,
        });
        std::iter::once((self.file.path.clone(), "a tenant's file")).chain(components).collect()
    }
}

/// Reads and checks a host's configuration for so many workers.
///
/// # Errors
/// Everything that is wrong with it and with the files that it names.
pub(crate) fn load(path: &Path, workers: usize) -> Result<(Host, Report), Report> {
    let report = RefCell::default();
    let host = read(path, workers, &report);
    let mut report = report.into_inner();
    report.sort();
    match host {
        Some(host) if report.problems.is_empty() => Ok((host, report)),
        _ => Err(report),
    }
}

/// Reads and checks a host's configuration, and notes what would stop a run. No
/// server is asked.
///
/// # Errors
/// As [`load`].
pub(crate) fn check(path: &Path) -> Result<(Host, Report), Report> {
    let (host, mut report) = load(path, 1)?;
    if host.generations.iter().any(Generation::reads_tags)
        // a server need not be there where the files are checked
        && let Location::Sqlite(path) = host.tags.location()
        && let Err(error) = sandgate_tags::sqlite::Reader::open(path)
    {
        report.note(&host.file, "tags.sql", format!("policies read tags, so that no run can start: {error}"));
    }
    if let Some(kafka) = &host.kafka
        && let Err(Unready::Client(error)) = kafka.clients()
    {
        report.problem(&host.file, "kafka.settings", error);
    }
    report.sort();
    if report.problems.is_empty() { Ok((host, report)) } else { Err(report) }
}

/// Reads what a host's file says about Kafka, whatever else is wrong with it.
///
/// # Errors
/// What is wrong with the file, its sources, its sink or its `[kafka]`, or that it
/// has none.
pub(crate) fn load_kafka(path: &Path) -> Result<(Kafka, Report), Report> {
    let report = RefCell::default();
    let kafka = File::open(path, &report).and_then(|file| {
        let kafka = host::read(&file, 1, &report).kafka;
        if kafka.is_none() && report.borrow().problems.is_empty() {
            report.borrow_mut().problem(&file, "kafka", "is missing: this host reads files only");
        }
        kafka
    });
    let mut report = report.into_inner();
    report.sort();
    match kafka {
        Some(kafka) if report.problems.is_empty() => Ok((kafka, report)),
        _ => Err(report),
    }
}

/// Reads where a host keeps its tags, whatever else its file says.
///
/// # Errors
/// What is wrong with the file or with its `[tags]`.
pub(crate) fn load_tags(path: &Path) -> Result<Tags, Report> {
    let report = RefCell::default();
    let config = File::open(path, &report).map(|file| tags::read_alone(&file, &report));
    let report = report.into_inner();
    config.filter(|_| report.problems.is_empty()).ok_or(report)
}

/// Reads where a host's registry is, whatever else its file says.
///
/// # Errors
/// What is wrong with the file or with its `[control]`, or that it has none.
pub(crate) fn load_control(path: &Path) -> Result<Control, Report> {
    let report = RefCell::default();
    let control = File::open(path, &report).and_then(|file| {
        let control = control::read(Section::root(&file, &report).section("control"), &file, None);
        if control.is_none() && report.borrow().problems.is_empty() {
            let what = "is missing: write [control] with sql = \"sqlite:control.db\" or \"postgres://…\"";
            report.borrow_mut().problem(&file, "control", what);
        }
        control
    });
    let report = report.into_inner();
    control.filter(|_| report.problems.is_empty()).ok_or(report)
}

/// What the admin API is made of.
pub(crate) struct AdminParts {
    /// Where it answers.
    pub(crate) admin: sandgate_server::admin::Settings,
    /// Where the registry is.
    pub(crate) control: Control,
    /// What makes policy sets ready.
    pub(crate) workshop: Workshop,
    /// How it tells about itself.
    pub(crate) telemetry: Telemetry,
}

/// Reads what the admin API needs; tenants' files are not looked at.
///
/// # Errors
/// What is wrong with the host's file, or that it has no `[admin]`.
pub(crate) fn load_admin(path: &Path) -> Result<(AdminParts, Report), Report> {
    let report = RefCell::default();
    let parts = File::open(path, &report).and_then(|file| {
        let settings = host::read(&file, 1, &report);
        let workshop = Workshop::of(&file, &settings, &report)?;
        let Settings { admin, control, telemetry, .. } = settings;
        if admin.is_none() && report.borrow().problems.is_empty() {
            let what = "is missing: write [admin] with listen = \"127.0.0.1:9465\"";
            report.borrow_mut().problem(&file, "admin", what);
        }
        Some(AdminParts { admin: admin?, control: control?, workshop, telemetry })
    });
    let mut report = report.into_inner();
    report.sort();
    match parts {
        Some(parts) if report.problems.is_empty() => Ok((parts, report)),
        _ => Err(report),
    }
}

/// The host as far as it can be read; what is wrong goes to the report.
fn read(path: &Path, workers: usize, report: &RefCell<Report>) -> Option<Host> {
    let file = File::open(path, report)?;
    let settings = host::read(&file, workers, report);
    let workshop = Workshop::of(&file, &settings, report)?;
    let tenants = tenants(&file, &settings, &workshop, report);
    let generations = tenants.iter();
    let generations =
        generations.filter_map(|tenant| workshop.resolve((&tenant.file, &tenant.document), 1, None, report));
    let generations: Vec<Generation> = generations.collect();
    let offered = generations.iter().filter_map(|generation| {
        let tenant = tenants.iter().find(|tenant| *tenant.document.tenant == *generation.tenant)?;
        Some(Offered { tenant: generation.tenant.to_string(), file: tenant.file.path.clone(), set: generation.set })
    });
    let offered = offered.collect();
    (!settings.sources.is_empty()).then_some(())?;
    Some(Host {
        sources: settings.sources,
        state: settings.state,
        sink: settings.sink,
        engine: settings.engine,
        tags: settings.tags,
        kafka: settings.kafka,
        telemetry: settings.telemetry,
        control: settings.control,
        admin: settings.admin,
        generations,
        files: tenants.iter().flat_map(Tenant::files).collect(),
        workshop,
        offered,
        file,
    })
}

/// Reads a tenant's document, with the components that it names.
pub(crate) fn document(
    workshop: &Workshop,
    file: &File,
    components: &dyn Components,
    report: &RefCell<Report>,
) -> Document {
    tenant::read(file, tenant::Shop(workshop, components), report)
}

/// Every key that a host's file is asked for, and every key of a tenant's.
///
/// # Errors
/// Where there is no sandbox, which a tenant's file is read with.
pub(crate) fn keys() -> Result<(Vec<Key>, Vec<Key>), SetupError> {
    let settings = |file: &File| host::read(file, 1, &RefCell::default());
    let empty = File::of(Path::new(""), "", &RefCell::default());
    let sandbox = Sandbox::new(sandgate_sandbox::Config::default())?;
    let workshop = empty.map(|file| Workshop::with(sandbox, &settings(&file)));
    let host = |file: &File, report: &RefCell<Report>| drop(host::read(file, 1, report));
    let tenant = |file: &File, report: &RefCell<Report>| {
        workshop.iter().for_each(|workshop| drop(document(workshop, file, &Beside, report)));
    };
    Ok((sandgate_files::keys::all(host), sandgate_files::keys::all(tenant)))
}

/// The sources as an engine knows them.
pub(crate) fn site_sources(sources: &[Source]) -> Vec<SiteSource> {
    let site =
        |source: &Source| SiteSource { schema: Arc::clone(&source.schema), observe: source.observe, keyed: None };
    sources.iter().map(site).collect()
}

/// The tenants' files, each name once.
fn tenants(file: &File, settings: &Settings, workshop: &Workshop, report: &RefCell<Report>) -> Vec<Tenant> {
    let mut tenants: Vec<Tenant> = Vec::new();
    for (at, path) in settings.tenants.iter().enumerate() {
        let Some(tenant) = File::open_named(path, file, &format!("tenants[{at}]"), report) else { continue };
        let document = document(workshop, &tenant, &Beside, report);
        if !document.tenant.is_empty() && tenants.iter().any(|other| other.document.tenant == document.tenant) {
            let what = format!("there is another tenant `{}`; rename one", document.tenant);
            report.borrow_mut().problem(&tenant, "name", what);
        }
        tenants.push(Tenant { file: tenant, document });
    }
    let names = tenants.iter().map(|tenant| tenant.document.tenant.as_str()).filter(|name| !name.is_empty());
    let names: Vec<&str> = names.collect();
    // the tenant of a file that cannot be read may be the one that a source names
    if names.len() == settings.tenants.len() {
        host::check_routes(file, &names, report);
    }
    tenants
}
