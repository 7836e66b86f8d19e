//! `/fleet`: the instances behind the channels of this process, and what is held against each.

use crate::admin::doc::{Cell, Doc, Part, Table, Tone, figures, words};
use crate::admin::state::State;
use crate::admin::units;
use crate::client::{ChannelState, InstanceState, Standing};
use crate::http::{Form, PageRequest, PageResponse};
use serde_json::{Value, json};

/// `channel` of all of them.
pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let query = request.query();
    let only = query.get("channel").unwrap_or_default();
    let channels = state.admin.channels.iter();
    let channels = channels.filter(|(name, _)| only.is_empty() || only == name);
    let found: Vec<(&str, ChannelState)> = channels
        .filter_map(|(name, channel)| Some((name.as_str(), channel.state()?)))
        .collect();
    state.answer(request, |_: Form| doc(&found), || json(&found))
}

fn doc(found: &[(&str, ChannelState)]) -> Doc {
    let mut doc = Doc::new("Fleet");
    let instances = found.iter().flat_map(|(_, channel)| &channel.instances);
    let serving = instances.clone().filter(|i| serves(i)).count();
    doc.paragraph(format!(
        "{} channels, {} of {} instances serve. Of a channel to one instance nothing is observed: there is nobody to compare it with.",
        units::whole(found.len() as i128),
        units::whole(serving as i128),
        units::whole(instances.count() as i128),
    ));
    let columns = [
        words("channel"),
        words("instance"),
        words("standing"),
        words("zone"),
        words("tag"),
        figures("weight"),
        figures("share"),
        figures("in flight"),
        figures("× usual time"),
        words("trouble"),
    ];
    let mut table = Table::new(columns, "None: no channel of this process is watched.");
    for (name, channel) in found {
        let rows = channel.instances.iter();
        table.rows.extend(rows.map(|instance| row(name, instance)));
    }
    doc.part(Part::Table(table));
    for (name, channel) in found {
        if let Some(trouble) = &channel.trouble {
            doc.part(Part::Paragraph(Tone::Bad, format!("{name}: {trouble}")));
        }
    }
    doc
}

fn row(channel: &str, instance: &InstanceState) -> Vec<Cell> {
    let observed = instance.observed;
    let figure = |text: Option<String>| text.map_or(Cell::dim("–"), Cell::new);
    let tone = if serves(instance) {
        Tone::Plain
    } else {
        Tone::Bad
    };
    vec![
        Cell::new(channel),
        Cell::code(&instance.address),
        Cell::new(standing(instance)).tone(tone),
        Cell::new(&instance.zone),
        Cell::new(tag(instance)),
        instance.weight.into(),
        figure(observed.map(|o| units::percent(f64::from(o.share)))),
        figure(observed.map(|o| units::whole(o.in_flight.into()))),
        figure(observed.map(|o| format!("{:.2}", o.times_usual))),
        Cell::new(instance.last_error.as_deref().unwrap_or_default()),
    ]
}

fn serves(instance: &InstanceState) -> bool {
    matches!(instance.standing, Standing::Serves | Standing::OnTrial)
}

fn standing(instance: &InstanceState) -> String {
    let sheds = instance.observed.is_some_and(|observed| observed.sheds);
    match instance.standing {
        Standing::Serves if sheds => "serves, sheds".to_owned(),
        Standing::Serves => "serves".to_owned(),
        Standing::Unconnected => "not connected".to_owned(),
        Standing::LeftAlone(left) => format!("left alone for {:.1} s", left.as_secs_f64()),
        Standing::OnTrial => "on trial".to_owned(),
    }
}

fn tag(instance: &InstanceState) -> String {
    instance.tag.map_or(String::new(), |tag| tag.to_string())
}

fn json(found: &[(&str, ChannelState)]) -> Value {
    let channels = found.iter().map(|(name, channel)| {
        let instances = channel.instances.iter().map(|instance| {
            let observed = instance.observed;
            json!({
                "address": instance.address,
                "standing": standing(instance),
                "zone": instance.zone,
                "tag": tag(instance),
                "weight": instance.weight,
                "share": observed.map(|o| o.share),
                "in_flight": observed.map(|o| o.in_flight),
                "times_usual": observed.map(|o| o.times_usual),
                "trouble": instance.last_error,
            })
        });
        json!({
            "channel": name,
            "instances": instances.collect::<Vec<_>>(),
            "trouble": channel.trouble,
        })
    });
    json!({ "channels": channels.collect::<Vec<_>>() })
}
