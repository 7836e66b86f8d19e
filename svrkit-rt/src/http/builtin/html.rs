//! The services for a browser: one page, no script.

use super::catalogue::{Catalogue, Field, policies};
use crate::http::html::Html;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem;border-bottom:1px solid #ccc}h3{font-size:1rem;margin-bottom:.2rem}\
code{font:13px ui-monospace,monospace}p{margin:.3rem 0;white-space:pre-line}a{color:#05a;text-decoration:none}\
table{border-collapse:collapse;margin:.4rem 0}td{padding:.1rem 1rem .1rem 0;vertical-align:top}td:first-child{color:#666}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8bf}td:first-child{color:#999}h2{border-color:#444}}";

/// The whole page.
pub(super) fn render(catalogue: &Catalogue) -> String {
    let mut html = Html::new();
    html.raw(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Services</title>",
    )
    .raw("<meta name=\"viewport\" content=\"width=device-width\"><style>")
    .raw(STYLE)
    .raw("</style></head><body><h1>Services</h1>");
    write(&mut html, catalogue);
    html.raw("</body></html>");
    html.finish()
}

/// What stands below its heading.
pub(super) fn write(html: &mut Html, catalogue: &Catalogue) {
    html.raw("<ul>");
    for service in &catalogue.services {
        let name = service.full_name;
        html.raw("<li><a href=\"#").text(name).raw("\">");
        html.text(name).raw("</a></li>");
    }
    html.raw("</ul>");
    for service in &catalogue.services {
        let name = service.full_name;
        html.raw("<h2 id=\"").text(name).raw("\">");
        html.text(name).raw("</h2>");
        paragraph(html, service.docs);
        for method in service.methods {
            html.raw("<h3 id=\"").text(method.full_name).raw("\">");
            html.text(method.name).raw(" (");
            type_link(html, catalogue, method.input);
            html.raw(") → ");
            type_link(html, catalogue, method.output);
            html.raw("</h3>");
            paragraph(html, method.docs);
            html.raw("<table>");
            for (name, value) in policies(method) {
                html.raw("<tr><td>").text(name).raw("</td><td>");
                html.text(value).raw("</td></tr>");
            }
            html.raw("</table>");
        }
    }
    html.raw("<h2>Messages</h2>");
    for (name, fields) in &catalogue.messages {
        heading(html, name);
        for field in fields {
            row(html, catalogue, field);
        }
        html.raw("</table>");
    }
    if !catalogue.enums.is_empty() {
        html.raw("<h2>Enums</h2>");
    }
    for (name, values) in &catalogue.enums {
        heading(html, name);
        for (value, number) in values {
            html.raw("<tr><td>").text(number).raw("</td><td><code>");
            html.text(value).raw("</code></td></tr>");
        }
        html.raw("</table>");
    }
}

/// The heading of a type, and the beginning of its table.
fn heading(html: &mut Html, name: &str) {
    html.raw("<h3 id=\"").text(name).raw("\"><code>");
    html.text(name).raw("</code></h3><table>");
}

fn row(html: &mut Html, catalogue: &Catalogue, field: &Field) {
    html.raw("<tr><td>")
        .text(field.number)
        .raw("</td><td><code>");
    html.text(&field.name).raw("</code></td><td>");
    html.text(field.label).raw(" ");
    type_link(html, catalogue, &field.ty);
    html.raw("</td></tr>");
}

fn type_link(html: &mut Html, catalogue: &Catalogue, ty: &str) {
    if catalogue.messages.contains_key(ty) || catalogue.enums.contains_key(ty) {
        html.raw("<a href=\"#").text(ty).raw("\"><code>");
        html.text(ty).raw("</code></a>");
    } else {
        html.raw("<code>").text(ty).raw("</code>");
    }
}

fn paragraph(html: &mut Html, text: &str) {
    if !text.is_empty() {
        html.raw("<p>").text(text).raw("</p>");
    }
}
