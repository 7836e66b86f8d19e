//! The services for a terminal.

use super::catalogue::{Catalogue, policies};
use std::fmt::{self, Write};

pub(super) fn render(catalogue: &Catalogue) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, catalogue);
    out
}

fn write_all(out: &mut String, catalogue: &Catalogue) -> fmt::Result {
    for service in &catalogue.services {
        writeln!(out, "service {}", service.full_name)?;
        indented(out, "  ", service.docs)?;
        for method in service.methods {
            writeln!(
                out,
                "\n  {} ({}) -> {}",
                method.name, method.input, method.output
            )?;
            indented(out, "    ", method.docs)?;
            for (name, value) in policies(method) {
                writeln!(out, "    {name:<16}{value}")?;
            }
        }
        writeln!(out)?;
    }
    for (name, fields) in &catalogue.messages {
        writeln!(out, "message {name}")?;
        for field in fields {
            let space = if field.label.is_empty() { "" } else { " " };
            writeln!(
                out,
                "  {}{space}{} {} = {}",
                field.label, field.ty, field.name, field.number
            )?;
        }
        writeln!(out)?;
    }
    for (name, values) in &catalogue.enums {
        writeln!(out, "enum {name}")?;
        for (value, number) in values {
            writeln!(out, "  {value} = {number}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn indented(out: &mut String, by: &str, text: &str) -> fmt::Result {
    for line in text.lines() {
        writeln!(out, "{by}{}", line.trim())?;
    }
    Ok(())
}
