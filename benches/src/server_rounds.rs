//! Two servers, measured alternately in short slices, so that other work of the machine affects both.

use std::{io, time::Duration};

use crate::{
    cores::{Core, Cores},
    load::{Load, Measured},
    spawned::Spawned,
};

/// The duration of a slice.
const SLICE: Duration = Duration::from_millis(125);

/// Slices of each server in a round, after a warm-up that does not count.
const SLICES: u32 = 12;

/// Measures both servers in one round. The slices alternate: A B, B A, A B and so on. Each round starts both
/// servers anew, so that no store grows from round to round.
///
/// # Errors
/// An error of the operating system, or answers of different lengths.
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

/// A server of one round, and its figures so far.
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
