//! [`print()`]: the link for the first account, in the terminal of whoever starts a site without people.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

use fast_qr::{ECL, QRBuilder, QRCode};

use super::Accounts;
use crate::{
    error::AppError,
    server::{config::Config, ops::telemetry::LogFormat},
};

/// Modules of light around a QR code, which readers need.
const QUIET_ZONE: usize = 4;
/// Black on white, whatever the colours of the terminal are; and back.
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const AS_BEFORE: &str = "\x1b[0m";

/// Makes a new link for the first account where one is needed, and prints it. It never passes through the log: it goes to
/// standard error beside it or, where that holds a JSON object in each line, to standard output.
///
/// # Errors
///
/// The store does not take the code.
pub async fn print(accounts: &Accounts, config: &Config, address: SocketAddr) -> Result<(), AppError> {
    let Some(code) = accounts.new_first_code().await? else { return Ok(()) };
    let link = format!("{}/register?first={code}", site(config, address));
    // What is closed is no reason not to serve.
    let _ = match config.server.log.format {
        LogFormat::Text => io::stderr().write_all(text(&link, io::stderr().is_terminal()).as_bytes()),
        LogFormat::Json => io::stdout().write_all(text(&link, io::stdout().is_terminal()).as_bytes()),
    };
    Ok(())
}

fn text(link: &str, terminal: bool) -> String {
    let qr = terminal.then(|| qr(link)).flatten().map(|qr| format!("\n{qr}")).unwrap_or_default();
    format!(
        "\nNobody has an account here yet. The first one, the administrator's, is made with this link, which works once:\n\n  \
         {link}\n{qr}\nUntil then each start prints a new link, and the one before ends.\n\n"
    )
}

/// The address of the site for links in the terminal, as far as it is known here. `address` is the one that the server
/// listens on.
pub fn site(config: &Config, address: SocketAddr) -> String {
    config.server.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(address)))
}

/// The addresses at which a browser opens the site, for the line that says that it is ready: one for this machine and, where
/// the server listens on all addresses, the one that other machines take.
pub fn addresses(config: &Config, address: SocketAddr) -> String {
    match &config.server.public_url {
        Some(url) => url.clone(),
        None => opened_at(address, address.ip().is_unspecified().then(own_address).flatten()),
    }
}

fn opened_at(address: SocketAddr, own: Option<IpAddr>) -> String {
    let port = address.port();
    match own.filter(|own| !own.is_loopback()) {
        _ if !address.ip().is_unspecified() => format!("http://{address}"),
        Some(own) => {
            let others = SocketAddr::new(own, port);
            format!("http://localhost:{port} and, from other machines, http://{others}")
        }
        None => format!("http://localhost:{port}"),
    }
}

/// A QR code of a text, for a terminal; `None` for a text that is too long for one.
pub fn qr(text: &str) -> Option<String> {
    QRBuilder::new(text).ecl(ECL::L).build().ok().map(|qr| drawn(&qr))
}

/// The code in half blocks: a character is two modules, one above the other.
fn drawn(qr: &QRCode) -> String {
    let size = qr.size + 2 * QUIET_ZONE;
    let is_dark = |row: usize, column: usize| {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < qr.size);
        inside(row).zip(inside(column)).is_some_and(|(row, column)| qr[row][column].value())
    };
    let mut text = String::new();
    for row in (0..size).step_by(2) {
        let line: String = (0..size)
            .map(|column| match (is_dark(row, column), is_dark(row + 1, column)) {
                (false, false) => ' ',
                (true, false) => '▀',
                (false, true) => '▄',
                (true, true) => '█',
            })
            .collect();
        let _ = writeln!(text, "  {BLACK_ON_WHITE}{line}{AS_BEFORE}");
    }
    text
}

/// The address at which others reach this machine, as far as the machine knows.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() => {
            SocketAddr::new(own_address().unwrap_or(Ipv4Addr::LOCALHOST.into()), address.port())
        }
        _ => address,
    }
}

/// The address with which this machine would speak to others. Connecting a UDP socket only chooses a route; nothing is sent.
fn own_address() -> Option<IpAddr> {
    [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")].into_iter().find_map(|(own, other)| {
        let socket = UdpSocket::bind(own).ok()?;
        socket.connect(other).ok()?;
        Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://chat.example.org/register?first=7ZZZ0123456789ABCDEFGH1JKM";

    #[test]
    fn the_link_stands_in_a_line_of_its_own_and_a_terminal_gets_the_qr_code_too() {
        let plain = text(LINK, false);
        assert!(plain.lines().any(|line| line.trim() == LINK), "{plain}");
        assert!(!plain.contains('\x1b') && !plain.contains('█'), "{plain}");
        let drawn = text(LINK, true);
        assert!(drawn.lines().any(|line| line.trim() == LINK), "{drawn}");
        let lines: Vec<_> =
            drawn.lines().filter_map(|line| line.trim().strip_prefix(BLACK_ON_WHITE)).collect();
        let lines: Vec<_> = lines.into_iter().filter_map(|line| line.strip_suffix(AS_BEFORE)).collect();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width), "{drawn}");
        assert_eq!(lines.len(), width.div_ceil(2), "modules are squares");
        // Light around, and the corner of a finder pattern where it ends.
        assert!(lines[..2].iter().all(|line| line.trim().is_empty()), "{drawn}");
        assert!(lines[2].starts_with("    █▀▀▀▀▀█"), "{drawn}");
        assert!(width <= 60, "it fits a narrow terminal: {width}");
    }

    #[test]
    fn the_line_at_the_start_names_addresses_that_a_browser_opens() {
        let lan = "192.168.1.5".parse().ok();
        for (address, own, said) in [
            ("127.0.0.1:3000", None, "http://127.0.0.1:3000"),
            ("[::1]:3000", lan, "http://[::1]:3000"),
            ("0.0.0.0:3000", None, "http://localhost:3000"),
            ("0.0.0.0:80", "127.0.0.1".parse().ok(), "http://localhost:80"),
            ("[::]:3000", lan, "http://localhost:3000 and, from other machines, http://192.168.1.5:3000"),
        ] {
            assert_eq!(opened_at(address.parse().unwrap(), own), said, "{address}");
        }
    }

    #[test]
    fn a_server_on_all_addresses_is_reached_at_one() {
        let at = |address: &str| reachable(address.parse().unwrap());
        assert_eq!(at("192.0.2.7:3000").to_string(), "192.0.2.7:3000");
        for everywhere in ["0.0.0.0:3000", "[::]:3000"] {
            let address = at(everywhere);
            assert!(!address.ip().is_unspecified() && address.port() == 3000, "{address}");
        }
    }
}
