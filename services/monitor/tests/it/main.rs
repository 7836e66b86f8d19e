//! Alarms, sinks and mail, by what people see of them.

mod lifecycle;
mod plan;
mod rules;
mod world;
