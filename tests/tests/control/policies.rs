//! Policies by digest: as they were pushed, once each, and never with other bytes.

use crate::{AT, bundle, places, who};
use sandgate_control::{Bundle, Error, Pushed};
use sandgate_model::digest::Digest;

#[test]
fn a_policy_comes_back_as_it_was_pushed() {
    for place in places() {
        let registry = place.open();
        let component: Vec<u8> = (0..100_000_u32).map(|byte| (byte % 251) as u8).collect();
        let digest = Digest::of(&component);
        let pushed = |bundle: &Bundle<'_>, at| registry.push(bundle, &who("ann"), at).unwrap();
        assert_eq!(pushed(&bundle(&component), AT), Pushed::New(digest));
        assert_eq!(pushed(&bundle(&component), AT + 1), Pushed::Known(digest));
        let stored = registry.policy(&digest).unwrap().unwrap();
        assert_eq!((stored.name.as_str(), stored.version.as_str()), ("velocity", "1.0.0"));
        assert_eq!((stored.pushed_at, stored.pushed_by.as_str()), (AT, "ann"));
        assert_eq!(stored.manifest, bundle(&component).manifest);
        assert_eq!((stored.readme, stored.cases), (Some(Digest::of(b"# Velocity")), None));
        assert_eq!(registry.blob(&digest).unwrap(), Some(component.clone()));
        assert_eq!(registry.blob(&Digest::of(b"# Velocity")).unwrap().as_deref(), Some(&b"# Velocity"[..]));
        assert_eq!(registry.blob(&Digest::of(b"another")).unwrap(), None);

        // the same component with cases beside it
        let more = Bundle { cases: Some(b"[[case]]"), ..bundle(&component) };
        assert_eq!(pushed(&more, AT + 2), Pushed::Changed(digest));
        let stored = registry.policy(&digest).unwrap().unwrap();
        assert_eq!((stored.cases, stored.pushed_at), (Some(Digest::of(b"[[case]]")), AT + 2));
        // parts that are the same bytes are kept once
        let same = Bundle { component: b"x", readme: Some(b"x"), cases: Some(b"x"), ..bundle(b"") };
        assert_eq!(pushed(&same, AT + 3), Pushed::New(Digest::of(b"x")));
        let all: Vec<Digest> = registry.policies().unwrap().iter().map(|stored| stored.digest).collect();
        assert_eq!(all, [Digest::of(b"x"), digest], "the newest of a name comes first");
        assert_eq!(registry.revision().unwrap(), 3, "pushing the same again is no change");
    }
}

#[test]
fn a_digest_may_be_written_short() {
    for place in places() {
        let registry = place.open();
        assert!(registry.find("00").unwrap().is_none(), "there is no registry yet");
        let components: Vec<[u8; 4]> = (0..40_u32).map(u32::to_le_bytes).collect();
        for component in &components {
            registry.push(&bundle(component), &who("ann"), AT).unwrap();
        }
        for component in &components {
            let digest = Digest::of(component);
            for prefix in [digest.to_string(), digest.hex(), digest.hex().to_uppercase()] {
                assert_eq!(registry.find(&prefix).unwrap().unwrap().digest, digest);
            }
        }
        // 40 digests have 16 first digits between them
        let first = components.iter().map(|component| Digest::of(component).hex());
        let prefixes: Vec<String> = first.map(|hex| hex[..1].to_owned()).collect();
        let shared = prefixes.iter().find(|prefix| prefixes.iter().filter(|other| other == prefix).count() > 1);
        let Err(Error::Ambiguous { digests, .. }) = registry.find(shared.unwrap()) else { panic!("it is ambiguous") };
        assert!(digests.len() > 1 && digests.iter().all(|digest| digest.hex().starts_with(shared.unwrap())));
        for nothing in ["", "sha256:", "g", "%", "no such", &"0".repeat(65), &"f".repeat(64)] {
            assert!(registry.find(nothing).unwrap().is_none(), "{nothing}");
        }
    }
}

#[test]
fn damaged_bytes_are_named_and_pushing_again_mends_them() {
    for place in places() {
        let registry = place.open();
        let digest = Digest::of(b"a component");
        registry.push(&bundle(b"a component"), &who("ann"), AT).unwrap();
        let bytes = place.either("x'00'", "'\\x00'::bytea");
        place.run(&format!("UPDATE sandgate_blobs SET bytes = {bytes} WHERE digest = '{}'", digest.hex()));
        let error = registry.blob(&digest).unwrap_err();
        assert!(matches!(error, Error::DamagedBlob { digest: named, .. } if named == digest), "{error}");
        assert!(error.to_string().contains(&digest.to_string()) && error.to_string().contains("push it again"));
        assert_eq!(registry.push(&bundle(b"a component"), &who("ann"), AT).unwrap(), Pushed::Known(digest));
        assert_eq!(registry.blob(&digest).unwrap().as_deref(), Some(&b"a component"[..]));
    }
}

#[test]
fn what_is_unfit_is_refused_and_leaves_nothing() {
    for place in places() {
        let registry = place.open();
        let fine = bundle(b"a component");
        let huge = vec![0; sandgate_control::bounds::BLOB_MAX + 1];
        let long = "x".repeat(sandgate_control::bounds::DOCUMENT_MAX + 1);
        let table = [
            (Bundle { component: &huge, ..fine }, "the component has 67108865 bytes"),
            (Bundle { readme: Some(&huge), ..fine }, "the README has 67108865 bytes"),
            (Bundle { cases: Some(&huge), ..fine }, "the cases has 67108865 bytes"),
            (Bundle { manifest: &long, ..fine }, "the manifest has 1048577 bytes"),
            (Bundle { name: "", ..fine }, "the policy's name is empty"),
            (Bundle { name: "a\u{1b}[31mb", ..fine }, "the policy's name has the character '\\u{1b}'"),
            (Bundle { version: "1\n2", ..fine }, "the policy's version has the character"),
            (Bundle { summary: "\u{202e}", ..fine }, "the policy's summary has the character"),
            (Bundle { manifest: "\0", ..fine }, "the manifest has the character"),
        ];
        for (bundle, problem) in table {
            let error = registry.push(&bundle, &who("ann"), AT).unwrap_err();
            assert!(matches!(error, Error::Unfit { .. }) && error.to_string().starts_with(problem), "{error}");
        }
        for bad in ["", "a\nb", "a\0", &"x".repeat(257)] {
            let error = registry.push(&fine, &who(bad), AT).unwrap_err();
            assert!(error.to_string().starts_with("the actor "), "{error}");
        }
        assert_eq!(registry.revision().unwrap(), 0);
        assert_eq!(registry.policies().unwrap(), []);
    }
}

#[test]
fn the_largest_component_is_taken_and_comes_back() {
    for place in places() {
        let registry = place.open();
        let component: Vec<u8> = (0..sandgate_control::bounds::BLOB_MAX).map(|byte| (byte % 251) as u8).collect();
        let pushed = registry.push(&bundle(&component), &who("ann"), AT).unwrap();
        assert_eq!(pushed, Pushed::New(Digest::of(&component)));
        assert!(registry.blob(&Digest::of(&component)).unwrap() == Some(component), "{}", place.location);
    }
}
