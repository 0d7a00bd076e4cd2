//! `sandgate.toml`: the host's own file. Every key has a default where one makes
//! sense; the unit of a length or a size is written with it.

use super::admin;
use super::control::{self, Control};
use super::kafka::{self, Kafka, OfSink};
use super::shared::{self, Sharing};
use super::tags::{self, Tags};
use super::telemetry::{self, Telemetry};
use super::{EngineSettings, Source, StateSettings, source};
use sandgate_files::{Content, File, Report, Section, known};
use sandgate_model::Outcome;
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

/// What the host's file says.
pub(crate) struct Settings {
    pub(crate) tenants: Vec<PathBuf>,
    /// The sources that could be read.
    pub(crate) sources: Vec<Source>,
    /// Whether one of the sources names no amount; unknown where one could not be read.
    pub(crate) lacks_amount: bool,
    pub(crate) sink: Option<PathBuf>,
    pub(crate) engine: EngineSettings,
    /// The fuel of a policy that sets no budget.
    pub(crate) fuel: u64,
    pub(crate) sandbox: sandgate_sandbox::Config,
    pub(crate) state: StateSettings,
    pub(crate) tags: Tags,
    pub(crate) kafka: Option<Kafka>,
    pub(crate) telemetry: Telemetry,
    pub(crate) control: Option<Control>,
    pub(crate) admin: Option<sandgate_server::admin::Settings>,
}

/// The most sources of a host.
const SOURCES_MAX: usize = 64;

const MIB: u64 = 1 << 20;
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// The longest of any length of time here.
const LONGEST: Duration = Duration::from_secs(3_660 * 86_400);

/// The fuel of a budget given as time.
pub(crate) fn fuel(budget: Duration, fuel_per_us: u64) -> u64 {
    u64::try_from(budget.as_micros()).unwrap_or(u64::MAX).saturating_mul(fuel_per_us)
}

/// The shortest and longest budget of a policy.
pub(crate) const BUDGETS: std::ops::RangeInclusive<Duration> = Duration::from_micros(1)..=Duration::from_secs(1);

/// Reads the host's file. What cannot be used is left out or stands at its
/// default, so that the rest of the configuration can be checked.
pub(crate) fn read(file: &File, workers: usize, report: &RefCell<Report>) -> Settings {
    let root = Section::root(file, report);
    let tenants = root.texts("tenants");
    if tenants.is_empty() {
        root.problem("tenants", "names no tenant file; write tenants = [\"tenants/NAME.toml\"]");
    }
    let sections = root.sections("source");
    if sections.is_empty() {
        root.problem("source", "there is no source; add [[source]]");
    }
    let wanted = sections.len();
    let sources: Vec<Source> = sections.into_iter().filter_map(source::read).collect();
    check_sources(&sources, wanted, &root);
    let (sink, of_sink) = root.section("sink").map(sink).unwrap_or_default();
    let engine = root.section("engine").map_or_else(EngineSettings::default, engine);
    let (budget, sandbox) = sandbox(root.section("sandbox"), file, workers);
    let tags = tags::read(root.section("tags"), file);
    let state = state(root.section("state"), file);
    let kafka = kafka::read(&root, &sources, of_sink, sources.len() == wanted);
    let telemetry = telemetry::read(&root);
    let instance = kafka.as_ref().and_then(|kafka| kafka.config.instance.as_deref());
    let control = control::read(root.section("control"), file, instance);
    let admin = admin::read(root.section("admin"), &root);
    root.done();
    Settings {
        tenants: tenants.iter().map(|path| file.beside(path)).collect(),
        lacks_amount: sources.len() == wanted
            && sources.iter().any(|source| !source.observe && source.schema.roles.amount.is_none()),
        sources,
        sink,
        fuel: fuel(budget, engine.fuel_per_us),
        engine,
        sandbox,
        state,
        tags,
        kafka,
        telemetry,
        control,
        admin,
    }
}

/// Checks what sources must be together.
fn check_sources(sources: &[Source], wanted: usize, root: &Section<'_>) {
    for (at, source) in sources.iter().enumerate() {
        if sources[..at].iter().any(|other| other.schema.source == source.schema.source) {
            root.problem("source", format!("there are two sources `{}`; rename one", source.schema.source));
        }
    }
    if wanted > SOURCES_MAX {
        root.problem("source", format!("there are {wanted} sources, and a host has at most {SOURCES_MAX}"));
    }
    // one that could not be read may be the one
    if wanted > 0 && sources.len() == wanted && sources.iter().all(|source| source.observe) {
        root.problem("source", "every source is only observed; one must be judged, without `observe = true`");
    }
}

impl Default for EngineSettings {
    fn default() -> EngineSettings {
        EngineSettings { batch: 256, fuel_per_us: 10_000, reused_id: Outcome::Block, sample: 10_000 }
    }
}

fn sink(section: Section<'_>) -> (Option<PathBuf>, OfSink) {
    let path = section.text("path").map(|path| section.file.beside(path));
    let topics = kafka::of_sink(&section);
    section.done();
    (path, topics)
}

fn engine(section: Section<'_>) -> EngineSettings {
    let default = EngineSettings::default();
    let reused_id = section.word("reused_id", &["allow", "review", "block"], Outcome::of_word);
    let engine = EngineSettings {
        reused_id: reused_id.unwrap_or(default.reused_id),
        batch: section.whole("batch", default.batch as u64, 1..=4_096) as usize,
        fuel_per_us: section.whole("fuel_per_us", default.fuel_per_us, 1..=1_000_000),
        sample: section.whole("sample", default.sample, 0..=1_000_000_000_000),
    };
    if let Some(deadline) = section.text("deadline")
        && deadline != "off"
    {
        section.problem("deadline", "a run from a file has no deadline, or two runs could differ; write \"off\"");
    }
    section.done();
    engine
}

fn sandbox(section: Option<Section<'_>>, file: &File, workers: usize) -> (Duration, sandgate_sandbox::Config) {
    let default_budget = Duration::from_micros(100);
    let mut config = sandgate_sandbox::Config {
        memory_max: 4 * MIB,
        result_max: MIB,
        cache: Some(file.beside(".sandgate/compiled")),
        // each worker has one guest store at a time; a spare one for loading
        slots: u32::try_from(workers).unwrap_or(u32::MAX).saturating_add(1),
        ..sandgate_sandbox::Config::default()
    };
    let Some(section) = section else { return (default_budget, config) };
    let budget = section.duration("budget", default_budget, BUDGETS);
    config.memory_max = section.size("memory", config.memory_max, 64 * 1024..=256 * MIB);
    config.result_max = section.size("result", config.result_max, 1_024..=64 * MIB);
    if let Some(cache) = section.text("cache") {
        config.cache = (!cache.is_empty()).then(|| file.beside(cache));
    }
    section.done();
    (budget, config)
}

/// The state of lanes; where the file says nothing, its defaults.
fn state(section: Option<Section<'_>>, file: &File) -> StateSettings {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let (lateness, repeats, commit) = (7 * DAY, 60 * MINUTE, Duration::from_millis(50));
    let bounds =
        sandgate_state::Settings { lateness: ms(lateness), repeats: ms(repeats), ids: 5_000_000, events: 50_000_000 };
    let mut settings =
        StateSettings { path: file.beside("state"), bounds, commit, snapshot: 64 * MIB, shared: Sharing::default() };
    let Some(section) = section else { return settings };
    if let Some(path) = section.text("path").filter(|path| !path.is_empty()) {
        settings.path = file.beside(path);
    }
    settings.bounds = sandgate_state::Settings {
        lateness: ms(section.duration("lateness", lateness, Duration::ZERO..=LONGEST)),
        repeats: ms(section.duration("repeats", repeats, Duration::ZERO..=LONGEST)),
        ids: section.whole("ids", bounds.ids, 0..=1_000_000_000),
        events: section.whole("events", bounds.events, 0..=10_000_000_000),
    };
    settings.snapshot = section.size("snapshot", settings.snapshot, 1_024..=1_024 * 1_024 * MIB);
    settings.commit = section.duration("commit", commit, Duration::ZERO..=MINUTE);
    settings.shared = shared::read(&section);
    // read and checked, so that a file for a later version is not refused
    section.duration("rollback_within", 7 * DAY, Duration::ZERO..=LONGEST);
    section.done();
    settings
}

/// Checks that every tenant that a source names has a file. It goes by the file
/// itself, because a source with other problems has no schema.
pub(crate) fn check_routes(file: &File, tenants: &[&str], report: &RefCell<Report>) {
    let Some(Content::List(sources)) = file.root.member("source").map(|node| &node.content) else { return };
    for (at, source) in sources.iter().enumerate() {
        let name = source.member("tenant").and_then(|tenant| tenant.member("name")).map(|node| &node.content);
        if let Some(Content::Text(tenant)) = name
            && !tenants.contains(&tenant.as_str())
        {
            let what = format!("no tenant file is of `{tenant}`; {}", known(tenant, tenants));
            report.borrow_mut().problem(file, &format!("source[{at}].tenant.name"), what);
        }
    }
}
