//! `[control]`: the registry that a host takes its policy sets from, and follows.

use super::secret::{self, Place};
use sandgate_control::{Location, Registry, Wake};
use sandgate_files::{File, Section};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Where the registry is, and how a host follows it.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    location: Location,
    /// Why its password cannot be had.
    missing: Option<String>,
    deadline: Duration,
    /// How often it is asked what is new.
    pub(crate) poll: Duration,
    /// What this host is called there.
    pub(crate) host: String,
}

impl Control {
    /// The registry, which is not asked yet.
    ///
    /// # Errors
    /// Where its password cannot be had.
    pub(crate) fn registry(&self) -> anyhow::Result<Registry> {
        match &self.missing {
            Some(why) => anyhow::bail!("[control] sql_password: {why}; set it where the program runs"),
            None => Ok(Registry::later(&self.location, self.deadline)),
        }
    }

    /// Being woken by its changes, where it can do that.
    pub(crate) fn wake(&self) -> Option<Wake> {
        Wake::of(&self.location, self.deadline)
    }
}

/// Reads `[control]`; nothing where there is none. `instance` is what the host is called
/// elsewhere.
pub(super) fn read(section: Option<Section<'_>>, file: &File, instance: Option<&str>) -> Option<Control> {
    let section = section?;
    let location = section.required("sql", "where the registry is: \"sqlite:control.db\" or \"postgres://…\"");
    let location = location.and_then(|sql| match Location::parse(sql) {
        Ok(location) => Some(location.within(&file.beside(""))),
        Err(error) => {
            section.problem("sql", error);
            None
        }
    });
    let in_url = matches!(&location, Some(Location::Postgres(address)) if address.has_password());
    let password = Place::password(&section, "sql_password", in_url).map(|place| place.content());
    let (location, missing) = match (location, password) {
        (Some(Location::Postgres(address)), Some(Ok(password))) => {
            (Some(Location::Postgres(address.with_password(&password))), None)
        }
        (location, password) => (location, password.and_then(Result::err).map(|why| why.to_string())),
    };
    let deadline = section.duration("deadline", Duration::from_secs(2), 10 * MS..=Duration::from_secs(60));
    let poll = section.duration("poll", 250 * MS, 10 * MS..=Duration::from_secs(60));
    let host = section.text("host").or(instance).map(str::to_owned).or_else(secret::machine);
    let host = host.unwrap_or_else(|| "host".to_owned());
    section.done();
    Some(Control { location: location?, missing, deadline, poll, host })
}
