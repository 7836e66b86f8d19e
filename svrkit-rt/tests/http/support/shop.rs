//! The service under test: it tells what arrived, and misbehaves when asked to.

use crate::generated::shop::v1::{Ask, Fault, Seen, Shop};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use svrkit_rt::{Code, Context, Status};
use tokio::sync::Notify;

/// What the tests know of the handlers.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) started: Notify,
    /// Lets one waiting handler go.
    pub(crate) go_on: Notify,
    pub(crate) dropped: Notify,
    pub(crate) calls: AtomicUsize,
}

#[derive(Debug, Default)]
pub(crate) struct Shopkeeper(pub(crate) Arc<Ledger>);

struct NotesDrop(Arc<Ledger>);

impl Drop for NotesDrop {
    fn drop(&mut self) {
        self.0.dropped.notify_one();
    }
}

impl Shopkeeper {
    fn seen(&self, ctx: &Context, ask: Ask) -> Seen {
        self.0.calls.fetch_add(1, SeqCst);
        Seen {
            ask: Some(ask),
            routing_key: ctx.routing_key,
            priority: ctx.priority.business as u32,
            remaining_ms: ctx.remaining().as_millis() as u64,
            trace: ctx.trace.map_or(String::new(), |t| t.to_string()),
            metadata: ctx
                .metadata
                .iter()
                .map(|(k, v)| (k.to_owned(), String::from_utf8_lossy(v).into_owned()))
                .collect(),
        }
    }
}

impl Shop for Shopkeeper {
    async fn show(&self, ctx: &mut Context, ask: Ask) -> Result<Seen, Status> {
        Ok(self.seen(ctx, ask))
    }

    async fn buy(&self, ctx: &mut Context, ask: Ask) -> Result<Seen, Status> {
        Ok(self.seen(ctx, ask))
    }

    async fn small(&self, _: &mut Context, ask: Ask) -> Result<Seen, Status> {
        let name = "x".repeat(ask.big_number as usize);
        Ok(Seen {
            trace: name,
            ..Seen::default()
        })
    }

    async fn fail(&self, _: &mut Context, fault: Fault) -> Result<Seen, Status> {
        let status = Status::new(Code::from_wire(fault.code as u16), fault.message);
        Err(status.with_reason(fault.domain, fault.reason))
    }

    async fn wait(&self, ctx: &mut Context, ask: Ask) -> Result<Seen, Status> {
        let _notes = NotesDrop(self.0.clone());
        self.0.started.notify_one();
        self.0.go_on.notified().await;
        Ok(self.seen(ctx, ask))
    }

    async fn attach(&self, ctx: &mut Context, ask: Ask) -> Result<Seen, Status> {
        ctx.reply_attachment = ask.blob;
        Ok(Seen::default())
    }

    async fn tell(&self, ctx: &mut Context, ask: Ask) -> Result<Seen, Status> {
        for word in ask.words {
            ctx.reply_metadata.insert("word", word)?;
        }
        ctx.reply_metadata.insert("blob-bin", ask.blob)?;
        ctx.reply_metadata.insert("content-length", "1")?;
        ctx.reply_metadata.insert("noise", vec![0, 255])?;
        Ok(Seen::default())
    }

    async fn panic(&self, _: &mut Context, _: Ask) -> Result<Seen, Status> {
        panic!("the shop burns");
    }

    async fn fill(&self, _: &mut Context, ask: Ask) -> Result<Seen, Status> {
        Ok(Seen {
            trace: "x".repeat(ask.big_number as usize),
            ..Seen::default()
        })
    }
}
