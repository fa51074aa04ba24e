//! From the files to a [`Policy`]: every name is looked up in the catalog, every rule of the contract's section 3 is
//! checked, and all problems are reported at once. One file a kind of definition, in the order in which they build on
//! each other.

mod behind;
mod cascades;
mod categories;
mod computed;
mod consent;
mod lints;
mod open;
mod path;
mod period;
mod pseudonyms;
mod purposes;
mod roles;
mod subjects;
mod tables;
mod trials;

use std::collections::BTreeMap;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::super::catalog::{Catalog, Column, ColumnType, QualifiedName, Relation, RelationKind};
use super::diagnostics::{Problem, Problems, SourceFile};
use super::raw::{self, RawPolicy, Read, Spanned};
use super::{Period, Policy, SqlFragment, names};
pub use trials::{Failure, Trial};

/// A policy that was read, with what was found; some of it only PostgreSQL can tell.
pub struct Reading<'f> {
    policy: Option<Policy>,
    problems: Problems<'f>,
    trials: Vec<Trial>,
}

/// Resolves the policy that `files` are, against `catalog`. Gives the policy with its warnings, or all problems
/// (warnings too) when one of them is an error.
pub fn resolve(files: &[SourceFile], catalog: &Catalog) -> Result<(Policy, Vec<Problem>), Vec<Problem>> {
    read(files, catalog).finish()
}

/// As [`resolve`], where PostgreSQL is asked too before the reading is finished.
pub fn read<'f>(files: &'f [SourceFile], catalog: &Catalog) -> Reading<'f> {
    let mut problems = Problems::new(files);
    let Some(raw) = raw::read::<RawPolicy>(files, &mut problems) else {
        return Reading { policy: None, problems, trials: Vec::new() };
    };
    let policy = Policy { digest: digest(files), ..Policy::default() };
    let mut resolver = Resolver { raw: &raw, catalog, problems, policy, trials: Vec::new() };
    resolver.run();
    let Resolver { policy, problems, trials, .. } = resolver;
    Reading { policy: Some(policy), problems, trials }
}

impl Reading<'_> {
    /// What PostgreSQL is to be asked.
    pub fn take_trials(&mut self) -> Vec<Trial> {
        std::mem::take(&mut self.trials)
    }

    pub fn failed(&mut self, trial: Trial, failure: Failure) {
        match failure {
            Failure::Unfit(why) => self.problems.error(trial.span, format!("{}: {why}", trial.message), trial.fix),
            Failure::Denied => self.problems.warning(trial.span, trial.message, trial.fix),
            Failure::NotAllowed(why) => {
                let fix = "grant the upstream role SELECT on the table: what it may not read nobody sees through it";
                self.problems.warning(trial.span, format!("this could not be tried on PostgreSQL: {why}"), fix);
            }
        }
    }

    pub fn finish(self) -> Result<(Policy, Vec<Problem>), Vec<Problem>> {
        let Self { policy, problems, .. } = self;
        match policy {
            Some(policy) if !problems.any_error() => Ok((policy, problems.into_sorted())),
            Some(_) | None => Err(problems.into_sorted()),
        }
    }
}

/// SHA-256 over names (without their folders: the same policy has the same digest wherever it lies) and contents, each
/// behind its length, so that no two sets of files look alike.
pub fn digest(files: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    let base = |name: &'_ str| name.rsplit('/').next().unwrap_or_default().to_owned();
    for part in files.iter().flat_map(|file| [base(&file.name), file.text.clone()]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// What the purposes of `files` are in the W3C Data Privacy Vocabulary, by name, as they say it. Reads no more of the policy
/// than that: it needs no catalog, and may be one with problems.
pub fn purpose_terms(files: &[SourceFile]) -> BTreeMap<String, String> {
    let read = raw::read::<RawPolicy>(files, &mut Problems::new(files));
    let purposes = read.into_iter().flat_map(|read| read.value.purpose);
    let term = |purpose: raw::RawPurpose| purpose.dpv.map(|term| term.into_inner());
    purposes.filter_map(|(name, purpose)| Some((name.into_inner(), term(purpose.into_inner())?))).collect()
}

struct Resolver<'a, 'f> {
    raw: &'a Read<RawPolicy>,
    catalog: &'a Catalog,
    problems: Problems<'f>,
    policy: Policy,
    trials: Vec<Trial>,
}

impl<'a> Resolver<'a, '_> {
    fn run(&mut self) {
        categories::resolve(self);
        purposes::resolve(self);
        subjects::resolve(self);
        tables::resolve(self);
        tables::records(self);
        open::resolve(self);
        roles::resolve(self);
        // What only the whole policy shows, a part of it does not.
        if self.raw.is_toml {
            lints::run(self);
            pseudonyms::run(self);
            behind::run(self);
        }
    }

    /// Whether an entry for this table was there, but faulty, however it was spelled.
    fn table_was_faulty(&self, name: &QualifiedName) -> bool {
        self.raw.removed.iter().any(|path| match path.as_slice() {
            [] => true,
            [section] => section == "table",
            [section, table, ..] => section == "table" && names::qualified(table).is_ok_and(|n| n == *name),
        })
    }

    fn raw(&self) -> &'a RawPolicy {
        &self.raw.value
    }

    fn error(&mut self, span: Range<usize>, message: impl Into<String>, fix: impl Into<String>) {
        self.problems.error(span, message, fix);
    }

    fn warning(&mut self, span: Range<usize>, message: impl Into<String>, fix: impl Into<String>) {
        self.problems.warning(span, message, fix);
    }

    /// The value of a key that must be there; that it is missing is said at `at`, the definition's name. `path` is where
    /// the key belongs (`["purpose", "marketing", "basis"]`).
    fn required<'v, T>(
        &mut self,
        value: &'v Option<Spanned<T>>,
        path: &[&str],
        at: Range<usize>,
        fix: &str,
    ) -> Option<&'v Spanned<T>> {
        if value.is_none() && !self.raw.was_faulty(path) {
            let (key, definition) = path.split_last().unwrap_or((&"", &[]));
            self.error(at, format!("`{key}` is missing in [{}]", heading(definition)), fix);
        }
        value.as_ref()
    }

    /// A name of one part.
    fn name(&mut self, text: &Spanned<String>) -> Option<String> {
        names::single(text.get_ref()).map_err(|e| self.bad_name(text, &e)).ok()
    }

    fn bad_name(&mut self, text: &Spanned<String>, what: &str) {
        self.error(
            text.span(),
            format!("`{}` is not a name: {what}", text.get_ref()),
            r#"write names as in SQL, for example "public.customers" or "public.\"Odd Name\"""#,
        );
    }

    /// Whatever relation has this name.
    fn relation(&mut self, text: &Spanned<String>) -> Option<&'a Relation> {
        let name = names::qualified(text.get_ref()).map_err(|e| self.bad_name(text, &e)).ok()?;
        self.relation_named(&name, text.span())
    }

    fn relation_named(&mut self, name: &QualifiedName, span: Range<usize>) -> Option<&'a Relation> {
        let found = self.catalog.relation_named(&name.schema, &name.name);
        if found.is_none() {
            let known = self.catalog.relations().filter(|r| !is_system(r)).map(|r| r.name.to_string());
            let fix = if self.catalog.has_schema(&name.name) {
                format!("`{}` is a schema: quote the whole name, as in [table.\"{0}.customers\"]", name.name)
            } else {
                did_you_mean(&name.to_string(), known)
                    .unwrap_or_else(|| "correct the name, or create the table first".into())
            };
            self.error(span, format!("there is no table `{name}` in the database"), fix);
        }
        found
    }

    /// A column of `relation`.
    fn column<'c>(&mut self, relation: &'c Relation, text: &Spanned<String>) -> Option<&'c Column> {
        let name = self.name(text)?;
        self.column_named(relation, &name, text.span())
    }

    fn column_named<'c>(&mut self, relation: &'c Relation, name: &str, span: Range<usize>) -> Option<&'c Column> {
        let found = relation.column(name);
        if found.is_none() {
            let fix = did_you_mean(name, relation.columns.iter().map(|c| c.name.clone()))
                .unwrap_or_else(|| "correct the name, or remove the entry".into());
            self.error(span, format!("{} has no column `{name}`", relation.name), fix);
        }
        found
    }

    /// A column of this type may tell a time: `date`, `timestamp` or `timestamptz`.
    fn time_column(&mut self, relation: &Relation, text: &Spanned<String>) -> Option<String> {
        let column = self.column(relation, text)?;
        if !matches!(column.ty.base.as_str(), "date" | "timestamp" | "timestamptz") {
            let message = format!("`{}` is of type {}, which tells no time", column.name, column.ty.sql);
            self.error(text.span(), message, "name a column of type date, timestamp or timestamptz");
            return None;
        }
        Some(column.name.clone())
    }

    /// The labels of an enum type, or of a domain over one; `None` for other types.
    fn labels(&self, ty: &ColumnType) -> Option<&'a [String]> {
        let found = self.catalog.types_named(&ty.base).find(|t| t.kind == 'e')?;
        (ty.kind == 'e').then_some(found.labels.as_slice())
    }

    /// Warns of values that no row can hold, where the column is of an enum type.
    fn known_labels<'v>(&mut self, column: &Column, values: impl Iterator<Item = &'v Spanned<String>>) {
        let Some(labels) = self.labels(&column.ty) else { return };
        for value in values.filter(|v| !labels.contains(v.get_ref())) {
            let message = format!("`{}` is never `{}`: its type has no such value", column.name, value.get_ref());
            self.warning(value.span(), message, format!("the values are {}", labels.join(", ")));
        }
    }

    fn condition(&mut self, text: &Spanned<String>, relation: &Relation) -> Option<SqlFragment> {
        match SqlFragment::condition(text.get_ref(), relation, self.catalog) {
            Ok(fragment) => {
                self.trials.push(Trial::condition(&fragment, relation, text.span()));
                Some(fragment)
            }
            Err(what) => {
                self.error(text.span(), format!("this condition cannot be used: {what}"), condition_fix(relation));
                None
            }
        }
    }

    /// The same, where the table was not found: what is wrong with it in any table is said.
    fn condition_somewhere(&mut self, text: &Spanned<String>) {
        if let Err(what) = SqlFragment::condition_somewhere(text.get_ref(), self.catalog) {
            let fix = "write one SQL condition over the columns of its table";
            self.error(text.span(), format!("this condition cannot be used: {what}"), fix);
        }
    }

    fn period(&mut self, text: &Spanned<String>) -> Option<Period> {
        let period = Period::parse(text.get_ref());
        if period.is_none() {
            let message = format!("`{}` is not a positive period", text.get_ref());
            self.error(text.span(), message, "write a period like \"5 years\", \"18 months\" or \"90 days\"");
        }
        if period.as_ref().is_some_and(|p| p.roughly_seconds() > Period::LONGEST_SECONDS) {
            let message = format!("`{}` is longer than {}", text.get_ref(), Period::LONGEST);
            self.error(
                text.span(),
                message,
                "write a shorter period, or leave `retention` out where rows may be used for ever",
            );
            return None;
        }
        period
    }

    /// One of `known` words; `what` names the kind of thing in the message.
    fn word<T: Copy>(&mut self, text: &Spanned<String>, what: &str, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(word, _)| *word == text.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<String> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
            let fix = did_you_mean(text.get_ref(), known.iter().map(|(word, _)| (*word).to_owned()))
                .unwrap_or_else(|| format!("use one of {}", all.join(", ")));
            self.error(text.span(), format!("`{}` is not {what}", text.get_ref()), fix);
        }
        found
    }

    /// Whether a purpose of this name is declared (or was, faultily: then nobody is told that it is not).
    fn knows_purpose(&mut self, text: &Spanned<String>) -> bool {
        let name = text.get_ref().as_str();
        let known = self.raw().purpose.contains_key(name) || self.raw.was_faulty(&["purpose", name]);
        if !known {
            let fix = did_you_mean(name, self.raw().purpose.keys().map(|k| k.get_ref().clone()))
                .unwrap_or_else(|| format!("declare it with [purpose.{name}]"));
            self.error(text.span(), format!("there is no purpose `{name}`"), fix);
        }
        known
    }

    fn knows_category(&mut self, text: &Spanned<String>) -> bool {
        let name = text.get_ref().as_str();
        let known = self.raw().category.contains_key(name) || self.raw.was_faulty(&["category", name]);
        if !known {
            let fix = did_you_mean(name, self.raw().category.keys().map(|k| k.get_ref().clone()))
                .unwrap_or_else(|| format!("declare it in [category], for example {name} = \"null\""));
            self.error(text.span(), format!("there is no category `{name}`"), fix);
        }
        known
    }

    /// Names that differ only in case read as one to people, and one of them would be forgotten.
    fn refuse_names_alike<'n>(&mut self, what: &str, keys: impl Iterator<Item = &'n Spanned<String>>) {
        let mut seen: Vec<&Spanned<String>> = Vec::new();
        for key in keys {
            if key.get_ref().trim().is_empty() {
                self.error(key.span(), format!("a {what} has an empty name"), "give it a name");
            }
            if let Some(first) = seen.iter().find(|s| s.get_ref().eq_ignore_ascii_case(key.get_ref())) {
                let message = format!("`{}` and `{}` differ only in case", key.get_ref(), first.get_ref());
                self.error(key.span(), message, format!("rename one of the two: they read as one {what}"));
                self.problems.see_also(first.span(), "the other one");
            }
            seen.push(key);
        }
    }
}

fn condition_fix(relation: &Relation) -> String {
    format!("write one SQL condition over the columns of {}", relation.name)
}

fn heading(path: &[&str]) -> String {
    let bare = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let parts: Vec<String> =
        path.iter().map(|part| if bare(part) { (*part).to_owned() } else { format!("{part:?}") }).collect();
    parts.join(".")
}

/// A fix, when one of `known` is nearly `name`.
fn did_you_mean(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|k| (strsim::osa_distance(name, &k), k))
        .filter(|(edits, k)| edits * 4 <= k.len().max(4))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, k)| format!("did you mean `{k}`?"))
}

fn is_system(relation: &Relation) -> bool {
    matches!(relation.name.schema.as_str(), "pg_catalog" | "information_schema" | "pg_toast")
}

/// Whether two columns can hold the same keys.
fn comparable(a: &Column, b: &Column) -> bool {
    let family = |c: &Column| match c.ty.base.as_str() {
        "int2" | "int4" | "int8" | "numeric" => "number".to_owned(),
        "text" | "varchar" | "bpchar" => "text".to_owned(),
        other => other.to_owned(),
    };
    family(a) == family(b)
}

fn kind_in_words(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "a table",
        RelationKind::PartitionedTable => "a partitioned table",
        RelationKind::View => "a view",
        RelationKind::MaterializedView => "a materialized view",
        RelationKind::ForeignTable => "a foreign table",
        RelationKind::Sequence => "a sequence",
        RelationKind::Composite => "a composite type",
    }
}
