//! A network between callers and an instance that can be cut: nothing that is sent arrives, and nobody is told.

use std::error::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes of one piece.
const PIECE_BYTES: usize = 16 * 1024;

pub(crate) struct Network {
    /// Where callers find the instance.
    pub(crate) address: String,
    cut: watch::Sender<bool>,
}

impl Network {
    /// Puts one before `instance`.
    pub(crate) async fn before(instance: &str) -> Result<Network, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let cut = watch::Sender::new(false);
        tokio::spawn(accept(listener, instance.to_owned(), cut.subscribe()));
        Ok(Network { address, cut })
    }

    /// From now on, until the end.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }
}

async fn accept(listener: TcpListener, instance: String, mut cut: watch::Receiver<bool>) {
    while let Ok((near, _)) = listener.accept().await {
        // An error says that the network is gone, and nobody needs it any more.
        if cut.wait_for(|cut| !*cut).await.is_err() {
            return;
        }
        let (instance, cut) = (instance.clone(), cut.clone());
        tokio::spawn(async move {
            let Ok(far) = TcpStream::connect(instance).await else {
                return;
            };
            for stream in [&near, &far] {
                let _ = stream.set_nodelay(true);
            }
            let (near_read, near_write) = near.into_split();
            let (far_read, far_write) = far.into_split();
            tokio::select! {
                () = carry(near_read, far_write, cut.clone()) => {}
                () = carry(far_read, near_write, cut) => {}
            }
        });
    }
}

async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut cut: watch::Receiver<bool>,
) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(bytes @ 1..) = from.read(&mut piece).await {
        if cut.wait_for(|cut| !*cut).await.is_err() || to.write_all(&piece[..bytes]).await.is_err()
        {
            return;
        }
    }
}
