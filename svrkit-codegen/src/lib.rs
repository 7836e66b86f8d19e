//! The svrkit generator.
