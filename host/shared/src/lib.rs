//! Series that lanes share: those whose key crosses partitions, in Redis.
