//! Two servers, measured alternately for short times, so that other work of the machine affects both.

use std::{io, time::Duration};

use crate::{
    cores::{Core, Cores},
    load::{Load, Measured},
    spawned::Spawned,
};

/// How long a server is measured before the other one is.
const SLICE: Duration = Duration::from_millis(125);

/// How often each server is measured in a round, after a warm-up that does not count.
const SLICES: u32 = 12;

/// What both servers do over so many connections, measured alternately: A B, B A, A B and so on.
/// Both are started for this round, so that no store grows from round to round. Their answers must
/// have the same length.
pub fn round(
    baseline: &str,
    ours: &str,
    connections: usize,
    cores: &Cores,
) -> io::Result<(Measured, Measured)> {
    let mut baseline = MeasuredServer::new(baseline, connections, cores)?;
    let mut ours = MeasuredServer::new(ours, connections, cores)?;
    for slice in 0..SLICES {
        if slice % 2 == 0 {
            baseline.measure()?;
            ours.measure()?;
        } else {
            ours.measure()?;
            baseline.measure()?;
        }
    }
    let (baseline, ours) = (baseline.measured, ours.measured);
    if baseline.answer == ours.answer {
        return Ok((baseline, ours));
    }
    let (baseline, ours) = (baseline.answer, ours.answer);
    let error = format!("the baseline answers with {baseline} bytes, we with {ours}");
    Err(io::Error::other(error))
}

/// A server that was just started, and its measurements so far.
struct MeasuredServer {
    load: Load,
    core: Core,
    measured: Measured,
    server: Spawned,
}

impl MeasuredServer {
    fn new(argument: &str, connections: usize, cores: &Cores) -> io::Result<Self> {
        let server = Spawned::new(argument, cores.server)?;
        let mut load = Load::connect(server.address(), connections)?;
        load.run(SLICE, &mut Measured::default())?;
        Ok(Self {
            load,
            core: cores.server,
            measured: Measured::default(),
            server,
        })
    }

    fn measure(&mut self) -> io::Result<()> {
        let (idle_before, cpu_before) = (self.core.idle_ticks()?, self.server.cpu_time()?);
        self.load.run(SLICE, &mut self.measured)?;
        self.measured.cpu += self.server.cpu_time()?.saturating_sub(cpu_before);
        self.measured.idle_ticks += self.core.idle_ticks()? - idle_before;
        Ok(())
    }
}
