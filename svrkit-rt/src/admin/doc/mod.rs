//! What a page says, before anybody decides how it looks: written once, shown as HTML to browsers and as text to terminals.

mod html;
mod text;

pub(super) use html::{Frame, render as to_html};
pub(super) use text::render as to_text;

use crate::http::Html;

/// A page.
#[derive(Debug, Default)]
pub(super) struct Doc {
    pub(super) title: &'static str,
    /// Seconds after which a browser asks again; 0 for never.
    pub(super) refresh_s: u64,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) enum Part {
    Heading(String),
    Paragraph(Tone, String),
    /// Names with values: the same for every row of a table of two columns, but more readable.
    Facts(Vec<(&'static str, Cell)>),
    Table(Table),
    /// Cells in a line, such as links to other views.
    Line(Vec<Cell>),
    /// Something that only a browser shows: a drawing, a form.
    Figure(Html),
    /// Text that is shown as it is.
    Verbatim(String),
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Said instead of a table without rows.
    pub(super) empty: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) align: Align,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// One value.
#[derive(Debug, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Path and query of ours; what is from outside in it is percent-encoded.
    pub(super) link: Option<String>,
    pub(super) tone: Tone,
    /// Drawn after the text, for browsers.
    pub(super) drawing: Option<Html>,
    /// Steps that it is moved to the right, in a tree.
    pub(super) depth: usize,
}

/// How a value is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    /// Of less interest.
    Dim,
    Bad,
    /// A name in code.
    Code,
}

impl Doc {
    pub(super) fn new(title: &'static str) -> Doc {
        Doc {
            title,
            ..Doc::default()
        }
    }

    pub(super) fn heading(&mut self, text: impl Into<String>) -> &mut Doc {
        self.part(Part::Heading(text.into()))
    }

    pub(super) fn paragraph(&mut self, text: impl Into<String>) -> &mut Doc {
        self.part(Part::Paragraph(Tone::Dim, text.into()))
    }

    pub(super) fn part(&mut self, part: Part) -> &mut Doc {
        self.parts.push(part);
        self
    }
}

impl Table {
    pub(super) fn new<const N: usize>(columns: [Column; N], empty: &'static str) -> Table {
        Table {
            columns: columns.into(),
            rows: Vec::new(),
            empty,
        }
    }
}

/// A column of words.
pub(super) const fn words(title: &'static str) -> Column {
    Column {
        title,
        align: Align::Left,
    }
}

/// A column of figures.
pub(super) const fn figures(title: &'static str) -> Column {
    Column {
        title,
        align: Align::Right,
    }
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Cell {
        Cell {
            text: text.into(),
            ..Cell::default()
        }
    }

    pub(super) fn code(text: impl Into<String>) -> Cell {
        Cell::new(text).tone(Tone::Code)
    }

    pub(super) fn dim(text: impl Into<String>) -> Cell {
        Cell::new(text).tone(Tone::Dim)
    }

    pub(super) fn tone(mut self, tone: Tone) -> Cell {
        self.tone = tone;
        self
    }

    pub(super) fn link(mut self, to: impl Into<String>) -> Cell {
        self.link = Some(to.into());
        self
    }

    pub(super) fn drawing(mut self, drawing: Html) -> Cell {
        self.drawing = Some(drawing);
        self
    }

    pub(super) fn depth(mut self, depth: usize) -> Cell {
        self.depth = depth;
        self
    }
}

impl<T: std::fmt::Display> From<T> for Cell {
    fn from(value: T) -> Cell {
        Cell::new(value.to_string())
    }
}
