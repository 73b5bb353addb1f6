//! Two servers, asked in short turns, so that what else the machine does falls on both.

use std::{io, time::Duration};

use crate::{
    cores::{Core, Cores},
    load::{Load, Measured},
    spawned::Spawned,
};

/// How long a server is asked before it is the other's turn.
const TURN: Duration = Duration::from_millis(125);

/// Turns of each server in a round, after one that does not count.
const TURNS: u32 = 12;

/// What the floor and we do over so many connections, in turns: A B, B A, A B and so on. Both servers
/// are started afresh, so that no store grows from round to round, and answer with as many bytes.
pub(crate) fn round(
    floor: &str,
    ours: &str,
    connections: usize,
    cores: &Cores,
) -> io::Result<(Measured, Measured)> {
    let mut floor = Asked::new(floor, connections, cores)?;
    let mut ours = Asked::new(ours, connections, cores)?;
    for turn in 0..TURNS {
        if turn % 2 == 0 {
            floor.ask()?;
            ours.ask()?;
        } else {
            ours.ask()?;
            floor.ask()?;
        }
    }
    let (floor, ours) = (floor.measured, ours.measured);
    if floor.answer == ours.answer {
        return Ok((floor, ours));
    }
    let (floor, ours) = (floor.answer, ours.answer);
    let error = format!("the floor answers with {floor} bytes, we with {ours}");
    Err(io::Error::other(error))
}

/// A server that was just started, and what it did so far.
struct Asked {
    load: Load,
    core: Core,
    measured: Measured,
    server: Spawned,
}

impl Asked {
    fn new(argument: &str, connections: usize, cores: &Cores) -> io::Result<Self> {
        let server = Spawned::new(argument, cores.server)?;
        let mut load = Load::connect(server.address(), connections)?;
        load.run(TURN, &mut Measured::default())?;
        Ok(Self {
            load,
            core: cores.server,
            measured: Measured::default(),
            server,
        })
    }

    fn ask(&mut self) -> io::Result<()> {
        let (idle_before, cpu_before) = (self.core.idle_ticks()?, self.server.cpu_time()?);
        self.load.run(TURN, &mut self.measured)?;
        self.measured.cpu += self.server.cpu_time()?.saturating_sub(cpu_before);
        self.measured.idle_ticks += self.core.idle_ticks()? - idle_before;
        Ok(())
    }
}
