//! Whether the key of a record says what the record says.

use crate::EngineSource;
use crate::decode::{Cause, Transaction, Unusable};
use crate::generation::WrongKey;
use crate::record::Record;

impl EngineSource {
    /// Checks the key of a record of a source whose topic is keyed by a field.
    pub(crate) fn check_key(
        &self,
        record: &Record<'_>,
        transaction: &Transaction<'_>,
        wrong: &mut u64,
    ) -> Result<(), Unusable> {
        let Some(keyed) = self.keyed else { return Ok(()) };
        if record.key == Some(transaction.written(keyed.field).as_bytes()) {
            return Ok(());
        }
        *wrong += 1;
        match keyed.wrong {
            WrongKey::Judge => Ok(()),
            WrongKey::DeadLetter => Err(self.wrong_key(record.key, keyed.field)),
        }
    }

    #[cold]
    fn wrong_key(&self, key: Option<&[u8]>, field: usize) -> Unusable {
        let field = &self.decoder.schema().fields[field].name;
        let detail = match key {
            Some(key) => {
                let shown: String = String::from_utf8_lossy(key).chars().take(64).collect();
                format!("came with the key {shown:?}, which is not its field `{field}`")
            }
            None => format!("came without a key, and its topic is keyed by the field `{field}`"),
        };
        Unusable::new(Cause::Key, detail)
    }
}
