//! `/hotspots`: where processor time goes, as a flame graph, as folded stacks, and as pprof's protobuf.

use crate::admin::doc::{Doc, Part, Tone};
use crate::admin::profile::{Node, Profile, TakeError, draw, encode};
use crate::admin::state::State;
use crate::admin::units;
use crate::clock;
use crate::http::{Form, Html, PageRequest, PageResponse};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Seconds that a profile may take.
const SECONDS_MAX: u64 = 60;

/// Takes a profile of `seconds`, or shows the last one; from `focus` on; `format=pprof` for pprof.
pub(super) async fn page(state: Arc<State>, request: PageRequest) -> PageResponse {
    let query = request.query();
    let seconds = query.get("seconds").and_then(|s| s.parse::<u64>().ok());
    let profile = match seconds {
        None => state.profiler.last(),
        // A picture on somebody's page could point here, again and again.
        Some(_) if request.header("sec-fetch-site") == Some("cross-site") => {
            return PageResponse::text("asked for from elsewhere\n").status(403);
        }
        Some(seconds) => {
            let length = Duration::from_secs(seconds.clamp(1, SECONDS_MAX));
            match state.profiler.take(length).await {
                Ok(profile) => Some(profile),
                Err(error) => return failed(&state, &request, &error),
            }
        }
    };
    if query.get("format") == Some("pprof") {
        return match profile {
            Some(profile) => PageResponse::new("application/octet-stream", encode(&profile))
                .header("content-disposition", "attachment; filename=\"cpu.pprof\""),
            None => PageResponse::text("no profile was taken; say ?seconds=10\n").status(404),
        };
    }
    let focus = query.get("focus").unwrap_or_default();
    let doc = |form| doc(profile.as_deref(), focus, form);
    let json = || match &profile {
        Some(profile) => json!({ "samples": profile.samples(), "folded": profile.folded() }),
        None => json!({ "samples": 0, "folded": "" }),
    };
    state.answer(&request, doc, json)
}

fn failed(state: &State, request: &PageRequest, error: &TakeError) -> PageResponse {
    let doc = |_: Form| {
        let mut doc = Doc::new("Hotspots");
        doc.part(Part::Paragraph(Tone::Bad, error.to_string()));
        doc
    };
    let json = || json!({ "message": error.to_string() });
    let status = match error {
        TakeError::Busy => 409,
        TakeError::Broken(_) => 500,
    };
    state.answer(request, doc, json).status(status)
}

fn doc(profile: Option<&Profile>, focus: &str, form: Form) -> Doc {
    let mut doc = Doc::new("Hotspots");
    match (form, profile) {
        (Form::Html, _) => drop(
            doc.part(Part::Figure(forms()))
                .part(Part::Figure(downloads(profile))),
        ),
        (_, None) => drop(doc.paragraph("No profile was taken; say ?seconds=10.")),
        (_, Some(profile)) => drop(doc.part(Part::Verbatim(profile.folded()))),
    }
    let (Form::Html, Some(profile)) = (form, profile) else {
        return doc;
    };
    let ago = Duration::from_micros(clock::now_us().saturating_sub(profile.began_us));
    doc.paragraph(format!(
        "{} looks in {}, begun {} ago. Wide is where time goes; click to look from there.",
        units::whole(i128::from(profile.samples())),
        units::age(profile.length),
        units::age(ago),
    ));
    let root = Node::of(profile);
    if focus.is_empty() {
        let (fork, path, above) = root.fork();
        if above > 0 {
            doc.paragraph(format!("Below {above} functions that all have in common."));
        }
        doc.part(Part::Figure(draw(fork, &path)));
    } else if let Some(node) = root.at(focus) {
        doc.heading(&node.name);
        doc.part(Part::Figure(draw(node, focus)));
    } else {
        doc.paragraph("That is not in this profile any more.");
    }
    doc
}

fn forms() -> Html {
    let mut html = Html::new();
    html.raw("<form method=\"get\" action=\"/hotspots\"><label>look for <select name=\"seconds\">");
    html.raw(
        "<option>5</option><option selected>10</option><option>30</option><option>60</option>",
    );
    html.raw("</select> seconds</label> <button>take a profile</button></form>");
    html
}

fn downloads(profile: Option<&Profile>) -> Html {
    let mut html = Html::new();
    if profile.is_some() {
        html.raw("<p class=\"line\"><a href=\"/hotspots\">from the top</a>");
        html.raw("<a href=\"/hotspots?format=pprof\">for pprof</a>");
        html.raw("<a href=\"/hotspots?format=text\">folded stacks</a></p>");
    }
    html
}
