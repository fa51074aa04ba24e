//! Syntax trees as canonical bytes, so that two of them can be compared without their locations.
//!
//! A rewritten statement's tree must be the client's tree with the injected parts in place of the parts that they
//! replace. The client's tree carries a *placeholder* (`ParamRef` with a negative number, which no text can produce)
//! at each such place; here it is written as the bytes of what was injected.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{self, Impossible};

/// Where placeholder `n` (1-based, written as `ParamRef { number: -n }`) stands for `injected[n - 1]`.
pub fn canonical<T: Serialize + ?Sized>(tree: &T, injected: &[Arc<[u8]>]) -> Result<Vec<u8>, TreeError> {
    let mut writer = Writer::new(injected);
    tree.serialize(&mut writer)?;
    Ok(writer.out)
}

/// How often a tree can be calling a function of this name.
pub fn calls<T: Serialize>(tree: &T, function: &str) -> Result<usize, TreeError> {
    let mut writer = Writer { reads_names_only: true, ..Writer::new(&[]) };
    tree.serialize(&mut writer)?;
    let mut name = Writer::new(&[]);
    name.bytes(b's', function.as_bytes());
    // A string of that spelling anywhere is taken for a call: too careful rather than too little.
    Ok(writer.out.windows(name.out.len()).filter(|w| *w == name.out).count())
}

/// Whether a tree can be holding a node of this kind: a string of that spelling counts too.
pub fn has_kind<T: Serialize + ?Sized>(tree: &T, kind: &str) -> Result<bool, TreeError> {
    let mut writer = Writer { reads_names_only: true, ..Writer::new(&[]) };
    tree.serialize(&mut writer)?;
    let mut name = Writer::new(&[]);
    name.bytes(b'v', kind.as_bytes());
    Ok(writer.out.windows(name.out.len()).any(|w| w == name.out))
}

/// Whether every node of a tree is of one of these kinds.
pub fn only_kinds<T: Serialize + ?Sized>(tree: &T, kinds: &[&str]) -> Result<bool, TreeError> {
    let mut writer = Writer { reads_names_only: true, ..Writer::new(&[]) };
    tree.serialize(&mut writer)?;
    Ok(writer.kinds.iter().all(|kind| kinds.contains(kind)))
}

/// The last name part of every relation that a tree names anywhere (`RangeVar` nodes, CTE names among them), outside of
/// what placeholders stand for.
pub fn relations<T: Serialize>(tree: &T) -> Result<BTreeSet<String>, TreeError> {
    let mut writer = Writer { reads_names_only: true, ..Writer::new(&[]) };
    tree.serialize(&mut writer)?;
    Ok(writer.relations)
}

/// What a tree names besides relations.
#[derive(Debug, Default)]
pub struct Names {
    /// Names of functions that it calls, as they are written: `[schema, name]` or `[name]`.
    pub calls: BTreeSet<Vec<String>>,
    pub operators: BTreeSet<Vec<String>>,
    /// Queries of WITH.
    pub queries: BTreeSet<String>,
    /// Every string that is in it: literals, names, bodies of code.
    pub strings: BTreeSet<String>,
}

/// Functions, operators and strings of a tree.
pub fn names<T: Serialize>(tree: &T) -> Result<Names, TreeError> {
    let mut writer = Writer { reads_names_only: true, names: Some(Names::default()), ..Writer::new(&[]) };
    tree.serialize(&mut writer)?;
    Ok(writer.names.unwrap_or_default())
}

/// A tree that cannot be written down: never for trees that libpg_query made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeError;

impl std::fmt::Display for TreeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("syntax tree cannot be compared")
    }
}
impl std::error::Error for TreeError {}
impl ser::Error for TreeError {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Fields that only say where in the text a node stood.
const LOCATIONS: [&str; 9] = [
    "location",
    "stmt_location",
    "stmt_len",
    "arg_location",
    "payload_location",
    "list_start",
    "list_end",
    "rexpr_list_start",
    "rexpr_list_end",
];

struct Writer<'a> {
    out: Vec<u8>,
    injected: &'a [Arc<[u8]>],
    relations: BTreeSet<String>,
    kinds: BTreeSet<&'static str>,
    reads_names_only: bool,
    /// Where functions, operators and strings are collected, if they are.
    names: Option<Names>,
    /// The structs that the walk is in.
    inside: Vec<&'static str>,
    /// The parts of a name that is being read.
    parts: Option<Vec<String>>,
}

impl<'a> Writer<'a> {
    fn new(injected: &'a [Arc<[u8]>]) -> Self {
        Self {
            out: Vec::with_capacity(1024),
            injected,
            relations: BTreeSet::new(),
            kinds: BTreeSet::new(),
            reads_names_only: false,
            names: None,
            inside: Vec::new(),
            parts: None,
        }
    }
}

impl Writer<'_> {
    fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.out.push(tag);
        self.out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.out.extend_from_slice(bytes);
    }

    fn number(&mut self, value: i64) {
        self.out.push(b'i');
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// If what was written since `from` is a placeholder, puts the injected tree there.
    fn replace_placeholder(&mut self, from: usize) -> Result<(), TreeError> {
        // `S(number = i64)`: tag, field name, integer.
        let body = &self.out[from..];
        let Some(number) = body.strip_prefix(&PARAM_HEAD[..]).and_then(|rest| rest.get(..8)) else { return Ok(()) };
        let number = i64::from_le_bytes(number.try_into().map_err(|_| TreeError)?);
        if number >= 0 {
            return Ok(());
        }
        if self.reads_names_only {
            return Ok(());
        }
        let tree = self.injected.get((-number - 1) as usize).ok_or(TreeError)?;
        self.out.truncate(from);
        self.out.extend_from_slice(tree);
        Ok(())
    }
}

/// The bytes before the number of a `ParamRef` in a node: variant name, struct, field name.
static PARAM_HEAD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
    let mut w = Writer::new(&[]);
    w.bytes(b'v', b"ParamRef");
    w.out.push(b'S');
    w.bytes(b'f', b"number");
    w.out.push(b'i');
    w.out
});

macro_rules! integers {
    ($($name:ident $ty:ty),*) => { $(fn $name(self, v: $ty) -> Result<(), TreeError> { self.number(v as i64); Ok(()) })* };
}

impl<'w, 'a> ser::Serializer for &'w mut Writer<'a> {
    type Ok = ();
    type Error = TreeError;
    type SerializeSeq = Self;
    type SerializeTuple = Impossible<(), TreeError>;
    type SerializeTupleStruct = Impossible<(), TreeError>;
    type SerializeTupleVariant = Impossible<(), TreeError>;
    type SerializeMap = Impossible<(), TreeError>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), TreeError>;

    integers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64);

    fn serialize_bool(self, v: bool) -> Result<(), TreeError> {
        self.number(i64::from(v));
        Ok(())
    }
    fn serialize_f32(self, _: f32) -> Result<(), TreeError> {
        Err(TreeError)
    }
    fn serialize_f64(self, v: f64) -> Result<(), TreeError> {
        self.number(v.to_bits() as i64);
        Ok(())
    }
    fn serialize_char(self, _: char) -> Result<(), TreeError> {
        Err(TreeError)
    }
    fn serialize_str(self, v: &str) -> Result<(), TreeError> {
        if let Some(names) = &mut self.names {
            names.strings.insert(v.to_owned());
            self.parts.iter_mut().for_each(|parts| parts.push(v.to_owned()));
        }
        self.bytes(b's', v.as_bytes());
        Ok(())
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<(), TreeError> {
        self.bytes(b's', v);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), TreeError> {
        self.out.push(b'0');
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), TreeError> {
        self.out.push(b'1');
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), TreeError> {
        self.out.push(b'0');
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), TreeError> {
        self.out.push(b'0');
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), TreeError> {
        self.bytes(b'v', variant.as_bytes());
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), TreeError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), TreeError> {
        let from = self.out.len();
        self.bytes(b'v', variant.as_bytes());
        if self.reads_names_only {
            self.kinds.insert(variant);
        }
        value.serialize(&mut *self)?;
        if variant == "ParamRef" { self.replace_placeholder(from) } else { Ok(()) }
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, TreeError> {
        self.out.push(b'[');
        Ok(self)
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, TreeError> {
        self.inside.push(name);
        self.out.push(b'S');
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, TreeError> {
        Err(TreeError)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, TreeError> {
        Err(TreeError)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, TreeError> {
        Err(TreeError)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, TreeError> {
        Err(TreeError)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, TreeError> {
        Err(TreeError)
    }
}

impl ser::SerializeSeq for &mut Writer<'_> {
    type Ok = ();
    type Error = TreeError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.out.push(b',');
        value.serialize(&mut **self)
    }
    fn end(self) -> Result<(), TreeError> {
        self.out.push(b']');
        Ok(())
    }
}

impl ser::SerializeStruct for &mut Writer<'_> {
    type Ok = ();
    type Error = TreeError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), TreeError> {
        if LOCATIONS.contains(&key) {
            return Ok(());
        }
        self.bytes(b'f', key.as_bytes());
        let named = named(self.inside.last().copied(), key).filter(|_| self.names.is_some());
        if named.is_some() {
            self.parts = Some(Vec::new());
        }
        let from = self.out.len();
        // What a query is stored in, and what a foreign key refers to, is not read. FOR UPDATE OF names items of FROM.
        let known = matches!(key, "into_clause" | "into" | "pktable" | "locked_rels").then(|| self.relations.clone());
        value.serialize(&mut **self)?;
        if let (Some(names), Some(named), Some(parts)) =
            (&mut self.names, named, self.parts.take_if(|_| named.is_some()))
            && !parts.is_empty()
        {
            match named {
                Named::Call => names.calls.insert(parts),
                Named::Operator => names.operators.insert(parts),
            };
        }
        if let Some(known) = known {
            self.relations = known;
        }
        // Only `RangeVar` and `CommonTableExpr` have fields of these names; a string is its tag, eight bytes of length, and
        // the text.
        if matches!(key, "relname" | "ctename") {
            let name = self.out.get(from + 9..).ok_or(TreeError)?;
            let name = String::from_utf8_lossy(name).into_owned();
            match &mut self.names {
                _ if key == "relname" => drop(self.relations.insert(name)),
                Some(names) => drop(names.queries.insert(name)),
                None => {}
            }
        }
        Ok(())
    }
    fn end(self) -> Result<(), TreeError> {
        self.inside.pop();
        self.out.push(b'.');
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Named {
    Call,
    Operator,
}

/// What a field of a struct is the name of.
fn named(inside: Option<&str>, field: &str) -> Option<Named> {
    match (inside?, field) {
        ("FuncCall", "funcname") => Some(Named::Call),
        ("AExpr", "name") | ("SubLink", "oper_name") | ("SortBy", "use_op") => Some(Named::Operator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pg_query::protobuf::{Node, ParamRef};

    fn tree(sql: &str) -> Vec<u8> {
        canonical(&pg_query::parse(sql, 0).unwrap().protobuf.stmts, &[]).unwrap()
    }

    #[test]
    fn only_locations_are_ignored() {
        assert_eq!(tree("SELECT a, 'x' FROM t"), tree("SELECT  a ,\n'x' FROM t"));
        for other in
            ["SELECT a, 'y' FROM t", "SELECT a, 'x' FROM u", "SELECT b, 'x' FROM t", "SELECT a, 'x' FROM ONLY t"]
        {
            assert_ne!(tree("SELECT a, 'x' FROM t"), tree(other), "{other}");
        }
        assert_ne!(tree("SELECT 1"), tree("SELECT -1"));
        assert_ne!(tree("SELECT a IN (1, 2)"), tree("SELECT a IN (2, 1)"));
    }

    #[test]
    fn calls_operators_and_strings_are_found_wherever_they_stand() {
        let sql = "SELECT a.f(x, pg_catalog.g('lit')) FROM h() WHERE i OPERATOR(o.===) ANY (SELECT 1) AND j > 1 ORDER BY k USING <<; \
                   DO $$ body $$; CALL p(q(2)); ALTER TABLE t ALTER a TYPE int USING s(a)";
        let found = names(&pg_query::parse(sql, 0).unwrap().protobuf.stmts).unwrap();
        let words = |set: &BTreeSet<Vec<String>>| set.iter().map(|n| n.join(".")).collect::<Vec<_>>().join(" ");
        assert_eq!(words(&found.calls), "a.f h p pg_catalog.g q s");
        assert_eq!(words(&found.operators), "<< > o.===");
        assert!(["lit", " body ", "t"].iter().all(|s| found.strings.contains(*s)), "{:?}", found.strings);
    }

    #[test]
    fn a_placeholder_is_what_it_stands_for() {
        let param = |number| Node { node: Some(pg_query::NodeEnum::ParamRef(ParamRef { number, location: 7 })) };
        let plain = canonical(&param(1), &[]).unwrap();
        assert_eq!(canonical(&param(-1), &[Arc::from(*b"injected")]).map(|b| b.ends_with(b"injected.")), Ok(true));
        assert_ne!(canonical(&param(-1), &[Arc::from(&plain[..plain.len() - 1])]).unwrap(), b"".to_vec());
        assert_eq!(canonical(&param(-2), &[Arc::from(*b"one")]), Err(TreeError));
    }
}
