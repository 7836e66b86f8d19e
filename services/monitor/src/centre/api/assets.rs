//! The files of the page, in the program: nothing is read from the disk, and nothing from elsewhere.

use svrkit_rt::{PageRequest, PageResponse, Pages, Status};

const INDEX: &str = include_str!("../../../web/index.html");

/// Files with their bytes.
macro_rules! files {
    ($($name:literal,)*) => {
        [$(($name, include_bytes!(concat!("../../../web/", $name)))),*]
    };
}

/// What is below `/web/`, in the order of names.
static FILES: &[(&str, &[u8])] = &files![
    "icon.svg",
    "icon_firing.svg",
    "js/alarms/active.js",
    "js/alarms/alarms.js",
    "js/alarms/history.js",
    "js/alarms/matcher.js",
    "js/alarms/rules.js",
    "js/alarms/silence_form.js",
    "js/alarms/silences.js",
    "js/alarms/words.js",
    "js/api.js",
    "js/cell.js",
    "js/choice.js",
    "js/clock.js",
    "js/curve/axes.js",
    "js/curve/chart.js",
    "js/curve/controls.js",
    "js/curve/curve.js",
    "js/curve/head.js",
    "js/curve/legend.js",
    "js/curve/line.js",
    "js/curve/look.js",
    "js/curve/range_picker.js",
    "js/curve/tooltip.js",
    "js/curve/uplot.js",
    "js/curves.js",
    "js/dialog.js",
    "js/dom.js",
    "js/early.js",
    "js/feed.js",
    "js/header/header.js",
    "js/header/live_state.js",
    "js/header/search_box.js",
    "js/health.js",
    "js/icon.js",
    "js/keyed.js",
    "js/keys.js",
    "js/labels.js",
    "js/main.js",
    "js/number.js",
    "js/overview/alarm_strip.js",
    "js/overview/filter_box.js",
    "js/overview/graph.js",
    "js/overview/graph_frame.js",
    "js/overview/graph_labels.js",
    "js/overview/graph_layout.js",
    "js/overview/graph_list.js",
    "js/overview/graph_node.js",
    "js/overview/graph_path.js",
    "js/overview/graph_picture.js",
    "js/overview/instances.js",
    "js/overview/methods.js",
    "js/overview/overview.js",
    "js/overview/service_name.js",
    "js/overview/sparkline.js",
    "js/overview/tiles.js",
    "js/panel.js",
    "js/query.js",
    "js/route.js",
    "js/search/search.js",
    "js/search/series_link.js",
    "js/settings.js",
    "js/shortcuts.js",
    "js/table.js",
    "js/theme.js",
    "js/toast.js",
    "js/token.js",
    "js/types.js",
    "js/view.js",
    "js/words/en.js",
    "js/words/index.js",
    "js/words/zh.js",
    "style/alarms.css",
    "style/base.css",
    "style/curve.css",
    "style/dialog.css",
    "style/graph.css",
    "style/header.css",
    "style/overview.css",
    "style/search.css",
    "style/table.css",
    "style/tokens.css",
    "vendor/uplot/uPlot.iife.min.js",
    "vendor/uplot/uPlot.min.css",
];

/// Adds them.
pub(super) fn add_to(pages: Pages) -> Pages {
    pages
        .get("/", |_| async { fresh(PageResponse::html(INDEX)) })
        .get(
            "/web/*",
            |request: PageRequest| async move { file(&request) },
        )
}

fn file(request: &PageRequest) -> Result<PageResponse, Status> {
    let name = request.rest();
    let place = FILES.binary_search_by_key(&name, |(name, _)| name);
    let place = place.map_err(|_| Status::not_found("there is no such file"))?;
    let (name, bytes) = FILES[place];
    let tag = format!("\"{:08x}\"", crc32c::crc32c(bytes));
    let known = request.header("if-none-match") == Some(tag.as_str());
    let page = match known {
        true => PageResponse::new(content_type(name), "").status(304),
        false => PageResponse::new(content_type(name), bytes),
    };
    Ok(fresh(page).header("etag", &tag))
}

/// Kept by browsers, and asked for again each time: another version of the program has other files under the same names.
fn fresh(page: PageResponse) -> PageResponse {
    page.header("cache-control", "no-cache")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn below(dir: &Path, root: &Path, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            if path.is_dir() {
                below(&path, root, names);
            } else if [".js", ".css", ".svg"]
                .iter()
                .any(|ending| name.ends_with(ending))
            {
                names.push(name.to_owned());
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_in_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let mut names = Vec::new();
        below(&root, &root, &mut names);
        names.sort();
        let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, names);
    }
}
