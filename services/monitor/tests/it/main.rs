//! The monitoring by what people see of it: reports, pages, alarms, sinks, mail.

mod agent;
mod api;
mod collector;
mod commands;
mod daily_mail;
mod http;
mod keeper;
mod lifecycle;
mod names;
mod plan;
mod replay;
mod reporting;
mod rules;
mod sinks;
mod smtp;
mod world;
