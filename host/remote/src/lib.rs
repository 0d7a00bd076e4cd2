//! What stands around each call of a remote part: a deadline, retry with jitter
//! where that is safe, and a circuit breaker. Time and chance come in from outside.
