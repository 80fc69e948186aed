//! Streams the proof of a draw, for as long as it is read. Memory stays flat: a page of a box
//! is read when the one before it was taken.

use crate::ballots::Ballots;
use crate::failure::Error;
use actors::domain::lottery::LotteryView;
use actors::domain::pool::PoolName;
use bytes::Bytes;
use draws::QUICKNET;
use draws::writer::{Lost, Writer};
use futures_util::stream::{self, Stream};
use std::sync::Arc;

/// Ballots in a page: some hundred kilobytes of text.
const PAGE: usize = 4096;

/// None: nothing is drawn yet.
pub fn stream(
    ballots: Arc<Ballots>,
    pool: PoolName,
    view: &LotteryView,
) -> Option<impl Stream<Item = std::io::Result<Bytes>> + use<>> {
    let mut out = Vec::new();
    let writer = Writer::begin(pool, view, &QUICKNET, &mut out)?;
    let writing = Writing { ballots, writer, out };
    Some(Box::pin(stream::try_unfold(writing, |writing| async {
        writing.page().await.map_err(broken_off)
    })))
}

struct Writing {
    ballots: Arc<Ballots>,
    writer: Writer,
    out: Vec<u8>,
}

#[derive(Debug)]
enum Failed {
    Box(Error),
    Lost(Lost),
}

/// The status was sent long ago, so all that can be done is to end without an end, which every
/// verifier notices.
fn broken_off(failed: Failed) -> std::io::Error {
    std::io::Error::other(match failed {
        Failed::Box(failure) => format!("the ballots cannot be read on: {failure}"),
        Failed::Lost(lost) => lost.to_string(),
    })
}

impl Writing {
    async fn page(mut self) -> Result<Option<(Bytes, Writing)>, Failed> {
        if let Some((name, from)) = self.writer.wanted() {
            let page = self.ballots.page(&name, from, PAGE).await.map_err(Failed::Box)?;
            self.writer.write(&page, &mut self.out).map_err(Failed::Lost)?;
        }
        let out = std::mem::take(&mut self.out);
        Ok((!out.is_empty()).then(|| (out.into(), self)))
    }
}
