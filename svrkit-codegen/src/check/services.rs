//! Services and methods: what callers call, and under which id.

use std::collections::HashMap;

use prost_reflect::{FileDescriptor, MethodDescriptor};

use super::{Report, policy};
use crate::lower::{self, Site, cmd_id_of};
use crate::options::{MethodPolicy, ServicePolicy};

/// Numbers of the parts of a method in its descriptor.
use crate::lower::path::{METHOD_INPUT, METHOD_OUTPUT};

/// A method as it was.
pub(super) struct OldMethod {
    pub(super) full_name: String,
    pub(super) id: u32,
    /// With what its service said for it.
    pub(super) policy: MethodPolicy,
    method: MethodDescriptor,
}

pub(super) fn check(old_files: &[FileDescriptor], report: &mut Report<'_>) {
    let newer = report.newer;
    let new_files: Vec<FileDescriptor> = newer.own_files().collect();
    let sites = lower::sites(newer, &new_files);
    let new: HashMap<String, &Site<'_>> =
        sites.iter().map(|site| (site.full_name(), site)).collect();
    let old = old_methods(old_files);

    for service in old_files.iter().flat_map(FileDescriptor::services) {
        if newer
            .pool
            .get_service_by_name(service.full_name())
            .is_none()
        {
            let message = format!("service {} is gone", service.full_name());
            report.at_file(&service.parent_file(), message);
        }
    }
    for method in &old {
        match new.get(&method.full_name) {
            Some(site) => {
                check_types(method, site, report);
                check_id(method, site, report);
                policy::check(method, site, report);
            }
            None => check_gone(method, report),
        }
    }

    // An id that was somebody else's: old callers would reach the wrong method.
    let old_by_id: HashMap<u32, &OldMethod> = old.iter().map(|it| (it.id, it)).collect();
    for site in &sites {
        let name = site.full_name();
        let id = cmd_id_of(&name, &site.policy);
        if let Some(owner) = old_by_id.get(&id).filter(|owner| owner.full_name != name) {
            let place = site.option_place(&[(1, "cmd_id")]);
            report.push(
                place,
                format!(
                    "the id of {name} is {id}, which was that of {}",
                    owner.full_name
                ),
            );
        }
    }
}

fn old_methods(files: &[FileDescriptor]) -> Vec<OldMethod> {
    let services = files.iter().flat_map(FileDescriptor::services);
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    methods
        .map(|method| {
            let policy = MethodPolicy::of(&method);
            let full_name = lower::full_name(&method);
            OldMethod {
                id: cmd_id_of(&full_name, &policy),
                policy: policy.or(&ServicePolicy::of(&method)),
                full_name,
                method,
            }
        })
        .collect()
}

fn check_gone(old: &OldMethod, report: &mut Report<'_>) {
    let service = old.method.parent_service().full_name();
    // A service that is gone was told once; its methods need not be.
    if let Some(service) = report.newer.pool.get_service_by_name(service) {
        let message = format!("method {} is gone", old.full_name);
        report.at(&service.parent_file(), service.path(), message);
    }
}

fn check_types(old: &OldMethod, site: &Site<'_>, report: &mut Report<'_>) {
    let name = &old.full_name;
    for (was, is, part, what) in [
        (
            old.method.input(),
            site.method.input(),
            METHOD_INPUT,
            "request",
        ),
        (
            old.method.output(),
            site.method.output(),
            METHOD_OUTPUT,
            "answer",
        ),
    ] {
        if was.full_name() != is.full_name() {
            let message = format!(
                "the {what} of {name} was `{}` and is `{}`",
                was.full_name(),
                is.full_name()
            );
            report.push(site.place_of(part), message);
        }
    }
    let (old, new) = (&old.method, &site.method);
    for (was, is, part, what) in [
        (
            old.is_client_streaming(),
            new.is_client_streaming(),
            METHOD_INPUT,
            "requests",
        ),
        (
            old.is_server_streaming(),
            new.is_server_streaming(),
            METHOD_OUTPUT,
            "answers",
        ),
    ] {
        if was != is {
            let message = match is {
                true => format!("the {what} of {name} stream, and did not"),
                false => format!("the {what} of {name} do not stream any more"),
            };
            report.push(site.place_of(part), message);
        }
    }
}

fn check_id(old: &OldMethod, site: &Site<'_>, report: &mut Report<'_>) {
    let id = cmd_id_of(&old.full_name, &site.policy);
    if id != old.id {
        let message = format!("the id of {} was {} and is {id}", old.full_name, old.id);
        report.push(site.option_place(&[(1, "cmd_id")]), message);
    }
}
