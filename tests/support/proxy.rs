//! [`Proxy`]: a network between two programs that can be cut or frozen.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    Works,
    /// Connections stay, but nothing comes through.
    Frozen,
    /// Connections are closed and refused.
    Cut,
}

/// Forwards to an address until it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    network: watch::Sender<Network>,
}

impl Proxy {
    pub async fn before(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (network, state) = watch::channel(Network::Works);
        tokio::spawn(async move {
            let mut gone = state.clone();
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) if *state.borrow() != Network::Cut => {
                            tokio::spawn(carry(stream, target, state.clone()));
                        }
                        _ => {}
                    },
                    changed = gone.changed() => if changed.is_err() { return },
                }
            }
        });
        Ok(Self { address, network })
    }

    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// Changes the network for this long.
    pub async fn for_a_while(&self, network: Network, time: Duration) {
        self.set(network);
        tokio::time::sleep(time).await;
        self.set(Network::Works);
    }
}

async fn carry(stream: TcpStream, target: SocketAddr, mut network: watch::Receiver<Network>) {
    let Ok(there) = TcpStream::connect(target).await else { return };
    let _ = (stream.set_nodelay(true), there.set_nodelay(true));
    let (from, to) = (stream.into_split(), there.into_split());
    tokio::select! {
        _ = pump(from.0, to.1, network.clone()) => {}
        _ = pump(to.0, from.1, network.clone()) => {}
        _ = network.wait_for(|now| *now == Network::Cut) => {}
    }
}

async fn pump(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    mut network: watch::Receiver<Network>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let n = from.read(&mut bytes).await?;
        let works = network.wait_for(|now| *now != Network::Frozen).await.is_ok();
        if n == 0 || !works {
            return Ok(());
        }
        to.write_all(&bytes[..n]).await?;
    }
}
