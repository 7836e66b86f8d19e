//! The services for a browser: one page, no script.

use super::catalogue::{Catalogue, Field, policies};
use std::fmt::{self, Display, Write};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem;border-bottom:1px solid #ccc}h3{font-size:1rem;margin-bottom:.2rem}\
code{font:13px ui-monospace,monospace}p{margin:.3rem 0;white-space:pre-line}a{color:#05a;text-decoration:none}\
table{border-collapse:collapse;margin:.4rem 0}td{padding:.1rem 1rem .1rem 0;vertical-align:top}td:first-child{color:#666}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8bf}td:first-child{color:#999}h2{border-color:#444}}";

pub(super) fn render(catalogue: &Catalogue) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, catalogue);
    out
}

/// Text that cannot be taken for markup, in an element or in a quoted attribute.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

fn write_all(out: &mut String, catalogue: &Catalogue) -> fmt::Result {
    write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Services</title>\
        <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body><h1>Services</h1><ul>"
    )?;
    for service in &catalogue.services {
        let name = Escaped(service.full_name);
        write!(out, "<li><a href=\"#{name}\">{name}</a></li>")?;
    }
    write!(out, "</ul>")?;
    for service in &catalogue.services {
        let name = Escaped(service.full_name);
        write!(out, "<h2 id=\"{name}\">{name}</h2>")?;
        paragraph(out, service.docs)?;
        for method in service.methods {
            write!(
                out,
                "<h3 id=\"{}\">{} (",
                Escaped(method.full_name),
                Escaped(method.name)
            )?;
            type_link(out, catalogue, method.input)?;
            write!(out, ") → ")?;
            type_link(out, catalogue, method.output)?;
            write!(out, "</h3>")?;
            paragraph(out, method.docs)?;
            write!(out, "<table>")?;
            for (name, value) in policies(method) {
                let (name, value) = (Escaped(name), Escaped(value));
                write!(out, "<tr><td>{name}</td><td>{value}</td></tr>")?;
            }
            write!(out, "</table>")?;
        }
    }
    write!(out, "<h2>Messages</h2>")?;
    for (name, fields) in &catalogue.messages {
        let name = Escaped(name);
        write!(out, "<h3 id=\"{name}\"><code>{name}</code></h3><table>")?;
        for field in fields {
            row(out, catalogue, field)?;
        }
        write!(out, "</table>")?;
    }
    if !catalogue.enums.is_empty() {
        write!(out, "<h2>Enums</h2>")?;
    }
    for (name, values) in &catalogue.enums {
        let name = Escaped(name);
        write!(out, "<h3 id=\"{name}\"><code>{name}</code></h3><table>")?;
        for (value, number) in values {
            let value = Escaped(value);
            write!(
                out,
                "<tr><td>{number}</td><td><code>{value}</code></td></tr>"
            )?;
        }
        write!(out, "</table>")?;
    }
    write!(out, "</body></html>")
}

fn row(out: &mut String, catalogue: &Catalogue, field: &Field) -> fmt::Result {
    write!(
        out,
        "<tr><td>{}</td><td><code>{}</code></td><td>{} ",
        field.number,
        Escaped(&field.name),
        Escaped(field.label)
    )?;
    type_link(out, catalogue, &field.ty)?;
    write!(out, "</td></tr>")
}

fn type_link(out: &mut String, catalogue: &Catalogue, ty: &str) -> fmt::Result {
    let name = Escaped(ty);
    if catalogue.messages.contains_key(ty) || catalogue.enums.contains_key(ty) {
        write!(out, "<a href=\"#{name}\"><code>{name}</code></a>")
    } else {
        write!(out, "<code>{name}</code>")
    }
}

fn paragraph(out: &mut String, text: &str) -> fmt::Result {
    match text {
        "" => Ok(()),
        text => write!(out, "<p>{}</p>", Escaped(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_idl_becomes_markup() {
        let hostile = "</p><script>alert(\"1\")&'";
        let escaped = Escaped(hostile).to_string();
        assert_eq!(
            escaped,
            "&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&amp;&#39;"
        );
    }
}
