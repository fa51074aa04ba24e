//! `[category]`: kinds of personal data, each with the mask of a value that may not be shown.

use super::super::mask;
use super::super::raw::{CategoryTable, MaskTable, RawCategory, RawMask, Spanned};
use super::super::{Category, Channel};
use super::Resolver;

/// Words of `columns` that are no category.
const RESERVED: &str = "open";

pub(super) fn resolve(r: &mut Resolver<'_, '_>) {
    r.refuse_names_alike("category", r.raw().category.keys());
    for (name, raw) in &r.raw().category {
        if name.get_ref() == RESERVED {
            r.error(
                name.span(),
                "`open` cannot be a category: it means not personal",
                "give the category another name",
            );
            continue;
        }
        if let Some(category) = category(r, name, raw) {
            r.policy.categories.insert(name.get_ref().clone(), category);
        }
    }
}

fn category(r: &mut Resolver<'_, '_>, name: &Spanned<String>, raw: &Spanned<RawCategory>) -> Option<Category> {
    let (mask, channel, dpv) = match raw.get_ref() {
        RawCategory::Mask(mask) => (Spanned::new(raw.span(), RawMask::Name(mask.clone())), None, None),
        RawCategory::Table(table) => (mask_of(r, name, raw, table)?, table.channel.as_ref(), table.dpv.as_ref()),
    };
    let channel = match channel {
        Some(text) => Some(r.word(text, "a channel", &Channel::ALL.map(|c| (c.as_str(), c)))?),
        None => None,
    };
    let mask = mask::resolve(&mask, r.catalog, &mut r.problems)?;
    let dpv = dpv.map(|d| d.get_ref().clone());
    Some(Category { name: name.get_ref().clone(), mask, channel, dpv })
}

/// A category's table holds its mask as `mask`, or is one itself (`phone = { keep_last = 2 }`).
fn mask_of(
    r: &mut Resolver<'_, '_>,
    name: &Spanned<String>,
    raw: &Spanned<RawCategory>,
    table: &CategoryTable,
) -> Option<Spanned<RawMask>> {
    let itself = MaskTable {
        mask: table.mask.clone(),
        keep_first: table.keep_first.clone(),
        keep_last: table.keep_last.clone(),
        truncate: table.truncate.clone(),
        round: table.round.clone(),
        prefix: table.prefix.clone(),
        constant: table.constant.clone(),
        sql: table.sql.clone(),
    };
    if itself.is_empty() {
        if !r.raw.was_faulty(&["category", name.get_ref(), "mask"]) {
            let message = format!("the category `{}` has no mask", name.get_ref());
            r.error(name.span(), message, "say what is shown in place of a value, for example mask = \"null\"");
        }
        return None;
    }
    Some(Spanned::new(raw.span(), RawMask::Table(Box::new(itself))))
}
