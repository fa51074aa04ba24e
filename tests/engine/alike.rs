//! What clears statements that are like one clears each as judging it anew does, whatever its literals are.

use consentry::engine::alike::Shape;
use consentry::engine::clear::{Engine, NoMemory};
use consentry::engine::context::{Context, Protocol};

const STRINGS: [&str; 4] = ["'a@b.c'", "'it''s \"***\"; --'", "''", "'2024-05-06'"];
const INTEGERS: [&str; 4] = ["7", "0", "2147483647", "007"];
const OTHERS: [&str; 4] = ["1.25", ".5", "1e3", "99999999999"];

/// Tries `sql` with `turns` other literals in each place by itself, and in all at once. How many of these it clears.
pub fn alike(engine: &Engine, sql: &str, context: &Context, protocol: Protocol, turns: usize) -> Result<usize, String> {
    let mut cleared = 0;
    let learned = engine.clear_and_learn(sql, context, protocol, &NoMemory);
    let (Ok((_, Some(template))), Some(shape)) = (learned, Shape::of(sql)) else { return Ok(0) };
    let other = |(start, end): (usize, usize), turn: usize| match &sql[start..end] {
        text if text.starts_with('\'') => STRINGS[turn % 4],
        number if number.bytes().all(|b| b.is_ascii_digit()) => INTEGERS[turn % 4],
        _ => OTHERS[turn % 4],
    };
    let literals = shape.literals();
    let choices = (0..literals.len()).map(Some).chain([None]);
    for (choice, turn) in choices.flat_map(|c| (0..turns).map(move |turn| (c, turn))) {
        let mut text = sql.to_owned();
        for (i, literal) in literals.iter().enumerate().rev() {
            if choice.is_none_or(|only| only == i) {
                text.replace_range(literal.0..literal.1, other(*literal, turn + i));
            }
        }
        let shape = Shape::of(&text).filter(|s| s.key() == shape.key());
        let Some(quick) = shape.and_then(|shape| template.clears(&text, &shape)) else { continue };
        cleared += usize::from(text != sql);
        let anew = engine.clear(&text, context, protocol);
        let anew = anew.map_err(|r| format!("like a cleared one, but refused ({}): {text}", r.rule))?;
        let (mine, its) = (format!("{quick:?}"), format!("{anew:?}"));
        if mine != its {
            return Err(format!("cleared as alike:\n{mine}\nand anew:\n{its}"));
        }
    }
    Ok(cleared)
}
