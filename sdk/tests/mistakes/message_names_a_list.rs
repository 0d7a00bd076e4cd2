use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen<'a> {
    #[field]
    country: &'a str,
}

#[derive(Parameters)]
struct Lists {
    #[parameter(default = ["KP"])]
    refused: Vec<String>,
}

#[derive(Reasons)]
enum Reason {
    #[reason(block, "{country} is one of {refused}")]
    Country,
}

/// Stops countries.
#[rules]
fn countries(seen: &Seen, lists: &Lists, hits: &mut Hits<Reason>) {
    hits.when(lists.refused.iter().any(|refused| refused == seen.country), Reason::Country);
}

fn main() {}
