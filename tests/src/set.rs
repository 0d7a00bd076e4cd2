//! A policy set for tests that look inside the engine: payments with an account
//! and a device, and one policy that judges them.

use crate::policies;
use sandgate_engine::document::{Document, Fallback, Member, MissingState, MissingTag, Stage, Thresholds};
use sandgate_engine::generation::{Generation, Site, SiteSource};
use sandgate_engine::quota::Quota;
use sandgate_engine::resolve::resolve;
use sandgate_model::instant::Unit;
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use sandgate_model::{Instant, Kind, Outcome};
use sandgate_sandbox::{Config, Sandbox};
use std::sync::Arc;

/// What a payment of this tenant looks like.
pub fn schema(tenant: &str) -> Arc<Schema> {
    let field = |name: &str, kind, unit| Field { name: name.to_owned(), path: vec![name.to_owned()], kind, unit };
    let draft = Draft {
        source: "payments".to_owned(),
        fields: vec![
            field("id", Kind::Text, None),
            field("account", Kind::Text, None),
            field("device", Kind::Text, None),
            field("time", Kind::Instant, Some(Unit::Millis)),
            field("mood", Kind::Text, None),
            field("amount", Kind::Decimal { scale: 2 }, None),
        ],
        id: vec!["id".to_owned()],
        account: "account".to_owned(),
        time: "time".to_owned(),
        amount: Some("amount".to_owned()),
        tenant: TenantDraft::Fixed(tenant.to_owned()),
        earliest: Instant::MIN,
        latest: Instant::MAX,
        size_max: 1_024,
    };
    Arc::new(Schema::check(draft).unwrap_or_else(|problems| panic!("the schema is sound: {problems:?}")))
}

/// The set of a tenant whose only policy is this component, with what it means
/// that a tag or a shared series is missing.
pub fn generation(
    tenant: &str,
    component: &str,
    sources: &[SiteSource],
    (missing_tag, missing_state): (MissingTag, MissingState),
) -> Generation {
    generation_with(tenant, component, sources, |document| {
        (document.missing_tag, document.missing_state) = (missing_tag, missing_state);
    })
}

/// The set of a tenant whose only policy is this component, otherwise as somebody says.
pub fn generation_with(
    tenant: &str,
    component: &str,
    sources: &[SiteSource],
    change: impl FnOnce(&mut Document),
) -> Generation {
    let file = policies().join(component);
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let sandbox = Sandbox::new(Config::default()).unwrap_or_else(|error| panic!("a sandbox: {error}"));
    let policy = sandbox.load(&bytes).unwrap_or_else(|refusal| panic!("{component}: {refusal}"));
    let member = Member {
        name: "policy".to_owned(),
        policy: Some(policy),
        fuel: 1_000_000,
        fallback: Fallback::always(Outcome::Review),
        parameters: Vec::new(),
        reasons: Vec::new(),
        thresholds: Thresholds::default(),
        breaker: None,
    };
    let mut document = Document {
        tenant: tenant.to_owned(),
        deny: Vec::new(),
        keep: Vec::new(),
        missing_tag: MissingTag::default(),
        missing_state: MissingState::default(),
        quota: Quota::default(),
        backfill: false,
        bands: Vec::new(),
        stages: vec![Stage { name: "rules".to_owned(), stop_at: None, members: vec![member] }],
    };
    change(&mut document);
    let site = Site {
        sources: sources.to_vec(),
        memory: 1 << 20,
        result: 1 << 20,
        wasmtime: "48".to_owned(),
        zones: "2026a".to_owned(),
        given: false,
    };
    resolve(&document, 1, &site).unwrap_or_else(|problems| panic!("the set is sound: {problems:?}"))
}
