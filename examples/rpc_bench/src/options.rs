//! The command line: a run of everything, or one side of one cell.

use crate::Fault;
use crate::cell::{Cell, Kind, Pin};
use crate::systems::{self, System};
use std::net::SocketAddr;
use std::str::FromStr;

pub(crate) const HELP: &str = "\
rpc_bench: what a unary echo costs in svrkit and in its peers

rpc_bench [--systems svrkit,tonic,volo] [--cells 8x128x32@same,1x1x32@same]
          [--reps 3] [--secs 3] [--warmup 0.7]      seconds; medians are taken over the repetitions
          [--slow 1]        adds 8x128x32 with this percentage of the calls sleeping 5 ms on the server
          [--open-loop]     adds 8x128x32 with calls on a schedule, at half of what the closed loop reached
          [--threads 64]    adds this many plain threads with a blocking client
          [--json]          a line for each system and cell on stdout; the table goes to stderr
rpc_bench server --system S [--addr 127.0.0.1:0] [--pin none]      prints its address
rpc_bench client --system S --addr A --cell C [--server-pid P] [--secs 3] [--warmup 0.7] [--rate CALLS_PER_S]";

const CELLS: &str = "1x1x32@same,1x64x32@same,8x128x32@same,8x128x1024@split,8x8x65536@split";

pub(crate) enum Command {
    Run(Run),
    Server(Server),
    Client(Client),
    Help,
}

pub(crate) struct Run {
    pub(crate) systems: Vec<&'static System>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) reps: usize,
    pub(crate) window: Window,
    pub(crate) json: bool,
}

pub(crate) struct Server {
    pub(crate) system: &'static System,
    pub(crate) addr: SocketAddr,
    pub(crate) pin: Pin,
}

pub(crate) struct Client {
    pub(crate) system: &'static System,
    pub(crate) addr: SocketAddr,
    pub(crate) cell: Cell,
    /// 0: nobody to watch.
    pub(crate) server_pid: u32,
    pub(crate) window: Window,
    /// Calls a second of an open loop.
    pub(crate) rate: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) warmup_secs: f64,
    pub(crate) secs: f64,
}

impl Command {
    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> Result<Command, Fault> {
        let mut args = args.peekable();
        let mode = args.next_if(|arg| matches!(arg.as_str(), "server" | "client"));
        let given = Given::read(args)?;
        if given.help {
            return Ok(Command::Help);
        }
        match mode.as_deref() {
            Some("server") => Ok(Command::Server(Server {
                system: given.system()?,
                addr: given.addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))),
                pin: given.pin.unwrap_or(Pin::None),
            })),
            Some(_) => Ok(Command::Client(Client {
                system: given.system()?,
                addr: given.addr.ok_or("client needs --addr")?,
                cell: given.cell.ok_or("client needs --cell")?,
                server_pid: given.server_pid,
                window: given.window,
                rate: given.rate,
            })),
            None => Ok(Command::Run(given.run()?)),
        }
    }
}

struct Given {
    help: bool,
    systems: Option<String>,
    cells: Option<String>,
    reps: usize,
    window: Window,
    slow_percent: Option<f64>,
    open_loop: bool,
    threads: Option<usize>,
    json: bool,
    system: Option<String>,
    addr: Option<SocketAddr>,
    pin: Option<Pin>,
    cell: Option<Cell>,
    server_pid: u32,
    rate: f64,
}

impl Given {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Given, Fault> {
        let mut given = Given {
            help: false,
            systems: None,
            cells: None,
            reps: 3,
            window: Window {
                warmup_secs: 0.7,
                secs: 3.0,
            },
            slow_percent: None,
            open_loop: false,
            threads: None,
            json: false,
            system: None,
            addr: None,
            pin: None,
            cell: None,
            server_pid: 0,
            rate: 0.0,
        };
        while let Some(name) = args.next() {
            match name.as_str() {
                "--help" | "-h" => given.help = true,
                "--json" => given.json = true,
                "--open-loop" => given.open_loop = true,
                "--systems" => given.systems = Some(value(&name, &mut args)?),
                "--cells" => given.cells = Some(value(&name, &mut args)?),
                "--reps" => given.reps = value(&name, &mut args)?,
                "--secs" => given.window.secs = value(&name, &mut args)?,
                "--warmup" => given.window.warmup_secs = value(&name, &mut args)?,
                "--slow" => given.slow_percent = Some(value(&name, &mut args)?),
                "--threads" => given.threads = Some(value(&name, &mut args)?),
                "--system" => given.system = Some(value(&name, &mut args)?),
                "--addr" => given.addr = Some(value(&name, &mut args)?),
                "--pin" => given.pin = Some(value(&name, &mut args)?),
                "--cell" => given.cell = Some(value(&name, &mut args)?),
                "--server-pid" => given.server_pid = value(&name, &mut args)?,
                "--rate" => given.rate = value(&name, &mut args)?,
                _ => return Err(format!("unknown option {name}; see --help").into()),
            }
        }
        let positive = |secs: f64| secs.is_finite() && secs > 0.0;
        if given.reps == 0 || !positive(given.window.secs) || !positive(given.window.warmup_secs) {
            return Err("--reps, --secs and --warmup are greater than 0".into());
        }
        Ok(given)
    }

    fn system(&self) -> Result<&'static System, Fault> {
        let name = self.system.as_deref().ok_or("which --system?")?;
        systems::named(name).ok_or_else(|| systems::unknown(name))
    }

    fn run(self) -> Result<Run, Fault> {
        Ok(Run {
            systems: systems::chosen(self.systems.as_deref())?,
            cells: self.run_cells()?,
            reps: self.reps,
            window: self.window,
            json: self.json,
        })
    }

    /// The cells asked for by name, else those of the goals unless a variation was asked for; each variation
    /// comes after the plain cell it is compared to.
    fn run_cells(&self) -> Result<Vec<Cell>, Fault> {
        let base: Cell = "8x128x32@same".parse()?;
        let mut variations = Vec::new();
        if let Some(percent) = self.slow_percent {
            variations.push(Cell {
                kind: Kind::Slow { percent },
                ..base
            });
        }
        if self.open_loop {
            variations.push(Cell {
                kind: Kind::Open { percent: 50.0 },
                ..base
            });
        }
        if let Some(threads) = self.threads {
            variations.push(format!("{threads}threadsx32@same").parse()?);
        }
        let named = match &self.cells {
            Some(names) => names.as_str(),
            None if variations.is_empty() => CELLS,
            None => "",
        };
        let mut cells = Vec::new();
        for name in named.split(',').filter(|name| !name.is_empty()) {
            add(&mut cells, name.trim().parse()?);
        }
        for cell in variations {
            add(&mut cells, cell);
        }
        Ok(cells)
    }
}

fn add(cells: &mut Vec<Cell>, cell: Cell) {
    if matches!(cell.kind, Kind::Slow { .. } | Kind::Open { .. }) && !cells.contains(&cell.plain())
    {
        cells.push(cell.plain());
    }
    if !cells.contains(&cell) {
        cells.push(cell);
    }
}

fn value<T: FromStr>(name: &str, args: &mut impl Iterator<Item = String>) -> Result<T, Fault>
where
    Fault: From<T::Err>,
{
    let text = args.next().ok_or_else(|| format!("{name} needs a value"))?;
    text.parse()
        .map_err(|error| format!("{name} {text}: {}", Fault::from(error)).into())
}
