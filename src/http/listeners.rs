//! The sockets at which connections come in.
//!
//! Linux shares newcomers out over all sockets that listen at one address, so there each worker has
//! its own. Elsewhere one is all there is, and its worker passes connections on.

use super::connection;
use config::Config;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Connections that wait to be accepted, at each socket.
pub const BACKLOG: u16 = 4096;

/// Where connections come in. Nobody takes them yet.
pub fn listen(config: &Config, address: SocketAddr) -> io::Result<Vec<TcpListener>> {
    let mut sockets = vec![bind(address)?];
    if cfg!(target_os = "linux") {
        share(&mut sockets, config.workers)?;
    }
    for socket in &sockets {
        // What comes in here has the same.
        connection::bound(&SockRef::from(socket), config.unread_timeout_s);
        socket.set_nonblocking(true)?;
        socket.listen(BACKLOG.into())?;
    }
    Ok(sockets.into_iter().map(TcpListener::from).collect())
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket_for(address)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn socket_for(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    Ok(socket)
}

/// The first is bound already, and it wants to share only since then: bound so from the beginning,
/// it would also share with a second server at this address, and neither would notice.
#[cfg(unix)]
fn share(sockets: &mut Vec<Socket>, count: usize) -> io::Result<()> {
    let not_of_ip = || io::Error::from(io::ErrorKind::AddrNotAvailable);
    let address = sockets[0].local_addr()?.as_socket().ok_or_else(not_of_ip)?;
    sockets[0].set_reuse_port(true)?;
    while sockets.len() < count {
        let socket = socket_for(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        sockets.push(socket);
    }
    Ok(())
}

#[cfg(not(unix))]
fn share(_: &mut Vec<Socket>, _: usize) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::TcpStream;

    fn three(address: &str) -> io::Result<Vec<TcpListener>> {
        let config = Config { workers: 3, ..Config::default() };
        listen(&config, address.parse().unwrap())
    }

    #[test]
    fn all_sockets_have_one_address_and_no_second_server_gets_it() {
        for wanted in ["127.0.0.1:0", "[::1]:0"] {
            let sockets = three(wanted).unwrap();
            let address = sockets[0].local_addr().unwrap();
            assert_eq!(sockets.len(), 3);
            assert!(sockets.iter().all(|socket| socket.local_addr().unwrap() == address));
            let second = three(&address.to_string()).map(drop);
            assert_eq!(second.unwrap_err().kind(), ErrorKind::AddrInUse);
            drop(sockets);
            assert!(three(&address.to_string()).is_ok());
        }
    }

    #[test]
    fn connections_come_in_at_each_and_are_bounded_already() {
        let sockets = three("127.0.0.1:0").unwrap();
        let address = sockets[0].local_addr().unwrap();
        let all: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
        let came = sockets.iter().map(|socket| {
            let mut came = 0;
            while let Ok((stream, _)) = socket.accept() {
                let timeout = SockRef::from(&stream).tcp_user_timeout().unwrap().unwrap();
                assert_eq!(timeout.as_secs(), u64::from(Config::default().unread_timeout_s));
                came += 1;
            }
            came
        });
        let came: Vec<usize> = came.collect();
        assert_eq!(came.iter().sum::<usize>(), all.len());
        assert!(came.iter().all(|came| *came > 0), "{came:?}");
    }
}
