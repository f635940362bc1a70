//! Many simulations, on several threads, until they are through, time is up, or enough was found.

use super::{
    finding::{Finding, Result as Ran, shrink},
    machine::{Driver, Outcome},
    plan::{Plan, bytes::Input},
    report::{Report, Totals},
};
use crate::run::Progress;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// How often a person sees something new.
const TICK: Duration = Duration::from_millis(200);
/// How often a log says so.
const LOG: Duration = Duration::from_mins(1);
/// How long one simulation may take before it is taken to hang.
const PATIENCE: Duration = Duration::from_mins(2);
/// A thread's stack: a driver's own are elsewhere.
const STACK: usize = 8 << 20;

/// One simulation to be run, and the command that runs it alone.
#[derive(Clone, Debug)]
pub struct Job {
    /// The plan.
    pub plan: Plan,
    /// The command.
    pub command: String,
    /// What the plan was read from, if it was bytes.
    pub input: Option<Input>,
}

/// Where simulations come from, and what is made of them. Several threads ask.
pub trait Work: Sync {
    /// The next one, for the thread of this number; `None` when there is no more.
    fn next(&self, number: usize) -> Option<Job>;
    /// Plays it.
    fn play(&self, job: &Job) -> Ran;
    /// The finding of a problem; `None` if it is known already.
    fn tell(&self, job: &Job, ran: &Ran) -> Option<Finding>;
    /// What a person sees meanwhile.
    fn line(&self, totals: &Totals, since: Duration, findings: usize) -> String {
        totals.line(since, findings)
    }
    /// All threads are done.
    fn end(&self, _jobs: usize) {}
}

/// Simulations that are known beforehand, on a driver.
pub struct Known<'a, I> {
    driver: &'a Driver,
    jobs: Mutex<I>,
}

impl<'a, I: Iterator<Item = Job> + Send> Known<'a, I> {
    /// Of a list.
    pub fn new(driver: &'a Driver, jobs: I) -> Self {
        Self { driver, jobs: Mutex::new(jobs) }
    }
}

impl<I: Iterator<Item = Job> + Send> Work for Known<'_, I> {
    fn next(&self, _number: usize) -> Option<Job> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    fn play(&self, job: &Job) -> Ran {
        Ran::of(self.driver, &job.plan)
    }

    fn tell(&self, job: &Job, ran: &Ran) -> Option<Finding> {
        Some(shrink(self.driver, &job.plan, ran, &job.command))
    }
}

/// When to end.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads.
    pub jobs: usize,
    /// Findings.
    pub findings: usize,
    /// Time.
    pub until: Option<Instant>,
}

enum Message {
    Began(usize, String),
    Ran(usize, Box<Outcome>),
    Found(usize, Box<Finding>),
}

/// Runs jobs until there are none, or a limit is reached.
///
/// # Errors
/// The system refuses a thread, or a simulation does not come to an end.
pub fn run(work: &dyn Work, limits: Limits, progress: &Progress) -> Result<Report, String> {
    let began = Instant::now();
    let stop = AtomicBool::new(false);
    let mut totals = Totals::default();
    let mut findings = Vec::new();
    let line = progress.line();
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for number in 0..limits.jobs {
            let (sender, stop) = (sender.clone(), &stop);
            let thread = move || {
                while !stop.load(Ordering::Relaxed) && limits.until.is_none_or(|until| Instant::now() < until)
                {
                    let Some(job) = work.next(number) else { return };
                    work_on(work, &job, number, &sender);
                }
            };
            let made = thread::Builder::new()
                .name(format!("simulation {number}"))
                .stack_size(STACK)
                .spawn_scoped(scope, thread);
            made.map_err(|error| format!("a thread for simulations: {error}"))?;
        }
        drop(sender);
        let mut logged = Instant::now();
        let mut busy: Vec<Option<(Instant, String)>> = vec![None; limits.jobs];
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(Message::Began(number, command)) => {
                    set(&mut busy, number, Some((Instant::now(), command)));
                }
                Ok(Message::Ran(number, outcome)) => {
                    set(&mut busy, number, None);
                    totals.add(&outcome);
                }
                Ok(Message::Found(number, finding)) => {
                    set(&mut busy, number, None);
                    line.suspend(|| eprintln!("{finding}"));
                    findings.push(*finding);
                    if findings.len() >= limits.findings {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            let hung = busy.iter().flatten().find(|(since, _)| since.elapsed() > PATIENCE);
            if let Some((_, command)) = hung {
                // Its thread cannot be ended, only the process.
                eprintln!(
                    "ferrite-host: a simulation does not come to an end within {PATIENCE:?}\n  to repeat: {command}"
                );
                std::process::exit(1);
            }
            let now = work.line(&totals, began.elapsed(), findings.len());
            if logged.elapsed() >= LOG {
                logged = Instant::now();
                progress.log(&now);
            }
            line.set_message(now);
        }
        Ok::<(), String>(())
    })?;
    line.finish_and_clear();
    work.end(limits.jobs);
    Ok(Report { totals, findings, seconds: began.elapsed().as_secs_f64(), fuzzed: None })
}

fn set<T>(list: &mut [Option<T>], at: usize, value: Option<T>) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

fn work_on(work: &dyn Work, job: &Job, number: usize, to: &mpsc::Sender<Message>) {
    // Whoever listens is there until all are done.
    let _ = to.send(Message::Began(number, job.command.clone()));
    let result = work.play(job);
    if result.problem().is_some() {
        let _ = to.send(Message::Began(number, job.command.clone()));
        if let Some(finding) = work.tell(job, &result) {
            let _ = to.send(Message::Found(number, Box::new(finding)));
        }
    } else if let Ran::Ran(outcome) = result {
        let _ = to.send(Message::Ran(number, outcome));
    }
}
