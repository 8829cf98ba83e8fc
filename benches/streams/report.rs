//! Measurements as text: percentiles and tables.

use std::time::Duration;

/// Durations, to be asked for percentiles.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// The smallest duration that `percent` per cent do not exceed; zero without any.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// Smallest, median and largest.
    pub fn spread(&self) -> String {
        let of = |percent| shown(self.percentile(percent));
        format!("{} / **{}** / {}", of(0), of(50), of(100))
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

pub fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 0.01 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.2} ms", s * 1e3),
    }
}

pub fn kib(bytes: u64) -> String {
    if bytes >= 10 << 20 {
        format!("{:.1} MiB", bytes as f64 / 1048576.0)
    } else {
        format!("{:.1} KiB", bytes as f64 / 1024.0)
    }
}

/// Smallest, median and largest, in thousands.
pub fn thousands(mut numbers: Vec<f64>) -> String {
    numbers.sort_unstable_by(f64::total_cmp);
    let of = |at: usize| numbers.get(at).map_or("–".into(), |n| format!("{:.0}k", n / 1000.0));
    format!("{} / **{}** / {}", of(0), of(numbers.len() / 2), of(numbers.len().saturating_sub(1)))
}

pub struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn print(&self, title: &str) {
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(self.columns[at].chars().count())
        };
        let line = |cells: &[String]| {
            let padded = cells.iter().enumerate().map(|(at, cell)| {
                let missing = width(at).saturating_sub(cell.chars().count());
                format!("{cell}{}", " ".repeat(missing))
            });
            println!("| {} |", padded.collect::<Vec<_>>().join(" | "));
        };
        println!("\n{title}\n");
        line(&self.columns.iter().map(ToString::to_string).collect::<Vec<_>>());
        line(&(0..self.columns.len()).map(|at| "-".repeat(width(at))).collect::<Vec<_>>());
        self.rows.iter().for_each(|row| line(row));
    }
}
