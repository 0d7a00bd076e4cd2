//! From a batch of records to its decisions: decode, route, prepare the inputs,
//! judge, combine. File lanes and network doors call the same [`Engine`].

pub mod decode;
