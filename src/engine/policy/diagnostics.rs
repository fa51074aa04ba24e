//! Problems in a policy or server file: where, what, and what to do, shown with the line underlined.
//! Knows nothing of what the files mean.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::engine::names::start;

/// A file as it was read: its name as people know it, and its whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub name: String,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// Where in a file. Lines and columns count from 1, columns in characters; `span` is in bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub span: Range<usize>,
}

/// One thing that is wrong, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub place: Place,
    /// Lower case, no period.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Another place that has to do with it, and how.
    pub also: Option<(Place, String)>,
}

/// Several files laid end to end in one space of byte positions, so that a single number says file and place.
/// (Parsers are given a file's text behind `base` blanks, so their spans are positions here.)
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    files: &'a [SourceFile],
    bases: Vec<usize>,
}

impl<'a> Sources<'a> {
    pub fn new(files: &'a [SourceFile]) -> Self {
        let bases = files
            .iter()
            .scan(0, |next, file| {
                let base = *next;
                *next += file.text.len() + 1;
                Some(base)
            })
            .collect();
        Self { files, bases }
    }

    /// Each file with the position of its first byte.
    pub fn files(&self) -> impl Iterator<Item = (usize, &'a SourceFile)> {
        self.bases.iter().copied().zip(self.files)
    }

    /// What a span of positions is, in file, line and column. A span beyond the end points at the end.
    pub fn place(&self, span: Range<usize>) -> Place {
        let index = self.bases.partition_point(|base| *base <= span.start).saturating_sub(1);
        let Some(file) = self.files.get(index) else {
            return Place { file: String::new(), line: 1, column: 1, span: 0..0 };
        };
        let local = |at: usize| start(&file.text, at.saturating_sub(self.bases[index])).len();
        let (start, end) = (local(span.start), local(span.end));
        let before = &file.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            file: file.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span: start..end.max(start),
        }
    }
}

/// Collects problems while reading goes on.
#[derive(Debug)]
pub struct Problems<'a> {
    sources: Sources<'a>,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub fn new(files: &'a [SourceFile]) -> Self {
        Self { sources: Sources::new(files), found: Vec::new() }
    }

    pub fn sources(&self) -> &Sources<'a> {
        &self.sources
    }

    pub fn error(&mut self, span: Range<usize>, message: impl Into<String>, fix: impl Into<String>) {
        self.push(Severity::Error, span, message.into(), fix.into());
    }

    pub fn warning(&mut self, span: Range<usize>, message: impl Into<String>, fix: impl Into<String>) {
        self.push(Severity::Warning, span, message.into(), fix.into());
    }

    /// Says of the newest problem where else to look.
    pub fn see_also(&mut self, span: Range<usize>, label: impl Into<String>) {
        let place = self.sources.place(span);
        if let Some(problem) = self.found.last_mut() {
            problem.also = Some((place, label.into()));
        }
    }

    fn push(&mut self, severity: Severity, span: Range<usize>, message: String, fix: String) {
        let place = self.sources.place(span);
        self.found.push(Problem { severity, place, message, fix, also: None });
    }

    pub fn any_error(&self) -> bool {
        self.found.iter().any(|p| p.severity == Severity::Error)
    }

    /// All problems, in the order of files and lines.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        let order = |p: &Problem| {
            let file = self.sources.files.iter().position(|f| f.name == p.place.file);
            (file, p.place.span.start, p.severity)
        };
        self.found.sort_by_key(order);
        self.found
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Coloured,
}

/// All problems as text for people, each with its line underlined. `files` are those that were read.
pub fn render(problems: &[Problem], files: &[SourceFile], style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    problems.iter().map(|problem| render_one(problem, files, &renderer)).collect()
}

fn render_one(problem: &Problem, files: &[SourceFile], renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let text = |place: &Place| files.iter().find(|f| f.name == place.file).map_or("", |f| f.text.as_str());
    let snippet = |place: &Place, kind: AnnotationKind, label: Option<String>| {
        Snippet::source(text(place).to_owned())
            .path(place.file.clone())
            .annotation(kind.span(place.span.clone()).label(label))
    };
    let mut group = Group::with_title(level.primary_title(problem.message.as_str()));
    match &problem.also {
        Some((place, label)) if place.file == problem.place.file => {
            group = group.element(
                snippet(&problem.place, AnnotationKind::Primary, None)
                    .annotation(AnnotationKind::Context.span(place.span.clone()).label(label.clone())),
            );
        }
        Some((place, label)) => {
            group = group.element(snippet(&problem.place, AnnotationKind::Primary, None)).element(snippet(
                place,
                AnnotationKind::Context,
                Some(label.clone()),
            ));
        }
        None => group = group.element(snippet(&problem.place, AnnotationKind::Primary, None)),
    }
    if !problem.fix.is_empty() {
        group = group.element(Level::HELP.message(problem.fix.as_str()));
    }
    format!("{}\n\n", renderer.render(&[group]))
}
