//! What comes in the place of a line that a receiver cannot take.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::audit::tree::leaf_hash;

/// Bytes of a field that is kept. A line has no more than thirty, so all of them fit any datagram.
const LONGEST_KEPT: usize = 512;

/// The line without its long fields: `cut` names these, `line_bytes` is the whole line's length and `leaf` its hash in the
/// Merkle tree, so that a copy that was cut vouches for the record's line all the same.
pub fn cut(line: &[u8]) -> Vec<u8> {
    let fields: Map<String, Value> = serde_json::from_slice(line).unwrap_or_default();
    let is_long = |value: &Value| value.to_string().len() > LONGEST_KEPT;
    let (long, mut kept): (Map<_, _>, Map<_, _>) = fields.into_iter().partition(|(_, value)| is_long(value));
    kept.insert("cut".to_owned(), long.keys().map(String::as_str).collect());
    kept.insert("line_bytes".to_owned(), json!(line.len()));
    kept.insert("leaf".to_owned(), json!(STANDARD.encode(leaf_hash(line))));
    Value::Object(kept).to_string().into_bytes()
}
