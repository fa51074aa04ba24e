//! Functions that the extensions of PostgreSQL's contrib bring, by extension and name.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::list::sections;

/// What it means to let a client call a function because its extension is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtensionFunction {
    /// Computes from its arguments only.
    Pure,
    /// Why it is called by who lists itself, not its extension.
    Withheld(&'static str),
    /// Nobody has reviewed the extension: whoever lists it trusts all its functions, and `check` says so.
    Unreviewed,
}

/// By extension and name: why it is withheld, or `None`.
type Functions = HashMap<&'static str, HashMap<&'static str, Option<&'static str>>>;

static EXTENSIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut extensions = Functions::new();
    for section in sections(include_str!("extensions.list")) {
        let why = (!section.detail.is_empty()).then_some(section.detail);
        let functions = extensions.entry(section.kind).or_default();
        functions.extend(section.words.iter().map(|word| (word.name, why)));
    }
    extensions
});

/// What the function `name` of an extension is, for all its overloads.
pub fn extension_function(extension: &str, name: &str) -> ExtensionFunction {
    match EXTENSIONS.get(extension).map(|functions| functions.get(name)) {
        None => ExtensionFunction::Unreviewed,
        Some(None) => ExtensionFunction::Withheld("is not on the reviewed list of its functions"),
        Some(Some(None)) => ExtensionFunction::Pure,
        Some(Some(Some(why))) => ExtensionFunction::Withheld(why),
    }
}
