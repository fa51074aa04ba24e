//! What is known of the types of values, where PostgreSQL chooses a function or an operator for them.

use super::{Catalog, FIRST_NORMAL_OID, Oid};

/// `pg_type.oid` of types that constants and comparisons have (PostgreSQL, pg_type.dat).
const BOOL: Oid = 16;
const INT4: Oid = 23;
const TEXT: Oid = 25;
const VARCHAR: Oid = 1043;
/// A number that the grammar does not call an integer is one of these, by its size.
pub const NUMBERS: &[Oid] = &[INT4, 20, 1700];
/// `text`, `varchar` or `bpchar`, and arrays of them.
pub const TEXTS: &[Oid] = &[TEXT, VARCHAR, 1042];
pub const TEXT_ARRAYS: &[Oid] = &[1009, 1015, 1014];
pub const FLOATS: &[Oid] = &[700, 701];
/// `date`, `timestamp`, `timestamptz`.
const MOMENTS: &[Oid] = &[1082, 1114, 1184];

/// Types that SQL, and PostgreSQL's messages, call otherwise than the catalog does (`format_type_extended` of its source).
const LONG_NAMES: [(&str, &str); 14] = [
    ("bool", "boolean"),
    ("bpchar", "character"),
    ("char", "\"char\""),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("time", "time without time zone"),
    ("timetz", "time with time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("varbit", "bit varying"),
    ("varchar", "character varying"),
];

/// A type that something surely is of. The catalog makes it out of an OID, or of a name that is in PostgreSQL's own source:
/// never out of a name that was read somewhere, which another type may bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sure(pub(super) Oid);

/// What is known of the type of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// Nothing.
    Any,
    /// A literal, NULL or parameter that has none of its own (`unknown`).
    Literal,
    /// It is one of these.
    Among(&'static [Oid]),
    /// It is this one. No domain and no row.
    Of(Sure),
    /// It is this one, or a domain over it. No row.
    Over(Sure),
    /// It is this array, or one of a domain over its elements' type.
    ArrayOver(Sure),
    /// A row, of whatever type.
    Row,
}

impl Operand {
    pub const BOOL: Self = Self::Of(Sure(BOOL));
    pub const INT4: Self = Self::Of(Sure(INT4));
    pub const TEXT: Self = Self::Of(Sure(TEXT));

    /// The type, where it surely is one.
    pub fn ty(self) -> Option<Oid> {
        if let Self::Of(Sure(oid)) = self { Some(oid) } else { None }
    }

    /// The type, where it surely is one, or the one below it, where it is a domain.
    pub fn stored_as(self) -> Option<Oid> {
        if let Self::Of(Sure(oid)) | Self::Over(Sure(oid)) = self { Some(oid) } else { None }
    }

    /// Whether it surely is of a type that initdb made; `as_base`: or of a domain over one.
    pub fn is_built_in(self, as_base: bool) -> bool {
        match self {
            Self::Of(Sure(oid)) => oid < FIRST_NORMAL_OID,
            Self::Over(Sure(oid)) => as_base && oid < FIRST_NORMAL_OID,
            Self::Literal | Self::Among(_) => true,
            Self::Any | Self::ArrayOver(_) | Self::Row => false,
        }
    }
}

impl Catalog {
    /// What a value of this type is to PostgreSQL's choice.
    pub fn operand_of(&self, oid: Oid) -> Operand {
        let base = self.below(oid);
        match self.type_facts(base).map_or('p', |facts| facts.kind) {
            'p' | 'd' => Operand::Any,
            'c' => Operand::Row,
            _ if base == oid => Operand::Of(Sure(base)),
            _ => Operand::Over(Sure(base)),
        }
    }

    /// That of a built-in type of this name, which PostgreSQL's source gives it.
    pub fn operand_named(&self, name: &'static str) -> Operand {
        self.typing_index().builtin_types.get(name).map_or(Operand::Any, |oid| self.operand_of(*oid))
    }

    /// That of arrays of such values, which are again such where these are arrays themselves (`get_promoted_array_type`). (An
    /// array of a domain is of another type than one of what the domain is over.)
    pub fn array_of(&self, element: Operand) -> Operand {
        let array = |oid: Oid| self.typing_index().arrays.get(&oid).copied().map(Sure);
        match element {
            // Those that are vectors as well PostgreSQL takes for the one here and for the other there.
            Operand::Of(Sure(oid)) if self.is_vector(oid) => Operand::Any,
            Operand::Of(one @ Sure(oid)) => match array(oid) {
                Some(array) => Operand::Of(array),
                None if self.type_facts(oid).is_some_and(|t| t.element != 0) => Operand::Of(one),
                None => Operand::Any,
            },
            Operand::Over(Sure(oid)) => array(oid).map_or(Operand::Any, Operand::ArrayOver),
            _ => Operand::Any,
        }
    }

    /// That of a slice of such an array: of a vector, or of a domain over an array, it is that array.
    pub fn slice_of(&self, array: Operand) -> Operand {
        match array {
            Operand::Of(Sure(oid)) if self.is_vector(oid) => self.array_of(self.element_of(array)),
            Operand::Over(Sure(oid)) => self.operand_of(oid),
            other => other,
        }
    }

    fn is_vector(&self, oid: Oid) -> bool {
        self.type_facts(oid).is_some_and(|t| matches!(t.name.as_str(), "int2vector" | "oidvector"))
    }

    /// What a parameter without a type has become beside a value in this operator, which PostgreSQL has for two of its type.
    pub fn become_beside(&self, operator: &str, other: Operand) -> Operand {
        let (Operand::Of(Sure(oid)) | Operand::Over(Sure(oid))) = other else { return Operand::Any };
        // Of `varchar` it has none.
        let oid = if oid == VARCHAR { TEXT } else { oid };
        let mut found = self.typing_index().operators.get(operator).into_iter().flatten();
        let of_two = |i: &usize| self.data().typing.operators[*i].signature.arguments == [oid, oid];
        if found.any(of_two) { Operand::Of(Sure(oid)) } else { Operand::Any }
    }

    /// What the first of two values is to an operator of PostgreSQL's own that takes exactly these: that is what NULLIF gives
    /// (`transformAExprNullIf` of its parser).
    pub fn first_of_compared(&self, operator: &str, pair: &[Operand]) -> Operand {
        let [left, right] = *pair else { return Operand::Any };
        let (left, right) = match (left.stored_as(), right.stored_as()) {
            (Some(left), Some(right)) => (left, right),
            // A literal becomes what stands beside it.
            (Some(one), None) if right == Operand::Literal => (one, one),
            (None, Some(one)) if left == Operand::Literal => (one, one),
            _ => return Operand::Any,
        };
        // Of `varchar` it has none.
        let texts = [left, right].iter().all(|ty| [TEXT, VARCHAR].contains(ty));
        let takes = if texts { [TEXT, TEXT] } else { [left, right] };
        let mut found = self.typing_index().operators.get(operator).into_iter().flatten();
        match found.any(|i| self.data().typing.operators[*i].signature.arguments == takes) {
            true => Operand::Of(Sure(takes[0])),
            false => Operand::Any,
        }
    }

    /// Whether PostgreSQL stores such a value in a column of a type (`find_coercion_pathway` of its source, in an assignment);
    /// `None`: that is not known.
    pub fn stores(&self, value: Operand, column: Oid) -> Option<bool> {
        let to = self.below(column);
        let one = |from: Oid| {
            let from = self.below(from);
            let (source, target) = (self.type_facts(from)?, self.type_facts(to)?);
            let scalar = |kind: char, element: Oid| matches!(kind, 'b' | 'e') && element == 0;
            if !scalar(source.kind, source.element) && source.oid != target.oid || !scalar(target.kind, target.element)
            {
                // Arrays have no cast to what is none, but to text.
                let array = source.element != 0 && target.kind == 'b' && target.element == 0;
                return array.then_some(target.category == 'S');
            }
            // Any value is stored as text.
            let stored = from == to || target.category == 'S' || self.becomes(from, to);
            Some(stored || self.data().typing.stored.contains(&(from, to)))
        };
        match value {
            Operand::Literal => Some(true),
            Operand::Of(Sure(from)) | Operand::Over(Sure(from)) => one(from),
            Operand::Among(list) => {
                let mut all = list.iter().map(|from| one(*from));
                let first = all.next()??;
                all.all(|other| other == Some(first)).then_some(first)
            }
            Operand::Any | Operand::ArrayOver(_) | Operand::Row => None,
        }
    }

    /// The type as PostgreSQL's messages name it (`format_type`); `None`: it is not known, or not one of its own.
    pub fn words_of(&self, operand: Operand) -> Option<String> {
        let oid = match operand {
            Operand::Literal => return Some("unknown".to_owned()),
            Operand::Of(Sure(oid)) if oid < FIRST_NORMAL_OID => oid,
            _ => return None,
        };
        let facts = self.type_facts(oid)?;
        if facts.element != 0 && facts.category == 'A' {
            return Some(format!("{}[]", self.words_of(Operand::Of(Sure(facts.element)))?));
        }
        let words = LONG_NAMES.iter().find(|(name, _)| *name == facts.name);
        Some(words.map_or(facts.name.as_str(), |(_, words)| words).to_owned())
    }

    /// Whether a value may be an array.
    pub fn may_be_array(&self, operand: Operand) -> bool {
        match operand {
            Operand::Any | Operand::ArrayOver(_) => true,
            Operand::Of(Sure(oid)) | Operand::Over(Sure(oid)) => self.type_facts(oid).is_none_or(|t| t.element != 0),
            Operand::Among(list) => list == TEXT_ARRAYS,
            Operand::Literal | Operand::Row => false,
        }
    }

    /// Whether a value is a date or a point in time.
    pub fn is_moment(&self, operand: Operand) -> bool {
        matches!(operand, Operand::Of(Sure(oid)) | Operand::Over(Sure(oid)) if MOMENTS.contains(&oid))
    }

    /// That of the elements of such arrays.
    pub fn element_of(&self, array: Operand) -> Operand {
        match array {
            Operand::Literal => Operand::Literal,
            Operand::Among(list) if list == TEXT_ARRAYS => Operand::Among(TEXTS),
            Operand::Of(Sure(oid)) | Operand::Over(Sure(oid)) => match self.type_facts(oid).map_or(0, |t| t.element) {
                0 => Operand::Any,
                element => self.operand_of(element),
            },
            Operand::ArrayOver(Sure(oid)) => match self.type_facts(oid).map_or(0, |t| t.element) {
                0 => Operand::Any,
                element => Operand::Over(Sure(element)),
            },
            _ => Operand::Any,
        }
    }

    /// The type that values of these types become beside each other (`select_common_type` of PostgreSQL's parser; manual,
    /// 10.5). A row of literals is text.
    pub fn common(&self, operands: impl IntoIterator<Item = Operand>) -> Operand {
        let (mut so_far, mut numbers, mut texts, mut domains) = (None, false, false, false);
        for operand in operands {
            match operand {
                Operand::Any | Operand::Row | Operand::ArrayOver(_) => return Operand::Any,
                Operand::Literal => {}
                Operand::Among(list) if list == NUMBERS => numbers = true,
                Operand::Among(list) if list == TEXTS => texts = true,
                Operand::Among(_) => return Operand::Any,
                Operand::Of(Sure(ty)) | Operand::Over(Sure(ty)) => {
                    // If all are of one domain, so is what they become.
                    domains |= matches!(operand, Operand::Over(_));
                    let before = *so_far.get_or_insert(ty);
                    if before == ty || self.category(before) != self.category(ty) {
                        // Of different categories PostgreSQL takes none.
                        continue;
                    }
                    if self.preferred(before).is_none() && self.becomes(before, ty) && !self.becomes(ty, before) {
                        so_far = Some(ty);
                    }
                }
            }
        }
        match (so_far, numbers, texts) {
            (None, false, false) => Operand::TEXT,
            (None, true, false) => Operand::Among(NUMBERS),
            (None, false, true) => Operand::Among(TEXTS),
            (Some(ty), false, false) if domains => Operand::Over(Sure(ty)),
            (Some(ty), false, false) => Operand::Of(Sure(ty)),
            // Integers and numerics become these.
            (Some(ty), true, false) if ty == 1700 || FLOATS.contains(&ty) => Operand::Of(Sure(ty)),
            (Some(ty), true, false) if [21, 23, 20].contains(&ty) => Operand::Among(NUMBERS),
            (Some(ty), false, true) if TEXTS.contains(&ty) => Operand::Among(TEXTS),
            _ => Operand::Any,
        }
    }
}
