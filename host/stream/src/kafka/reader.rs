//! A reader of some partitions from given offsets on, which hears where their ends
//! are, and what it may hear that no waiting mends.

use super::client::{ClientError, Clients, Context, Purpose};
use super::topics::Position;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

/// Opens one. The offset of an end says nothing: behind the last record a commit
/// leaves its mark.
///
/// # Errors
/// Where the library does not make it, or does not take the partitions.
pub(super) fn open(clients: &Clients, from: &[Position]) -> Result<BaseConsumer<Context>, ClientError> {
    let mut settings = clients.settings(Purpose::Read);
    settings.set("enable.partition.eof", "true");
    let consumer: BaseConsumer<Context> = clients.make(&settings, Purpose::Read)?;
    let mut list = TopicPartitionList::with_capacity(from.len());
    from.iter()
        .try_for_each(|at| list.add_partition_offset(&at.topic, at.partition, Offset::Offset(at.offset)))
        .and_then(|()| consumer.assign(&list))
        .map_err(|error| clients.unmade(error))?;
    Ok(consumer)
}

/// Whether an error ends the reading: everything else passes by itself.
pub(super) fn ends(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::Fatal
        )
    )
}
