//! What a plan comes to on the servers that there are, and how its recording begins.

use super::call::RecordedMethod;
use super::format::Header;
use super::plan::Plan;
use super::recording::Run;
use super::redaction::Redaction;
use super::start_error::StartError;
use super::tap::{QUEUE_CALLS_MAX, Sample, Sink, Tap};
use super::writer::{Bounds, Writer};
use crate::descriptor::{MethodDescriptor, ServiceDescriptor, Streaming};
use crate::server::ServerWatch;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use tokio::time::Instant;

/// The methods of a plan, how they lose their secrets, and where they are served.
pub(super) struct Chosen {
    methods: Vec<&'static MethodDescriptor>,
    redactions: Vec<Redaction>,
    taps: Vec<Tap>,
}

impl Chosen {
    pub(super) fn of(plan: &Plan, servers: &[ServerWatch]) -> Result<Chosen, StartError> {
        type Found = (&'static MethodDescriptor, &'static ServiceDescriptor);
        let mut found: BTreeMap<&'static str, Found> = BTreeMap::new();
        for name in &plan.methods {
            let services = servers.iter().flat_map(ServerWatch::services);
            let methods =
                services.flat_map(|service| service.methods.iter().map(move |m| (m, *service)));
            let named =
                methods.filter(|(m, service)| m.full_name == name || service.full_name == name);
            let (streams, named): (Vec<Found>, Vec<Found>) =
                named.partition(|(method, _)| method.streaming != Streaming::None);
            // Of a service, those that can be recorded are.
            match (named.is_empty(), streams.first()) {
                (true, None) => return Err(StartError::UnknownMethod(name.clone())),
                (true, Some((method, _))) => return Err(StartError::Streams(method.full_name)),
                (false, _) => {}
            }
            for (method, service) in named {
                found.insert(method.full_name, (method, service));
            }
        }
        let redactions = found.values().map(|(method, service)| {
            let redaction = Redaction::of(method.input, service.file_descriptor_set);
            redaction.ok_or(StartError::NoDescriptors(method.full_name))
        });
        let serves = |server: &&ServerWatch| {
            let mut methods = server.services().iter().flat_map(|service| service.methods);
            methods.any(|method| found.contains_key(method.full_name))
        };
        Ok(Chosen {
            redactions: redactions.collect::<Result<_, _>>()?,
            methods: found.values().map(|(method, _)| *method).collect(),
            taps: servers
                .iter()
                .filter(serves)
                .map(|server| server.tap().clone())
                .collect(),
        })
    }

    /// Begins to record them.
    pub(super) fn record(self, plan: &Plan, file: File) -> Result<Arc<Run>, StartError> {
        let numbered = || (0_u16..).zip(&self.methods);
        let recorded = numbered().map(|(number, method)| RecordedMethod {
            number,
            id: method.id,
            full_name: method.full_name.to_owned(),
            idempotent: method.idempotent,
        });
        let recorded: Vec<RecordedMethod> = recorded.collect();
        let by_name: HashMap<&'static str, u16> = numbered()
            .map(|(number, method)| (method.full_name, number))
            .collect();
        let run = Arc::new(Run::new(plan, &self.methods, self.taps));
        let (queue, taken) = sync_channel(QUEUE_CALLS_MAX);
        let bounds = Bounds {
            file_bytes_max: plan.file_bytes_max,
            duration_max: plan.duration_max,
        };
        let mut writer = Writer::new(file, taken, self.redactions, run.counts.clone(), bounds);
        let header = Header {
            share: plan.share,
            started_us: run.started_us,
        };
        let begun = writer.begin(&header, &recorded);
        begun.map_err(|source| StartError::Io {
            path: plan.file.clone().into(),
            source,
        })?;
        run.open(Sink {
            methods: by_name,
            sample: Sample::of(plan.share),
            began: Instant::now(),
            queue,
            counts: run.counts.clone(),
        })?;
        // Not before calls can come: a writer whom nobody can send anything ends.
        let writing = run.clone();
        let thread = std::thread::Builder::new().name("recorder".to_owned());
        let spawned = thread.spawn(move || {
            let why = writer.run(|| writing.close());
            writing.end(why);
        });
        match spawned {
            Ok(_) => Ok(run),
            Err(error) => {
                run.close();
                Err(StartError::Thread(error))
            }
        }
    }
}
