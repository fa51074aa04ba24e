//! What PostgreSQL says too, in its words and under its SQLSTATE: the statement is as wrong there.

use super::{Refusal, SqlState};

/// No relation of that name.
pub fn undefined_table(name: &str) -> Refusal {
    Refusal::new("undefined-table", SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"), "", "")
}

/// FROM has no entry of that name.
pub fn missing_from(alias: &str) -> Refusal {
    let message = format!("missing FROM-clause entry for table \"{alias}\"");
    Refusal { message, ..undefined_table(alias) }
}

/// FROM has the table under another name.
pub fn hidden_by_alias(table: &str, alias: &str) -> Refusal {
    let message = format!("invalid reference to FROM-clause entry for table \"{table}\"");
    let hint = format!("Perhaps you meant to reference the table alias \"{alias}\".");
    Refusal { message, hint, ..undefined_table(table) }
}

/// Two entries of FROM have one name.
pub fn duplicate_alias(name: &str) -> Refusal {
    let message = format!("table name \"{name}\" specified more than once");
    Refusal::new("duplicate-alias", SqlState("42712"), message, "", "")
}

/// No function of that name, which may come with the types of its arguments.
pub fn undefined_function(name: &str) -> Refusal {
    let hint = "No function matches the given name and argument types. You might need to add explicit type casts.";
    Refusal::new("undefined-function", SqlState("42883"), format!("function {name} does not exist"), "", hint)
}

/// No operator of that name.
pub fn undefined_operator(name: &str) -> Refusal {
    let hint = "No operator matches the given name and argument types. You might need to add explicit type casts.";
    Refusal::new("undefined-function", SqlState("42883"), format!("operator does not exist: {name}"), "", hint)
}

/// A parameter in a statement that none can be given to.
pub fn undefined_parameter(number: i32) -> Refusal {
    Refusal::new("undefined-parameter", SqlState("42P02"), format!("there is no parameter ${number}"), "", "")
}

/// No column of that name.
pub fn undefined_column(name: &str) -> Refusal {
    Refusal::new("undefined-column", SqlState("42703"), format!("column \"{name}\" does not exist"), "", "")
}

/// FROM's entry of that name has no such column.
pub fn undefined_column_in(alias: &str, name: &str) -> Refusal {
    Refusal { message: format!("column {alias}.{name} does not exist"), ..undefined_column(name) }
}

/// No column of that name where it is to be written, or copied.
pub fn undefined_column_of(relation: &str, name: &str) -> Refusal {
    let message = format!("column \"{name}\" of relation \"{relation}\" does not exist");
    Refusal { message, ..undefined_column(name) }
}

/// A column is named twice.
pub fn duplicate_column(name: &str) -> Refusal {
    let message = format!("column \"{name}\" specified more than once");
    Refusal::new("duplicate-column", SqlState("42701"), message, "", "")
}

/// No column of that name on one side (`left` or `right`) of JOIN … USING.
pub fn undefined_column_in_using(name: &str, side: &str) -> Refusal {
    let message = format!("column \"{name}\" specified in USING clause does not exist in {side} table");
    Refusal { message, ..undefined_column(name) }
}

/// No constraint of that name; a view has none.
pub fn undefined_constraint_of(relation: &str, name: &str) -> Refusal {
    let message = format!("constraint \"{name}\" for table \"{relation}\" does not exist");
    Refusal::new("undefined-constraint", SqlState::UNDEFINED_OBJECT, message, "", "")
}

/// A query of WITH that has no rows for others to read.
pub fn returns_nothing(query: &str) -> Refusal {
    let message = format!("WITH query \"{query}\" does not have a RETURNING clause");
    Refusal::new("returns-nothing", SqlState::FEATURE_NOT_SUPPORTED, message, "", "")
}

/// A query of WITH whose columns get names though it has none.
pub fn no_columns_to_name(query: &str, names: usize) -> Refusal {
    let message = format!("WITH query \"{query}\" has 0 columns available but {names} columns specified");
    Refusal::new("no-columns-to-name", SqlState("42P10"), message, "", "")
}

/// INSERT of more values than columns.
pub fn too_many_values() -> Refusal {
    let message = "INSERT has more expressions than target columns";
    Refusal::new("too-many-values", SqlState::SYNTAX_ERROR, message, "", "")
}

/// COPY takes rows of tables; `what` is a view or a partitioned table.
pub fn cannot_copy_from(what: &str, name: &str) -> Refusal {
    let hint = "Try the COPY (SELECT ...) TO variant.";
    Refusal::new("wrong-object-type", SqlState("42809"), format!("cannot copy from {what} \"{name}\""), "", hint)
}

/// A column that the view computes.
pub fn view_column_not_writable(view: &str, column: &str) -> Refusal {
    let message = format!("cannot write column \"{column}\" of view \"{view}\"");
    let detail = "View columns that are not columns of their base relation are not updatable.";
    Refusal::new("view-column-not-writable", SqlState::FEATURE_NOT_SUPPORTED, message, detail, "")
}

/// A new row does not meet the condition of a view WITH CHECK OPTION.
pub fn check_option(view: &str) -> Refusal {
    let message = format!("new row violates check option for view \"{view}\"");
    Refusal::new("check-option", SqlState("44000"), message, "", "")
}

/// The row that ON CONFLICT DO UPDATE runs into is none of the view's (from PostgreSQL 15.19 on).
pub fn conflict_not_in_view(view: &str) -> Refusal {
    let message = format!("conflicting row is not visible through view \"{view}\"");
    Refusal::new("conflict-not-in-view", SqlState("55000"), message, "", "")
}
