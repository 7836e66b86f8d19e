//! Commands about messages.

use super::content;
use super::room::{Done, Room, why};
use super::wording::ago;
use im_idl::ids::is_group;
use im_idl::message::RecallRequest;
use svrkit_rt::clock;

/// Messages that are shown when somebody is turned to.
const SHOWN: usize = 10;

impl Room {
    pub(super) async fn say(&mut self, to: Option<String>, text: String) -> Done {
        let chat = match to {
            Some(name) => self.find(&name)?,
            None => self.with.ok_or("to whom? /with NAME first")?,
        };
        self.client.send_text(chat, text).await.map_err(why)?;
        Ok(String::new())
    }

    pub(super) async fn turn_to(&mut self, name: &str) -> Done {
        let chat = self.find(name)?;
        self.with = Some(chat);
        if is_group(chat) {
            // Without their names they are called by their numbers.
            let _ = self.meet_members(chat).await;
        }
        let lines = self.history(SHOWN)?;
        self.seen(chat);
        Ok(lines)
    }

    pub(super) fn history(&self, messages: usize) -> Done {
        let chat = self.with.ok_or("of whom? /with NAME first")?;
        let now_ms = clock::now_ms();
        let lines = self.client.state(|state| {
            let Some(kept) = state.chats().get(&chat) else {
                return Vec::new();
            };
            let skipped = kept.messages().len().saturating_sub(messages);
            let shown = kept.messages().skip(skipped).map(|message| {
                let line = self.message_line(state, &message.item);
                format!("{line}  ({})", ago(now_ms, message.item.time_ms))
            });
            shown.collect()
        });
        if lines.is_empty() {
            return Ok(format!("* nothing was said with {} yet", self.name(chat)));
        }
        Ok(lines.join("\n"))
    }

    pub(super) async fn recall(&mut self) -> Done {
        let chat = self.with.ok_or("with whom? /with NAME first")?;
        let last = self.client.state(|state| {
            let (kept, uin) = (state.chats().get(&chat)?, state.uin());
            let mut messages = kept.messages().rev();
            let mine =
                messages.find(|message| message.item.sender == uin && !message.is_recalled)?;
            let text = content::text(mine.item.content.as_ref());
            Some((mine.item.client_message_id, text))
        });
        let (client_message_id, text) = last.ok_or("there is nothing of yours here")?;
        let request = RecallRequest {
            to: chat,
            client_message_id,
        };
        self.client.call(request).await.map_err(why)?;
        Ok(format!("* taken back: {text}"))
    }
}
