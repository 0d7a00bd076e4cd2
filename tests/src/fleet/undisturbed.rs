//! What a run from files says of the lanes of a fleet.

use super::{Fleet, Sent};
use crate::text;
use crate::verdict::Expected;

impl Fleet {
    /// What a run from files says of the same lanes, each by itself: what a fleet
    /// has to say too, whoever was killed in between.
    ///
    /// # Panics
    /// Where a lane has several sources: files are merged by time, topics by arrival.
    pub fn undisturbed(&self) -> Expected {
        self.undisturbed_by(&self.plan.tenant, &[])
    }

    /// The same by another file of the tenant, and without these keys of decisions.
    ///
    /// # Panics
    /// As [`undisturbed`](Fleet::undisturbed).
    pub fn undisturbed_by(&self, tenant: &str, unsaid: &'static [&'static str]) -> Expected {
        let [source] = self.sources.as_slice() else { panic!("the order of several sources is that of a changelog") };
        let mut expected = Expected::without(unsaid);
        self.desk.write("undisturbed.toml", tenant);
        for (partition, sent) in (0..).zip(&source.sent) {
            let (input, output) = (format!("lane-{partition}.jsonl"), format!("lane-{partition}.out.jsonl"));
            let content: String = sent.iter().flat_map(|sent| [&*sent.line, "\n"]).collect();
            self.desk.write(&input, &content);
            let configuration = format!("lane-{partition}.toml");
            self.desk.write(
                &configuration,
                &format!(
                    "tenants = [\"undisturbed.toml\"]\n{}\n[state]\npath = \"state-lane-{partition}\"\n{}\n{}\n",
                    self.plan.source, self.plan.state, self.plan.undisturbed
                ),
            );
            let run = ["run", "--config", &configuration, "--from", &input, "--to", &output, "--force"];
            let done = self.desk.run(run);
            assert!(done.status.success(), "partition {partition}: {}", text(&done.stderr));
            let dead = format!("{output}.dead-letters");
            let dead = if self.desk.path(&dead).exists() { self.desk.json_lines(&dead) } else { Vec::new() };
            let lines = sent.iter().map(|Sent { line, cause }| (&**line, *cause));
            expected.add_file(partition, lines, &self.desk.json_lines(&output), &dead);
        }
        expected
    }
}
