//! HTML written by hand: what is ours is a literal, everything else is escaped.

use std::fmt::{self, Display, Write};

/// A page, or a part of one, being written.
///
/// Markup can only be a literal, so nothing that came from outside can become any.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    pub(crate) fn new() -> Html {
        Html::default()
    }

    /// Markup of ours.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Html {
        self.0.push_str(markup);
        self
    }

    /// Text that cannot be taken for markup, in an element or in a quoted attribute.
    pub(crate) fn text(&mut self, text: impl Display) -> &mut Html {
        // Writing to a string cannot fail.
        let _ = write!(Escaping(&mut self.0), "{text}");
        self
    }

    /// Another part, written before.
    #[cfg(feature = "admin")]
    pub(crate) fn append(&mut self, part: &Html) -> &mut Html {
        self.0.push_str(&part.0);
        self
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let mut html = Html::new();
        html.raw("<p title=\"").text("\"'").raw("\">");
        html.text("</p><script>alert(1)&").raw("</p>");
        assert_eq!(
            html.finish(),
            "<p title=\"&quot;&#39;\">&lt;/p&gt;&lt;script&gt;alert(1)&amp;</p>"
        );
    }
}
