//! Alarms, sinks and mail, by what people see of them.

mod collector;
mod commands;
mod daily_mail;
mod keeper;
mod lifecycle;
mod names;
mod plan;
mod replay;
mod rules;
mod sinks;
mod smtp;
mod world;
