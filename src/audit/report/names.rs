//! Names that come again and again, each kept once and known by a number.

use std::collections::HashMap;

use crate::audit::recorded::Text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(u32);

/// No name was given.
const NONE: Name = Name(0);

#[derive(Default)]
pub(super) struct Names {
    numbers: HashMap<Box<str>, Name>,
    texts: Vec<Box<str>>,
}

impl Names {
    pub fn name(&mut self, text: &str) -> Name {
        if let Some(name) = self.numbers.get(text) {
            return *name;
        }
        self.texts.push(text.into());
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.numbers.insert(text.into(), name);
        name
    }

    pub fn of(&mut self, text: &Option<Text>) -> Name {
        text.as_deref().map_or(NONE, |text| self.name(text))
    }

    /// `None` where no name was given.
    pub fn given(&self, name: Name) -> Option<String> {
        self.texts.get(name.0.checked_sub(1)? as usize).map(|text| text.to_string())
    }

    pub fn text(&self, name: Name) -> String {
        self.given(name).unwrap_or_default()
    }
}
