//! Each mistake is told at the word that is wrong, with the mend.

#[test]
fn mistakes_are_told_at_their_word() {
    trybuild::TestCases::new().compile_fail("tests/mistakes/*.rs");
}
